"""Compares the tables with what the chained events say: rows changed behind the ledger's back are found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, select, union

from remediate.ledger import schema
from remediate.ledger.rows import ChainReport
from remediate.ledger.text import canonical, mapping

Key: TypeAlias = "tuple[str, ...]"
"""The table, the host and what else finds a row inside one run."""
Values: TypeAlias = "dict[str, Any]"

BEGUN = ("kind", "playbook", "plan_hash", "resumes", "who", "controller", "pid", "process_start", "request")
STEP = ("address", "task", "module", "key", "place")
ENDED = ("status", "seconds", "redacted", "result")
HOST = ("outcome", "reason", "remedy", "columns", "counts", "notes", "now")
PACKAGE = ("name", "version", "size")
APPROVAL = ("plan_hash", "name", "reason", "user", "controller")
RESERVED = frozenset(
    {"run begun", "run ended", "step begun", "step ended", "host ended", "package", "approved", "unlocked"}
    | {"lock taken", "lock taken over", "lock lost", "lock released"}
)
"""Kinds of events that belong to a change of the tables; remarks have other ones."""


def run_ids(connection: Connection) -> list[str]:
    """Every run that any table knows of."""
    tables = (schema.runs.c.id, *(table.c.run for table in (schema.hosts, schema.steps, schema.packages)))
    every = union(*(select(column.label("run")) for column in (*tables, schema.events.c.run)))
    return sorted(row.run for row in connection.execute(every) if row.run)


def differences(connection: Connection, run: str) -> ChainReport | None:
    """The first row of a run that is not as its events say; on one snapshot of the database."""
    table = schema.events
    rows = list(connection.execute(select(table).where(table.c.run == run).order_by(table.c.number)))
    return _compared(_told(rows), _stored(connection, run), f"run {run}")


def approvals(connection: Connection) -> ChainReport | None:
    """The first approval that is not as its event says; on one snapshot of the database."""
    events, table = schema.events, schema.approvals
    told: dict[Key, tuple[int, Values]] = {
        ("approval", str(row.number)): (row.number, {**mapping(row.data), "at": row.at})
        for row in connection.execute(select(events).where(events.c.kind == "approved").order_by(events.c.number))
    }
    stored: dict[Key, Values] = {
        ("approval", str(row.number)): {**_part(row, APPROVAL), "at": row.at}
        for row in connection.execute(select(table).order_by(table.c.number))
    }
    return _compared(told, stored, "the approvals")


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


def _told(rows: Iterable[Any]) -> dict[Key, tuple[int, Values]]:
    """What the events of a run say the tables hold, with the newest event behind each row."""
    found: dict[Key, tuple[int, Values]] = {}
    for row in rows:
        data = mapping(row.data)
        key, values = _of_event(row, data)
        if key:
            before = found.get(key, (0, {}))[1]
            found[key] = (row.number, {**before, **values})
    return found


def _of_event(row: Any, data: Mapping[str, Any]) -> tuple[Key, Values]:
    match row.kind:
        case "run begun":
            return ("run",), {**_picked(data, BEGUN), "request": canonical(data.get("request")), "started": row.at}
        case "run ended":
            return ("run",), {**_picked(data, ("status", "exit_code")), "finished": row.at}
        case "step begun":
            open_end = {"ended_at": None, "status": "", "result": _sum("{}")}
            told = {name: data.get(name, "") for name in STEP}
            return ("step", row.host, str(data["number"])), {**told, "begun_at": row.at, **open_end}
        case "step ended":
            return ("step", row.host, str(data["number"])), {**_picked(data, ENDED), "ended_at": row.at}
        case "host ended":
            texts = {name: canonical(data[name]) for name in ("columns", "counts", "notes")}
            texts["now"] = canonical(data.get("now", {}))  # runs before schema 0002 have none
            return ("host", row.host), {**_picked(data, HOST), **texts}
        case "package":
            return ("package", row.host, str(data["sha256"])), {**_picked(data, PACKAGE), "at": row.at}
        case _:
            return (), {}


def _picked(data: Mapping[str, Any], names: Iterable[str]) -> Values:
    return {name: data.get(name) for name in names}


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _stored(connection: Connection, run: str) -> dict[Key, Values]:
    """What the tables hold of a run. Hosts of which nothing is known yet are left out: no event tells of them."""
    found: dict[Key, Values] = {}
    runs = schema.runs
    for row in connection.execute(select(runs).where(runs.c.id == run)):
        found["run",] = _part(row, (*BEGUN, "started", "finished", "status", "exit_code"))
    for row in _of_run(connection, schema.hosts, run):
        parts = (row.columns, row.counts, row.notes, row.now)
        if row.outcome or row.reason or row.remedy or parts != ("{}", "{}", "[]", "{}"):
            found["host", row.host] = _part(row, HOST)
    for row in _of_run(connection, schema.steps, run):
        values = _part(row, (*STEP, *ENDED, "begun_at", "ended_at"))
        found["step", row.host, str(row.number)] = {**values, "result": _sum(row.result)}
    for row in _of_run(connection, schema.packages, run):
        found["package", row.host, row.sha256] = _part(row, (*PACKAGE, "at"))
    return found


def _of_run(connection: Connection, table: Table, run: str) -> Iterable[Any]:
    return connection.execute(select(table).where(table.c.run == run).order_by(*table.primary_key.columns))


def _part(row: Any, names: Iterable[str]) -> Values:
    return {name: row._mapping[name] for name in names}
