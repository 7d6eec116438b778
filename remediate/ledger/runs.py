"""What is written while a run goes on: its begin, steps, packages, remarks and end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from remediate.errors import LockLost
from remediate.ledger import process, schema
from remediate.ledger.rows import RUNNING, Approval, HostEnd, NewRun, PackageSeen, StepBegun, StepEnded
from remediate.ledger.text import canonical, digest, moment, plain, storable
from remediate.ledger.writing import Writing, held
from remediate.model import Json

RESERVED = frozenset(
    {"run begun", "run ended", "step begun", "step ended", "host ended", "package", "approved", "unlocked", "kept"}
    | {"lock taken", "lock taken over", "lock lost", "lock released"}
)
"""Kinds of events that belong to a change of the tables; remarks have other ones."""
EMPTY: Mapping[str, str | int | bool] = {
    "outcome": "",
    "reason": "",
    "remedy": "",
    "columns": "{}",
    "counts": "{}",
    "notes": "[]",
    "now": "{}",
    "locked": False,
}
"""A host of which nothing is known yet."""
OPEN: Mapping[str, str | float | None] = {
    "ended_at": None,
    "seconds": 0.0,
    "status": "",
    "redacted": False,
    "result": "{}",
}
"""The end of a step that has none yet."""


def begin(writing: Writing, run: NewRun, digits: Callable[[], str]) -> str:
    """A new run with its hosts; its id."""
    name, start = _free_name(writing, digits), process.mark(run.pid)
    names = ("kind", "playbook", "plan_hash", "resumes", "who", "controller")
    row: dict[str, Any] = {name: storable(getattr(run, name)) for name in names}
    row |= {"pid": run.pid, "process_start": start}
    hosts_told = list(dict.fromkeys(map(storable, run.hosts)))
    number = writing.event("run begun", _json({**row, "request": run.request, "hosts": hosts_told}), run=name)
    row |= {"id": name, "number": number, "request": canonical(run.request), "status": RUNNING, "beat": 0}
    writing.connection.execute(insert(schema.runs).values(**row, started=writing.at, beat_at=writing.at))
    hosts = [{"run": name, "host": host, "position": position, **EMPTY} for position, host in enumerate(hosts_told)]
    if hosts:
        writing.connection.execute(insert(schema.hosts), hosts)
    return name


def _free_name(writing: Writing, digits: Callable[[], str]) -> str:
    while True:
        name = f"{moment(writing.at):%Y%m%d-%H%M}-{digits()}"
        if not writing.connection.execute(select(schema.runs.c.id).where(schema.runs.c.id == name)).first():
            return name


def _json(value: Mapping[str, object]) -> dict[str, Json]:
    return {key: plain(item) for key, item in value.items()}


def known(connection: Connection, run: str) -> None:
    """Raises for a run that was never begun: a mistake of the program, not of its user."""
    if not connection.execute(select(schema.runs.c.id).where(schema.runs.c.id == run)).first():
        raise ValueError(f"there is no run {run!r}")


def step_begun(writing: Writing, run: str, number: int, begun: StepBegun) -> int:
    """Its number on its host; ``LockLost`` where the host is not this run's any more."""
    return _begun(writing, run, number, begun, OPEN)


def _begun(writing: Writing, run: str, number: int, begun: StepBegun, end: Mapping[str, Any]) -> int:
    host = storable(begun.host)
    holder, mine = writing.holder(run, host)
    _refuse_lost(run, host, holder, taken=mine)
    texts = {name: storable(getattr(begun, name)) for name in ("address", "task", "module", "key", "place")}
    row = {"run": run, "host": host, "number": number, **texts, "begun_at": writing.at, **end}
    writing.insert(schema.steps, row)
    writing.event("step begun", {"number": number, **texts}, run=run, host=host)
    return number


def steps(connection: Connection, run: str, host: str) -> int:
    """The number of the newest step on a host; 0 where there is none yet."""
    table = schema.steps
    known(connection, run)
    last = select(func.max(table.c.number)).where(table.c.run == run, table.c.host == storable(host))
    return int(connection.execute(last).scalar() or 0)


def still_ours(connection: Connection, run: str, host: str) -> None:
    """``LockLost`` where a host is not this run's any more."""
    host = storable(host)
    holders, mine = held(connection, [(run, host)])
    _refuse_lost(run, host, holders.get(host), taken=mine.get((run, host), False))


def _refuse_lost(run: str, host: str, holder: Any, *, taken: bool) -> None:
    """Where the run once took the lock it must hold it still; where it never did, nobody else may."""
    if (holder is None and not taken) or (holder is not None and holder.run == run):
        return
    if holder is None:
        raise LockLost(f"the lock of {host} was released by somebody else", hint=f"remediate runs show {run}")
    raise LockLost(
        f"{host} is held by run {holder.run} ({holder.who} on {holder.controller}) now",
        hint="this run leaves the host alone; see `remediate runs show` of both runs",
    )


def step_ended(writing: Writing, run: str, host: str, number: int, ended: StepEnded) -> None:
    """The end of a step that was begun."""
    writing.end_step(run, storable(host), number, _ending(writing, ended))
    _ended(writing, run, host, number, ended)


def _ending(writing: Writing, ended: StepEnded) -> dict[str, Any]:
    return {**_told(ended), "ended_at": writing.at, "result": canonical(ended.result)}


def _told(ended: StepEnded) -> dict[str, Json]:
    return {"status": storable(ended.status), "seconds": float(ended.seconds), "redacted": ended.redacted}


def _ended(writing: Writing, run: str, host: str, number: int, ended: StepEnded) -> None:
    data = {"number": number, **_told(ended), "result": digest(ended.result)}
    writing.event("step ended", data, run=run, host=host)


def step_done(writing: Writing, run: str, number: int, begun: StepBegun, ended: StepEnded) -> int:
    """Begin and end of a step at once; its number on its host."""
    _begun(writing, run, number, begun, _ending(writing, ended))
    _ended(writing, run, begun.host, number, ended)
    return number


def refuse_reserved(kind: str) -> None:
    """Raises for a kind of event that stands for a change of the tables: a mistake of the program."""
    if kind in RESERVED:
        raise ValueError(f"{kind!r} is no kind for a remark: it belongs to a change of the tables")


def note(writing: Writing, run: str, kind: str, host: str, data: Mapping[str, Json]) -> None:
    """An event that changes no table: an override, a gate, a hook that failed."""
    writing.event(kind, data, run=run, host=host)


def package(writing: Writing, run: str, host: str, seen: PackageSeen) -> None:
    """A package laid on a host; once per run, host and hash."""
    host, table = storable(host), schema.packages
    texts = {name: storable(getattr(seen, name)) for name in ("sha256", "name", "version")}
    same = (table.c.run == run, table.c.host == host, table.c.sha256 == texts["sha256"])
    if writing.connection.execute(select(table.c.run).where(*same)).first():
        return
    writing.connection.execute(insert(table).values(run=run, host=host, **texts, size=seen.size, at=writing.at))
    writing.event("package", {**texts, "size": seen.size}, run=run, host=host)


def end(
    writing: Writing, run: str, status: str, exit_code: int, hosts: Sequence[HostEnd], seconds: float | None
) -> None:
    """The end of a run: the outcome of each host, its locks given back."""
    hosts_ended(writing, run, hosts)
    _release(writing, run)
    table = schema.runs
    values: dict[str, Json] = {"status": storable(status), "exit_code": exit_code}
    writing.connection.execute(update(table).where(table.c.id == run).values(**values, finished=writing.at))
    beats = writing.connection.execute(select(table.c.beat, table.c.beat_at).where(table.c.id == run)).one()
    took: dict[str, Json] = {} if seconds is None else {"seconds": round(seconds, 3)}
    writing.event("run ended", {**values, "beat": beats.beat, "beat_at": beats.beat_at, **took}, run=run)


def hosts_ended(writing: Writing, run: str, ends: Sequence[HostEnd]) -> None:
    """How hosts of a run ended; what it still holds of them is given back."""
    known(writing.connection, run)
    ensure_hosts(writing.connection, run, [storable(end.host) for end in ends])
    for end in ends:
        _host_end(writing, run, end)
    _release(writing, run, [storable(end.host) for end in ends])


def _host_end(writing: Writing, run: str, end: HostEnd) -> None:
    host, table = storable(end.host), schema.hosts
    texts = {name: storable(getattr(end, name)) for name in ("outcome", "reason", "remedy")}
    parts = {"columns": dict(end.columns), "counts": dict(end.counts), "notes": list(end.notes), "now": dict(end.now)}
    stored = {name: canonical(value) for name, value in parts.items()}
    mine = (table.c.run == run, table.c.host == host)
    writing.connection.execute(update(table).where(*mine).values(**texts, **stored))
    writing.event("host ended", _json({**texts, **parts}), run=run, host=host)


def ensure_hosts(connection: Connection, run: str, names: Sequence[str]) -> None:
    """A row for each host that joins the run later."""
    table = schema.hosts
    found = select(table.c.host).where(table.c.run == run, table.c.host.in_(names))
    there = {row.host for row in connection.execute(found)}
    new = [host for host in dict.fromkeys(names) if host not in there]
    if not new:
        return
    last = connection.execute(select(func.max(table.c.position)).where(table.c.run == run)).scalar()
    first = 0 if last is None else int(last) + 1
    rows = [{"run": run, "host": host, "position": first + more, **EMPTY} for more, host in enumerate(new)]
    connection.execute(insert(table), rows)


def _release(writing: Writing, run: str, only: Sequence[str] | None = None) -> None:
    """Give back the locks of a run, or of some of its hosts."""
    table, hosts = schema.locks, schema.hosts
    ours = [table.c.run == run, *([] if only is None else [table.c.host.in_(only)])]
    mine = [hosts.c.run == run, *([] if only is None else [hosts.c.host.in_(only)])]
    held = list(writing.connection.execute(select(table.c.host).where(*ours).order_by(table.c.host)))
    writing.connection.execute(delete(table).where(*ours))
    writing.connection.execute(update(hosts).where(*mine).values(locked=False))
    for row in held:
        writing.event("lock released", {}, run=run, host=row.host)


def beat(connection: Connection, run: str, at: str) -> None:
    """The controller is alive. No event: it says nothing of any host, and would drown what does.

    A run that has ended beats no more: how often it did stands in the event of its end.
    """
    table = schema.runs
    going = update(table).where(table.c.id == run, table.c.finished.is_(None))
    connection.execute(going.values(beat=table.c.beat + 1, beat_at=at))


def approve(writing: Writing, approval: Approval) -> None:
    """Keep somebody's word for a plan."""
    names = ("plan_hash", "name", "reason", "user", "controller")
    texts = {name: storable(getattr(approval, name)) for name in names}
    number = writing.event("approved", {**texts})
    writing.connection.execute(insert(schema.approvals).values(number=number, **texts, at=writing.at))
