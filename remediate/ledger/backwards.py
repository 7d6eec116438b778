"""Where time goes backwards along the chain: a writer's clock was wrong, or was set. No damage, but worth knowing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from remediate.ledger import schema
from remediate.ledger.text import moment

PATIENCE = timedelta(minutes=2)
"""A writer may wait so long for its turn, and the clocks of two machines may differ by as much."""
PAGE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backwards:
    """An event that is older than the one before it; ``event`` numbers it, ``run`` may be "" (an approval)."""

    event: int
    run: str
    at: datetime
    before: datetime
    """When the event before it was written."""
    run_before: str

    @property
    def seconds(self) -> float:
        """How far time goes back; above 0."""
        return (self.before - self.at).total_seconds()


def page(connection: Connection, after: int) -> list[Any]:
    """Number, run and time of the next events."""
    table = schema.events
    query = select(table.c.number, table.c.run, table.c.at).where(table.c.number > after)
    return list(connection.execute(query.order_by(table.c.number).limit(PAGE)))


def found(read: Callable[[int], list[Any]]) -> Iterator[Backwards]:
    """Every place, in order. ``read`` gives the page behind an event."""
    before: Any = None
    while rows := read(0 if before is None else before.number):
        for row in rows:
            if before is not None and row.at < before.at:
                one = Backwards(event=row.number, run=row.run, at=moment(row.at), before=moment(before.at),
                                run_before=before.run)  # fmt: skip
                if one.before - one.at > PATIENCE:
                    yield one
            before = row
