"""The hash chain over all events: how a link is made, and how a chain is walked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection, func, or_, select

from remediate.ledger import schema
from remediate.ledger.rows import ChainReport
from remediate.ledger.text import canonical

PAGE = 1000
"""Events read at once."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link: what the next one hangs on."""

    number: int
    hash: str


def link(*, number: int, at: str, run: str, kind: str, host: str, data: str, previous: str) -> str:
    """The hash of an event. ``data`` is canonical JSON, ``previous`` the hash of the event before it."""
    fields = {"number": number, "at": at, "run": run, "kind": kind, "host": host, "previous": previous}
    text = canonical({**fields, "data": json.loads(data)})
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def head(connection: Connection, *, lock: bool = False) -> Head | None:
    """The chain's head; with ``lock`` nobody else appends until the transaction ends."""
    query = select(schema.head.c.number, schema.head.c.hash).where(schema.head.c.id == 1)
    row = connection.execute(query.with_for_update() if lock else query).first()
    return Head(row.number, row.hash) if row else None


def page(connection: Connection, after: int, upto: int, run: str = "") -> list[Any]:
    """The next events behind ``after``, at most PAGE of them."""
    table = schema.events
    query = select(table).where(table.c.number > after, table.c.number <= upto)
    if run:
        query = query.where(table.c.run == run)
    return list(connection.execute(query.order_by(table.c.number).limit(PAGE)))


def outside(connection: Connection) -> int | None:
    """An event beyond the head or before the first; in one statement, so that nobody appends in between."""
    number = schema.events.c.number
    newest = select(schema.head.c.number).where(schema.head.c.id == 1).scalar_subquery()
    found = connection.execute(select(func.min(number)).where(or_(number < 1, number > newest))).scalar()
    return None if found is None else int(found)


def before(connection: Connection, number: int) -> Head:
    """What an event hangs on, as it is stored; a walk that begins there finds out whether it is missing."""
    previous = select(schema.events.c.hash).where(schema.events.c.number == number - 1)
    found = connection.execute(previous).scalar() if number > 1 else schema.GENESIS
    return Head(number - 1, str(found or ""))


def walk(
    start: Head, head: Head, page: Callable[[int, int], list[Any]], outside: Callable[[], int | None]
) -> ChainReport:
    """Compare every event behind ``start`` up to ``head`` with its hash and the one before; the first fault ends it."""
    previous, fault = start, None
    while rows := page(previous.number, head.number):
        for row in rows:
            fault = _fault(row, previous)
            if fault:
                return _counted(fault, start)
            previous = Head(row.number, row.hash)
    if previous.number < head.number:
        fault = _report(previous.number + 1, "missing", "is missing: the chain ends too early")
    elif previous.hash != head.hash:
        fault = _report(previous.number, "changed", "is not the one the chain ended with")
    else:
        stray = outside()
        fault = None if stray is None else _report(stray, "added", "was added past the chain's ends", head.number)
    return _counted(fault or ChainReport(events=head.number), start)


def _counted(report: ChainReport, start: Head) -> ChainReport:
    return replace(report, events=max(0, report.events - start.number), first=start.number + 1)


def _fault(row: Any, previous: Head) -> ChainReport | None:
    number = previous.number + 1
    if row.number != number:
        return _report(number, "missing", "is missing")
    if not genuine(row):
        return _report(number, "changed", "is not as it was written")
    if row.previous != previous.hash:
        return _report(number, "changed", f"does not follow event {number - 1}")
    return None


def genuine(row: Any) -> bool:
    """Whether the hash of a stored event is that of its fields."""
    try:
        if canonical(json.loads(row.data)) != row.data:
            return False
        fields = {name: getattr(row, name) for name in ("number", "at", "run", "kind", "host", "data", "previous")}
        return bool(link(**fields) == row.hash)
    except (TypeError, ValueError, RecursionError):
        return False


def _report(number: int, how: Literal["changed", "missing", "added"], what: str, events: int = -1) -> ChainReport:
    walked = number - 1 if events < 0 else events
    return ChainReport(events=walked, broken=number, how=how, what=f"event {number} {what}")
