"""What an advisory makes a host be asked for, as arguments of ``exchange_facts.js``; and small reads of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from remediate.errors import RemoteFailed
from remediate.model import Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session
    from remediate.kb.advisory import Advisory

VOLATILE = ("time", "disk", "sources", "services.*.pid", "services.*.source", "pending.sources", "os.boot", "stores")
"""Entries of the answer that change by themselves, and how things were found out: no reason to refuse a plan."""


def questions(advisory: Advisory, install_path: str = "") -> dict[str, Json]:
    """Names of files, updates, folders, services and installers to look for; another article needs no other code."""
    files = [advisory.key_file, *advisory.same_level, *(f.name for p in advisory.packages for f in p.files)]
    folders = [folder for package in advisory.packages for folder in advisory.uninstall_folders(package)]
    return {
        "key_file": advisory.key_file,
        "files": _unique(files),
        "kbs": _unique(package.number for package in advisory.packages),
        "uninstall_folders": _unique(folders),
        "services": _unique(service.name for service in advisory.services),
        "installers": _unique(advisory.installers),
        "install_path": install_path,
    }


def ask(session: Session, args: Mapping[str, Json], timeout: float = 120.0) -> State:
    """The facts of a host. That Exchange does not answer for its stores (it asks the directory) costs nothing else."""
    try:
        return session.call("exchange_facts", "inspect", args, timeout=timeout)
    except RemoteFailed:
        seen = session.call("exchange_facts", "inspect", {**args, "stores": False}, timeout=timeout)
        notes = seen.get("_notes")
        told: Json = {
            "source": "stores",
            "text": "they were not read: asking for them ended the first look at the host",
        }
        return {**seen, "_notes": [*(notes if isinstance(notes, list) else []), told]}


def entries(state: State, key: str) -> list[Mapping[str, Json]]:
    """A list of objects in what a host answered; anything else there counts as empty."""
    value = state.get(key)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def part(state: State, key: str) -> Mapping[str, Json]:
    """An object in what a host answered; anything else there counts as empty."""
    value = state.get(key)
    return value if isinstance(value, Mapping) else {}


def _unique(names: Iterable[str]) -> list[Json]:
    """Without repetitions (Windows ignores case), in order."""
    first: dict[str, Json] = {}
    for name in names:
        first.setdefault(name.lower(), name)
    return list(first.values())
