"""Compares the tables with what the chained events say: rows changed behind the ledger's back are found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, func, select, union

from remediate.ledger import schema
from remediate.ledger.rows import ChainReport
from remediate.ledger.text import is_stamp, mapping
from remediate.ledger.told import Key, Told, Values, digest

APPROVAL = ("plan_hash", "name", "reason", "user", "controller")


def run_ids(connection: Connection) -> list[str]:
    """Every run that any table knows of."""
    tables = (schema.hosts, schema.steps, schema.packages, schema.locks, schema.events)
    every = union(*(select(column.label("run")) for column in (schema.runs.c.id, *(table.c.run for table in tables))))
    return sorted(row.run for row in connection.execute(every) if row.run)


def differences(connection: Connection, run: str) -> ChainReport | None:
    """The first row of a run that is not as its events say; on one snapshot of the database."""
    table = schema.events
    told = Told(connection.execute(select(table).where(table.c.run == run).order_by(table.c.number)))
    stored = _stored(connection, run)
    return _compared(told.rows, stored, f"run {run}") or _beats(told, stored, run)


def _beats(told: Told, stored: Mapping[Key, Values], run: str) -> ChainReport | None:
    """Signs of life of a run that goes on are no history. It is only proved that they can be right."""
    number, said = told.rows.get(("run",), (0, {}))
    values = stored.get(("run",), {})
    if not values or "beat" in said:
        return None
    at, count = values["beat_at"], values["beat"]
    if count >= told.beats and (count > 0 or at == said.get("started")) and is_stamp(at):
        return None
    return _report(number, "changed", f"run {run}: its signs of life (beat, beat_at) cannot be right")


def approvals(connection: Connection, plan_hash: str | None = None) -> ChainReport | None:
    """The first approval that is not as its event says; on one snapshot of the database.

    ``plan_hash``: only of those there are for this plan.
    """
    events, table = schema.events, schema.approvals
    stored: dict[Key, Values] = {
        ("approval", str(row.number)): {**_part(row, APPROVAL), "at": row.at}
        for row in connection.execute(select(table).order_by(table.c.number))
        if plan_hash in (None, row.plan_hash)
    }
    query = select(events).where(events.c.kind == "approved").order_by(events.c.number)
    if plan_hash is not None:
        query = query.where(events.c.number.in_([int(number) for _, number in stored]))
    told: dict[Key, tuple[int, Values]] = {
        ("approval", str(row.number)): (row.number, {**mapping(row.data), "at": row.at})
        for row in connection.execute(query)
    }
    return _compared(told, stored, "the approvals")


def of_run(connection: Connection, run: str) -> ChainReport | None:
    """The first row that is wrong of a run and of the approvals it rests on."""
    runs = schema.runs
    plan = connection.execute(select(runs.c.plan_hash).where(runs.c.id == run)).scalar()
    return differences(connection, run) or (approvals(connection, plan) if plan else None)


def first_of(connection: Connection, run: str) -> int | None:
    """The oldest event that a run rests on: its begin, or an approval of its plan before it."""
    runs, events, given = schema.runs, schema.events, schema.approvals
    begun = select(func.min(events.c.number)).where(events.c.run == run)
    plan = select(runs.c.plan_hash).where(runs.c.id == run, runs.c.plan_hash != "").scalar_subquery()
    approved = select(func.min(given.c.number)).where(given.c.plan_hash == plan)
    found = [connection.execute(query).scalar() for query in (begun, approved)]
    return min((number for number in found if number is not None), default=None)


def _compared(told: Mapping[Key, tuple[int, Values]], stored: Mapping[Key, Values], where: str) -> ChainReport | None:
    for key, (number, values) in told.items():
        name = " ".join(word for word in key if word)
        if key not in stored:
            return _report(number, "missing", f"{where}: {name} of event {number} is missing from its table")
        wrong = sorted(field for field, value in values.items() if stored[key].get(field) != value)
        if wrong:
            what = f"{where}: {name} is not as event {number} says ({', '.join(wrong)})"
            return _report(number, "changed", what)
    for key in stored:
        if key not in told:
            return _report(0, "added", f"{where}: no event tells of {' '.join(word for word in key if word)}")
    return None


def _report(number: int, how: str, what: str) -> ChainReport:
    return ChainReport(events=0, broken=number, how=how, what=what)


def _stored(connection: Connection, run: str) -> dict[Key, Values]:
    """What the tables hold of a run."""
    found: dict[Key, Values] = {}
    runs = schema.runs
    for row in connection.execute(select(runs).where(runs.c.id == run)):
        found["run",] = dict(row._mapping)
    for row in _of_run(connection, schema.hosts, run):
        found["host", row.host] = dict(row._mapping)
    for row in _of_run(connection, schema.steps, run):
        found["step", row.host, str(row.number)] = {**row._mapping, "result": digest(row.result)}
    for row in _of_run(connection, schema.packages, run):
        found["package", row.host, row.sha256] = dict(row._mapping)
    for row in _of_run(connection, schema.locks, run):
        found["lock", row.host] = dict(row._mapping)
    return found


def _of_run(connection: Connection, table: Table, run: str) -> Iterable[Any]:
    return connection.execute(select(table).where(table.c.run == run).order_by(*table.primary_key.columns))


def _part(row: Any, names: Iterable[str]) -> Values:
    return {name: row._mapping[name] for name in names}
