"""What is read from the ledger: runs, hosts, steps, packages, approvals, durations."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Select, select

from remediate.errors import LedgerLost, UserError
from remediate.ledger import schema
from remediate.ledger.rows import Approval, EventRow, HostEnd, PackageRow, RunRow, StepRow
from remediate.ledger.text import mapping, moment

T = TypeVar("T")

NEAR = 5
"""Ids a hint names."""


def _values(row: Any, *leave: str) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in leave}


def _legible(make: Callable[[Any], T]) -> Callable[[Any], T]:
    """Says which row is damaged where a value cannot be made from it."""

    @functools.wraps(make)
    def made(row: Any) -> T:
        try:
            return make(row)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise _damaged(make.__name__.strip("_"), row._mapping) from error

    return made


def _damaged(what: str, values: Mapping[str, Any]) -> LedgerLost:
    run, host, number = (_one_line(values.get(name, "")) for name in ("run", "host", "number"))
    named = f"run {_one_line(values['id'])}" if what == "run" else f"{what} {host if what == 'host' else number}"
    of_host = f"of host {host}" if host and what != "host" else ""
    where = " ".join(part for part in (named, of_host, run and f"of run {run}") if part)
    return LedgerLost(f"the ledger is damaged: {where} cannot be read", hint="remediate runs verify; put back a copy")


def _one_line(value: object) -> str:
    return " ".join(str(value).split())[:80]


@_legible
def _run(row: Any) -> RunRow:
    finished = moment(row.finished) if row.finished else None
    times = {"started": moment(row.started), "beat_at": moment(row.beat_at), "finished": finished}
    return RunRow(**{**_values(row, "number"), **times, "request": mapping(row.request)})


@_legible
def step(row: Any) -> StepRow:
    """A step from its row."""
    ended = moment(row.ended_at) if row.ended_at else None
    return StepRow(
        **{**_values(row), "begun_at": moment(row.begun_at), "ended_at": ended, "result": mapping(row.result)}
    )


@_legible
def event(row: Any) -> EventRow:
    """An event from its row."""
    return EventRow(**{**_values(row), "at": moment(row.at), "data": mapping(row.data)})


def run(connection: Connection, word: str) -> RunRow:
    """The run of this id, of this beginning of an id, or the newest for ``last``."""
    table = schema.runs
    query = select(table).order_by(table.c.number.desc())
    if word == "last":
        newest = connection.execute(query.limit(1)).first()
        if newest is None:
            raise UserError("there is no run yet", hint="remediate run PLAYBOOK begins one")
        return _run(newest)
    found = list(connection.execute(query.where(table.c.id.startswith(word, autoescape=True)).limit(NEAR + 1)))
    exact = [row for row in found if row.id == word]
    if exact or (len(found) == 1 and word):
        return _run((exact or found)[0])
    if found and word:
        raise UserError(f"{word!r} may be any of several runs", hint=", ".join(row.id for row in found[:NEAR]))
    raise UserError(f"there is no run {word!r}", hint=_nearest(connection, word))


def _nearest(connection: Connection, word: str) -> str:
    table = schema.runs
    ids = [row.id for row in connection.execute(select(table.c.id).order_by(table.c.number.desc()).limit(1000))]
    near = difflib.get_close_matches(word, ids, n=NEAR, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"the newest runs: {', '.join(ids[:NEAR])}" if ids else "there is no run yet"


def runs_of_plan(connection: Connection, plan_hash: str) -> list[RunRow]:
    """The runs that applied a plan or went on with it, newest first."""
    table = schema.runs
    query = select(table).where(table.c.plan_hash == plan_hash).order_by(table.c.number.desc())
    return [_run(row) for row in connection.execute(query)]


def runs(connection: Connection, limit: int, playbook: str, host: str) -> list[RunRow]:
    """The newest runs first; ``playbook`` is a part of its path, ``host`` one of the run's hosts."""
    table, hosts = schema.runs, schema.hosts
    query: Select[Any] = select(table).order_by(table.c.number.desc()).limit(limit)
    if playbook:
        query = query.where(table.c.playbook.contains(playbook, autoescape=True))
    if host:
        query = query.where(table.c.id.in_(select(hosts.c.run).where(hosts.c.host == host)))
    return [_run(row) for row in connection.execute(query)]


def resumed_by(connection: Connection, run: str) -> tuple[str, ...]:
    """The runs that went on with this one."""
    table = schema.runs
    query = select(table.c.id).where(table.c.resumes == run).order_by(table.c.number)
    return tuple(row.id for row in connection.execute(query))


def hosts(connection: Connection, run: str) -> list[HostEnd]:
    """The hosts of a run in its order."""
    table = schema.hosts
    rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.position))
    return [_host(row) for row in rows]


@_legible
def _host(row: Any) -> HostEnd:
    import json

    return HostEnd(
        host=row.host,
        outcome=row.outcome,
        reason=row.reason,
        remedy=row.remedy,
        columns=cast("Mapping[str, str]", mapping(row.columns)),
        counts=cast("Mapping[str, int]", mapping(row.counts)),
        notes=tuple(json.loads(row.notes)),
        now=mapping(row.now),
    )


def journal(connection: Connection, run: str) -> dict[str, tuple[StepRow, ...]]:
    """The steps of a run, by host, in order."""
    table = schema.steps
    found: dict[str, list[StepRow]] = {}
    query = select(table).where(table.c.run == run).order_by(table.c.host, table.c.number)
    for row in connection.execute(query):
        found.setdefault(row.host, []).append(step(row))
    return {host: tuple(rows) for host, rows in found.items()}


def history(connection: Connection, key: str, limit: int) -> tuple[float, ...]:
    """Seconds of the newest steps of this key that changed something, newest first."""
    table = schema.steps
    query = select(table.c.seconds).where(table.c.key == key, table.c.status == "changed")
    rows = connection.execute(query.order_by(table.c.ended_at.desc()).limit(limit))
    return tuple(float(row.seconds) for row in rows)


def packages(connection: Connection, run: str) -> tuple[PackageRow, ...]:
    """The packages a run laid on hosts."""
    table = schema.packages
    rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.host, table.c.at, table.c.name))
    return tuple(PackageRow(**{**_values(row), "at": moment(row.at)}) for row in rows)


def approvals(connection: Connection, plan_hash: str) -> tuple[Approval, ...]:
    """Everybody's word for a plan, oldest first."""
    table = schema.approvals
    rows = connection.execute(select(table).where(table.c.plan_hash == plan_hash).order_by(table.c.number))
    return tuple(Approval(**{**_values(row, "number"), "at": moment(row.at)}) for row in rows)


def newest(connection: Connection) -> datetime | None:
    """The time of the last event."""
    at = connection.execute(select(schema.events.c.at).order_by(schema.events.c.number.desc()).limit(1)).scalar()
    return None if at is None else moment(at)
