"""Mailbox and public stores before and after an installer. Running services say nothing of them [likely, all of it]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from remediate.kb import probe
from remediate.model import Json, State

MOUNTED, UNKNOWN = "mounted", "unknown"


def told(state: State) -> dict[str, str] | None:
    """Full name -> mounted, dismounted, mounting or unknown; None where no source could tell."""
    value = state.get("stores")
    if not isinstance(value, list):
        return None
    return {str(row.get("name"))[:200]: str(row.get("state"))[:20] for row in probe.entries(state, "stores")[:500]}


def record(state: State) -> list[Json]:
    """What is kept with a job: the stores that are mounted right before it starts."""
    return [name for name, found in (told(state) or {}).items() if found == MOUNTED]


def mounted_before(jobs: Iterable[State]) -> list[str]:
    """Stores that were mounted before the first of ``jobs``, or before any."""
    found: dict[str, None] = {}
    for job in jobs:
        names = probe.part(job, "record").get("stores")
        found |= dict.fromkeys(str(name)[:200] for name in names) if isinstance(names, list) else {}
    return list(found)


def missing(before: Sequence[str], state: State) -> dict[str, str]:
    """Of those mounted before, the ones that are not, and what they are. A storage group that failed takes its own."""
    now = told(state) or {}
    lower = {name.lower(): found for name, found in now.items()}
    states = {name: lower.get(name.lower(), lower.get(name.partition("\\")[0].lower(), UNKNOWN)) for name in before}
    return {name: found for name, found in states.items() if found != MOUNTED}


def known(left: Mapping[str, str]) -> dict[str, str]:
    """Of those not mounted, the ones something was said of."""
    return {name: found for name, found in left.items() if found != UNKNOWN}


def unknown(left: Mapping[str, str]) -> list[str]:
    return [name for name, found in left.items() if found == UNKNOWN]


def shown(left: Mapping[str, str]) -> str:
    """``First Storage Group\\Public Folder Store (EX1) (dismounted)``"""
    return ", ".join(f"{name} ({found})" for name, found in left.items())
