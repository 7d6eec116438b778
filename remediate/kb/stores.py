"""Mailbox and public stores before and after an installer. Running services say nothing of them [likely, all of it]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from remediate.kb import probe
from remediate.model import Json, State

MOUNTED, UNKNOWN = "mounted", "unknown"
SILENT = "nothing said of it yet"
"""Where only events tell: a mount is one [likely], so a store without any is on its way, or stays away."""


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
    now, nothing = told(state) or {}, SILENT if _by_events(state) else UNKNOWN
    lower = {name.lower(): found for name, found in now.items()}
    states = {name: lower.get(name.lower(), lower.get(name.partition("\\")[0].lower(), nothing)) for name in before}
    return {name: found for name, found in states.items() if found != MOUNTED}


def _by_events(state: State) -> bool:
    """Whether they were read, from what the events say since the store was started."""
    source = probe.part(state, "sources").get("stores") or state.get("source")
    return source == "events" and told(state) is not None


def known(left: Mapping[str, str]) -> dict[str, str]:
    """Of those not mounted, the ones something was said of."""
    return {name: found for name, found in left.items() if found != UNKNOWN}


def unknown(left: Mapping[str, str]) -> list[str]:
    return [name for name, found in left.items() if found == UNKNOWN]


def shown(left: Mapping[str, str]) -> str:
    """``First Storage Group\\Public Folder Store (EX1) (dismounted)``"""
    return ", ".join(f"{name} ({found})" for name, found in left.items())
