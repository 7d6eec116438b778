"""Which run holds which host: one at a time, in the same transactions as the history of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from sqlalchemy import Connection, Select, delete, insert, select, update

from remediate.errors import UserError
from remediate.ledger import schema
from remediate.ledger.rows import INTERRUPTED, RUNNING, Lock
from remediate.ledger.runs import ensure_hosts
from remediate.ledger.text import moment, stamp, storable
from remediate.ledger.writing import Writing
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


def _holders(connection: Connection, hosts: Sequence[str]) -> dict[str, Lock]:
    rows = connection.execute(_query().where(schema.locks.c.host.in_(hosts)))
    return {row.host: _lock(row) for row in rows}


def take(writing: Writing, run: str, hosts: Sequence[str], why: str) -> dict[str, Json]:
    """Take those hosts that nobody holds; by host, who holds the others. What is this run's already stays so."""
    names = list(dict.fromkeys(map(storable, hosts)))
    held = _holders(writing.connection, names)
    free = [host for host in names if host not in held]
    _insert(writing, run, free, why)
    for host in free:
        writing.event("lock taken", {"why": why}, run=run, host=host)
    return {host: _data(lock) for host, lock in held.items() if lock.run != run}


def take_over(writing: Writing, run: str, held: Sequence[Lock], why: str) -> list[Json]:
    """Take hosts from holders that did not move since ``held`` was read; the names of those it could be done with."""
    now = _holders(writing.connection, [lock.host for lock in held])
    still = [lock for lock in held if now.get(lock.host) == lock]
    names = [lock.host for lock in still]
    writing.connection.execute(delete(schema.locks).where(schema.locks.c.host.in_(names)))
    _insert(writing, run, names, why)
    cut = {of for of in {lock.run for lock in still} if _interrupted(writing.connection, of)}
    for lock in still:
        data: dict[str, Json] = {"from": _data(lock), "interrupted": lock.run in cut, "why": why}
        cut.discard(lock.run)
        writing.event("lock taken over", data, run=run, host=lock.host)
        writing.event("lock lost", {"to run": run, "with signs of life": lock.beat}, run=lock.run, host=lock.host)
    return [*names]


def _interrupted(connection: Connection, run: str) -> bool:
    """Call a run cut off that has not ended; whether that was new."""
    runs = schema.runs
    cut = update(runs).where(runs.c.id == run, runs.c.status == RUNNING, runs.c.finished.is_(None))
    return bool(connection.execute(cut.values(status=INTERRUPTED)).rowcount)


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


def _insert(writing: Writing, run: str, names: Sequence[str], why: str) -> None:
    runs, hosts, connection = schema.runs, schema.hosts, writing.connection
    mine = connection.execute(select(runs).where(runs.c.id == run)).first()
    if mine is None:
        raise ValueError(f"there is no run {run!r}")
    if not names:
        return
    values = {name: getattr(mine, name) for name in ("who", "controller", "pid", "process_start")}
    row = {**values, "run": run, "since": writing.at, "why": storable(why)}
    connection.execute(insert(schema.locks), [{**row, "host": host} for host in names])
    ensure_hosts(connection, run, names)
    connection.execute(update(hosts).where(hosts.c.run == run, hosts.c.host.in_(names)).values(locked=True))
