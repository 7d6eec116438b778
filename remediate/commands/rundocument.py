"""A run as one JSON document: all that the ledger knows of it, for ``runs show`` and ``runs report``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from remediate import __version__
from remediate.commands.ledgers import controller

if TYPE_CHECKING:
    from remediate.ledger.rows import ChainReport, HostEnd, Lock, RunRow, StepRow
    from remediate.ledger.store import Ledger

FORMAT = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""
ROUTINE = frozenset({"run begun", "run ended", "step begun", "step ended", "host ended", "package", "walk"})
ROUTINE_LOCKS = frozenset({"lock taken", "lock released"})
"""Events whose content stands elsewhere in the document."""


def document(ledger: Ledger, row: RunRow, *, chain: bool = False) -> dict[str, Any]:
    """The whole run; with ``chain`` the ledger is verified and the result is in it."""
    journal = ledger.journal(row.id)
    hosts = ledger.hosts(row.id)
    known = {host.host for host in hosts}
    going = {"under_way": state(row) == "running"}
    return {
        "format": FORMAT,
        "remediate": __version__,
        "ledger": ledger.place,
        "run": run(row),
        "resumed_by": list(ledger.resumed_by(row.id)),
        "approvals": [_times(asdict(found)) for found in ledger.approvals(row.plan_hash)] if row.plan_hash else [],
        "locks": [lock(held) for held in ledger.locks() if held.run == row.id],
        "hosts": [
            *(going | _host(host, journal.get(host.host, ())) for host in hosts),
            *(going | _host(None, rows) for host, rows in journal.items() if host not in known),
        ],
        "packages": [_times(asdict(package)) for package in ledger.packages(row.id)],
        "remarks": list(_remarks(ledger, row.id)),
        "chain": chain_document(ledger.verify()) if chain else None,
    }


def run(row: RunRow) -> dict[str, Any]:
    """The run itself; ``state`` is its status as far as it can be known from here."""
    return {**_times(asdict(row)), "state": state(row)}


def state(row: RunRow) -> str:
    """The status, or ``died`` where the run's process is gone from this machine."""
    from remediate.ledger import process
    from remediate.ledger.rows import RUNNING

    if row.status != RUNNING:
        return row.status
    lives = process.alive(row.controller, row.pid, row.process_start, here=controller())
    return "died" if lives is False else RUNNING


def lock(held: Lock) -> dict[str, Any]:
    """A lock, and the sentence people read."""
    return {**_times(asdict(held)), "sentence": held.sentence()}


def chain_document(report: ChainReport) -> dict[str, Any]:
    """What ``runs verify`` says."""
    return {"whole": report.whole, **asdict(report)}


def _times(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item.isoformat() if isinstance(item, datetime) else item for key, item in value.items()}


def _host(end: HostEnd | None, rows: Sequence[StepRow]) -> dict[str, Any]:
    told = asdict(end) if end else {"host": rows[0].host, "outcome": "", "reason": "", "remedy": "", "columns": {},
                                             "now": {}}  # fmt: skip
    return {**told, "steps": [_step(row) for row in rows], "files": [file for row in rows for file in _files(row)]}


def _step(row: StepRow) -> dict[str, Any]:
    names = ("number", "address", "task", "module", "key", "status", "seconds", "redacted")
    result = row.result
    return {
        **{name: getattr(row, name) for name in names},
        "begun": row.begun_at.isoformat(),
        "ended": row.ended_at.isoformat() if row.ended_at else None,
        "message": str(result.get("message") or ""),
        "remedy": str(result.get("remedy") or ""),
        "changes": list(_mappings(result.get("changes"))),
        "notes": _list(result.get("notes")),
    }


def _files(row: StepRow) -> Iterator[dict[str, Any]]:
    """The files a step read back: what the article says of each, what was seen, and the verdict."""
    for name in ("after", "before"):
        state = row.result.get(name)
        rows = list(_mappings(state.get("rows"))) if isinstance(state, Mapping) else []
        found = [{**entry, "step": row.number} for entry in rows if "seen_version" in entry]
        if found:
            yield from found
            return


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _mappings(value: object) -> Iterator[dict[str, Any]]:
    return (dict(item) for item in _list(value) if isinstance(item, Mapping))


def _remarks(ledger: Ledger, run: str) -> Iterator[dict[str, Any]]:
    """What happened besides the steps: overrides, gates, locks taken over or released by hand, failed hooks."""
    for event in ledger.events(run):
        if event.kind not in ROUTINE | ROUTINE_LOCKS:
            at = event.at.isoformat()
            yield {"number": event.number, "at": at, "kind": event.kind, "host": event.host, "data": dict(event.data)}
