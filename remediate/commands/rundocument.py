"""A run as one JSON document: all that the ledger knows of it, for ``runs show`` and ``runs report``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from remediate import __version__
from remediate.change.journal import JUDGED
from remediate.commands.account import account, family
from remediate.project.ledgers import controller

if TYPE_CHECKING:
    from remediate.ledger.backwards import Backwards
    from remediate.ledger.rows import ChainReport, EventRow, HostEnd, Lock, RunRow, StepRow
    from remediate.ledger.store import Ledger

FORMAT = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""
ROUTINE = frozenset({"run begun", "run ended", "step begun", "step ended", "host ended", "package", "walk", JUDGED})
ROUTINE_LOCKS = frozenset({"lock taken", "lock released"})
"""Events whose content stands elsewhere in the document."""


def document(ledger: Ledger, row: RunRow, *, chain: bool = False) -> dict[str, Any]:
    """The whole run, and the account over all it goes on with and is gone on with by.

    With ``chain`` what they rest on in the ledger is verified and the result is in it.
    """
    alone = {run.id: _alone(ledger, run) for run in family(ledger, row)}
    return {
        **alone[row.id],
        "account": account(list(alone.values())),
        "chain": chain_document(_verified(ledger, row, alone)) if chain else None,
    }


def _verified(ledger: Ledger, row: RunRow, runs: Iterable[str]) -> ChainReport:
    """Of the run, unless another one of those that are told of with it is damaged."""
    reports = {run: ledger.verify(run) for run in runs}
    return next((report for report in reports.values() if not report.whole), reports[row.id])


def _alone(ledger: Ledger, row: RunRow) -> dict[str, Any]:
    journal, events = ledger.journal(row.id), tuple(ledger.events(row.id))
    judged = _judgements(events)
    hosts = ledger.hosts(row.id)
    known = {host.host for host in hosts}
    going = {"under_way": state(row) == "running"}
    return {
        "format": FORMAT,
        "remediate": __version__,
        "ledger": ledger.place,
        "run": {**run(row), "seconds": _seconds(events)},
        "resumed_by": list(ledger.resumed_by(row.id)),
        "approvals": [_times(asdict(found)) for found in ledger.approvals(row.plan_hash)] if row.plan_hash else [],
        "locks": [lock(held) for held in ledger.locks() if held.run == row.id],
        "hosts": [
            *(going | _host(host, journal.get(host.host, ()), judged.get(host.host, ())) for host in hosts),
            *(going | _host(None, rows, judged.get(host, ())) for host, rows in journal.items() if host not in known),
        ],
        "packages": [_times(asdict(package)) for package in ledger.packages(row.id)],
        "remarks": list(_remarks(events)),
    }


def run(row: RunRow) -> dict[str, Any]:
    """The run itself; ``state`` is its status as far as it can be known from here."""
    return {**_times(asdict(row)), "state": state(row)}


def _seconds(events: Sequence[EventRow]) -> float | None:
    """How long the run took, by a clock that nobody sets; None: it goes on, or an earlier version wrote it."""
    told = [event.data.get("seconds") for event in events if event.kind == "run ended"]
    return float(told[-1]) if told and isinstance(told[-1], int | float) else None


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


def backwards(found: Iterable[Backwards]) -> list[dict[str, Any]]:
    """Where time goes backwards."""
    return [{**_times(asdict(one)), "seconds": one.seconds} for one in found]


def _times(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item.isoformat() if isinstance(item, datetime) else item for key, item in value.items()}


def _judgements(events: Sequence[EventRow]) -> dict[str, list[EventRow]]:
    """By host: how tasks were judged where that is not how their deeds ended; in older ledgers of others as well."""
    found: dict[str, list[EventRow]] = {}
    for event in events:
        if event.kind == JUDGED:
            found.setdefault(event.host, []).append(event)
    return found


def _host(end: HostEnd | None, rows: Sequence[StepRow], judged: Sequence[EventRow]) -> dict[str, Any]:
    told = asdict(end) if end else {"host": rows[0].host, "outcome": "", "reason": "", "remedy": "", "columns": {},
                                             "now": {}}  # fmt: skip
    final = {event.data["number"]: event.data for event in judged if "number" in event.data}
    steps = [*(_step(row, final.get(row.number, {})) for row in rows),
             *(_without_step(event) for event in judged if "number" not in event.data)]  # fmt: skip
    return {
        **told,
        "steps": sorted(steps, key=lambda step: str(step["begun"])),
        "files": [file for row in rows for file in _files(row)],
    }


def _without_step(event: EventRow) -> dict[str, Any]:
    """A task of the controller's own (assert, fail), or one that broke before its step: it has no row, but an end."""
    at, data = event.at.isoformat(), event.data
    names = ("task", "module", "status", "message")
    return {**{name: str(data.get(name) or "") for name in names}, "number": 0, "address": "", "key": "", "place": "",
            "seconds": 0.0, "redacted": False, "begun": at, "ended": at, "remedy": "", "changes": [],
            "recalled": False, "notes": [], "ignored": bool(data.get("ignored"))}  # fmt: skip


def _step(row: StepRow, judged: Mapping[str, Any]) -> dict[str, Any]:
    names = ("number", "address", "place", "task", "module", "key", "status", "seconds", "redacted")
    result = row.result
    return {
        **{name: getattr(row, name) for name in names},
        "begun": row.begun_at.isoformat(),
        "ended": row.ended_at.isoformat() if row.ended_at else None,
        **({"status": str(judged["status"])} if judged else {}),
        "ignored": bool(judged.get("ignored") or result.get("ignored")),
        "message": str(judged.get("message") or result.get("message") or ""),
        "remedy": str(result.get("remedy") or ""),
        "changes": list(_changes(row)),
        "recalled": bool(result.get("recalled")),
        "notes": _list(result.get("notes")),
    }


def _changes(row: StepRow) -> Iterator[dict[str, Any]]:
    """Each with what became of it: done, tried, not begun; "" where none was to be made, or its end is not known."""
    fates = _list(row.result.get("fates"))
    for number, change in enumerate(_mappings(row.result.get("changes"))):
        yield {**change, "fate": str(fates[number]) if number < len(fates) else _fate(row.status)}


def _fate(status: str) -> str:
    """Of a change that was written down without its fate, as versions before did."""
    return {"changed": "done", "failed": "tried", "unreachable": "tried"}.get(status, "")


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


def _remarks(events: Sequence[EventRow]) -> Iterator[dict[str, Any]]:
    """What happened besides the steps: overrides, gates, locks taken over or released by hand, failed hooks."""
    for event in events:
        if event.kind not in ROUTINE | ROUTINE_LOCKS:
            at = event.at.isoformat()
            yield {"number": event.number, "at": at, "kind": event.kind, "host": event.host, "data": dict(event.data)}
