"""Which run holds which host: one at a time, in the same transactions as the history of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import Connection, Select, delete, insert, select, update

from remediate.errors import UserError
from remediate.ledger import schema
from remediate.ledger.rows import INTERRUPTED, RUNNING, Lock
from remediate.ledger.runs import ensure_host
from remediate.ledger.text import moment, stamp, storable
from remediate.ledger.transactions import Writing
from remediate.model import Json


def _query() -> Select[Any]:
    runs, table = schema.runs, schema.locks
    joined = table.outerjoin(runs, runs.c.id == table.c.run)
    return select(table, runs.c.beat, runs.c.finished).select_from(joined).order_by(table.c.host)


def _lock(row: Any) -> Lock:
    return Lock(
        host=row.host,
        run=row.run,
        who=row.who,
        controller=row.controller,
        pid=row.pid,
        process_start=row.process_start,
        since=moment(row.since),
        why=row.why,
        beat=row.beat or 0,
        finished=row.beat is None or row.finished is not None,
    )


def every(connection: Connection) -> tuple[Lock, ...]:
    """All locks, by host."""
    return tuple(map(_lock, connection.execute(_query())))


def holder(connection: Connection, host: str) -> Lock | None:
    """Who holds a host."""
    row = connection.execute(_query().where(schema.locks.c.host == storable(host))).first()
    return _lock(row) if row else None


def take(writing: Writing, run: str, host: str, why: str) -> dict[str, Json] | None:
    """Take a host that nobody holds; None when it is this run's, else who holds it."""
    held = holder(writing.connection, host)
    if held:
        return None if held.run == run else _data(held)
    _insert(writing, run, storable(host), why)
    writing.event("lock taken", {"why": why}, run=run, host=host)
    return None


def take_over(writing: Writing, run: str, held: Lock, why: str) -> bool:
    """Take a host from a holder that did not move since ``held`` was read."""
    if holder(writing.connection, held.host) != held:
        return False
    writing.connection.execute(delete(schema.locks).where(schema.locks.c.host == held.host))
    _insert(writing, run, held.host, why)
    runs = schema.runs
    cut = update(runs).where(runs.c.id == held.run, runs.c.status == RUNNING, runs.c.finished.is_(None))
    interrupted = writing.connection.execute(cut.values(status=INTERRUPTED)).rowcount
    data: dict[str, Json] = {"from": _data(held), "interrupted": bool(interrupted), "why": why}
    writing.event("lock taken over", data, run=run, host=held.host)
    writing.event("lock lost", {"to run": run}, run=held.run, host=held.host)
    return True


def release(writing: Writing, host: str, who: str, reason: str) -> dict[str, Json]:
    """Release a host by hand; the lock as it was. ``UserError`` where there is none."""
    held = holder(writing.connection, host)
    if held is None:
        every_host = [lock.host for lock in every(writing.connection)]
        hint = f"locked: {', '.join(every_host[:20])}" if every_host else "no host is locked"
        raise UserError(f"{host} is not locked", hint=hint)
    writing.connection.execute(delete(schema.locks).where(schema.locks.c.host == held.host))
    writing.event("unlocked", {"from": _data(held), "who": who, "reason": reason}, run=held.run, host=held.host)
    return _data(held)


def restored(answer: Json) -> Lock:
    """The lock that ``take`` or ``release`` answered with."""
    values = cast("dict[str, Any]", answer)
    return Lock(**{**values, "since": moment(values["since"])})


def _data(held: Lock) -> dict[str, Json]:
    return cast("dict[str, Json]", {**asdict(held), "since": stamp(held.since)})


def _insert(writing: Writing, run: str, host: str, why: str) -> None:
    runs, hosts = schema.runs, schema.hosts
    mine = writing.connection.execute(select(runs).where(runs.c.id == run)).first()
    if mine is None:
        raise ValueError(f"there is no run {run!r}")
    values = {name: getattr(mine, name) for name in ("who", "controller", "pid", "process_start")}
    row = {**values, "host": host, "run": run, "since": writing.at, "why": storable(why)}
    writing.connection.execute(insert(schema.locks).values(row))
    ensure_host(writing.connection, run, host)
    writing.connection.execute(update(hosts).where(hosts.c.run == run, hosts.c.host == host).values(locked=True))
