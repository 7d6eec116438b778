"""Reads and writes that outlast a restarted server: repeated on fresh connections, and never recorded twice."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from remediate.errors import LedgerLost
from remediate.ledger import chain, schema, trouble
from remediate.ledger.address import Address
from remediate.ledger.engine import WRITE, build
from remediate.ledger.sameness import Sameness
from remediate.ledger.text import canonical, stamp, storable
from remediate.model import Json

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a read or a write is tried again."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between tries; the last one again and again."""
ANOTHER = (
    "no further step is begun; look at the hosts, put back the newest ledger there is, see `remediate runs verify`"
)
NO_HEAD = "it has lost its chain's head"
LOST = "no further step is begun without it; mend it, then let `remediate resume` go on with the run"


@dataclass(slots=True)
class Writing:
    """One transaction on the chain: what it changes, and the events that say so."""

    connection: Connection
    at: str
    """The time of everything in this transaction, as stored."""
    number: int
    hash: str
    links: list[dict[str, Any]] = field(default_factory=list)

    def event(self, kind: str, data: Mapping[str, Json], *, run: str = "", host: str = "") -> int:
        """Append one event; its number."""
        link: dict[str, Any] = {
            "number": self.number + 1,
            "at": self.at,
            "run": storable(run),
            "kind": storable(kind),
            "host": storable(host),
            "data": canonical(data),
            "previous": self.hash,
        }
        self.hash = link["hash"] = chain.link(**link)
        self.number += 1
        self.links.append(link)
        return self.number

    def finish(self) -> None:
        """Write the events and move the head."""
        if self.links:
            self.connection.execute(insert(schema.events), self.links)
            moved = update(schema.head).where(schema.head.c.id == 1)
            self.connection.execute(moved.values(number=self.number, hash=self.hash))


class Transactions:
    """For several threads at once. Clock, sleep and the writer's own name come in."""

    def __init__(
        self,
        engine: Engine,
        address: Address,
        *,
        writer: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._engine = engine
        self._pool = engine.pool
        self._guests = 0
        self._closed = False
        self._door = threading.Lock()
        self._address = address
        self._writer = writer
        self._now = now
        self._sleep = sleep
        self._monotonic = monotonic
        self._count = itertools.count(1)
        self._written = False
        self._same = Sameness(address.file)
        self.lost: LedgerLost | None = None
        """Why the last write was given up; for good where the ledger is not the same any more."""
        # SQLite lets one write at a time; waiting here is fairer than its polling. PostgreSQL queues by itself.
        self._gate: AbstractContextManager[Any] = threading.Lock() if address.file else nullcontext()

    def read(self, work: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        """What ``work`` finds; with ``snapshot`` all its queries see the same moment."""
        options = {"isolation_level": "REPEATABLE READ"} if snapshot and not self._address.file else {}

        def once() -> T:
            with self._connected(**options) as connection:
                return work(connection)

        return self._patiently(once)

    def write(self, work: Callable[[Writing], Json]) -> Json:
        """Do ``work`` and append its events, all or nothing; its answer. Durable when this returns."""
        writer, token = f"{self._writer}-{threading.get_ident()}", next(self._count)

        def once() -> Json:
            with self._gate, self._connected(**WRITE) as connection, connection.begin():
                # Holding the head also waits for an earlier try whose commit is still under way.
                head = chain.head(connection, lock=True)
                if head is None:
                    raise self._another(NO_HEAD)
                fault = self._same.fault(connection, head)
                if fault:
                    raise self._another(fault)
                done = _answer(connection, writer, token)
                if done is not None:
                    answered: Json = json.loads(done)
                    return answered
                writing = Writing(connection, stamp(self._now()), head.number, head.hash)
                answer = work(writing)
                writing.finish()
                _remember(connection, writer, token, canonical(answer))
                self._written = True
                ends.append(chain.Head(writing.number, writing.hash))
                return answer

        ends: list[chain.Head] = []
        try:
            answer = self._patiently(once)
        except LedgerLost as lost:
            self.lost = lost
            raise
        if ends:
            self._same.wrote(ends[-1])
        return answer

    def proved_afresh(self) -> None:
        """Read what was written last through an opening of its own; ``LedgerLost`` where it is not there."""
        try:
            self._patiently(self._reread)
        except LedgerLost as lost:
            self.lost = lost
            raise

    def _reread(self) -> None:
        fault = self._same.place()  # asked first: an opening would make a new file
        if not fault:
            engine = build(self._address)
            try:
                with engine.connect() as connection, connection.begin():
                    head = chain.head(connection)
                    fault = self._same.whole(connection, head) if head else NO_HEAD
            finally:
                engine.dispose()
        if fault:
            raise self._another(fault)

    def touch(self, work: Callable[[Connection, str], object]) -> None:
        """A write that is no part of the history and is not tried again; ``LedgerLost`` when it fails."""
        fault = self._same.place()
        if fault:
            self.lost = self._another(fault)
            raise self.lost
        try:
            with self._gate, self._connected(**WRITE) as connection, connection.begin():
                work(connection, stamp(self._now()))
        except SQLAlchemyError as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Forget this writer and let go of every connection. A ledger that is away does not matter any more.

        A thread that is still at work keeps its connection until it is done, and is the one to close it.
        """
        mine = schema.writers.c.writer.startswith(f"{self._writer}-")
        try:
            if self._written:
                self.touch(lambda connection, _: connection.execute(delete(schema.writers).where(mine)))
        except LedgerLost:
            pass  # a few rows more, of a name nobody uses again
        finally:
            with self._door:
                self._closed = True
            self._engine.dispose()

    @contextmanager
    def _connected(self, **options: Any) -> Iterator[Connection]:
        """A connection that is not used again once anything went wrong on it."""
        with self._guest(), self._engine.connect().execution_options(**options) as connection:
            try:
                yield connection
            except SQLAlchemyError:
                connection.invalidate()
                raise

    @contextmanager
    def _guest(self) -> Iterator[None]:
        with self._door:
            self._guests += 1
        try:
            yield
        finally:
            with self._door:
                self._guests -= 1
                last = self._closed and not self._guests
            if last:
                self._pool.dispose()
                self._engine.dispose()

    def _patiently(self, once: Callable[[], T]) -> T:
        end = self._monotonic() + PATIENCE
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            try:
                return once()
            except SQLAlchemyError as error:
                if not trouble.transient(error) or self._monotonic() >= end:
                    raise self._lost(error) from error
            self._sleep(pause)
        raise AssertionError("the pauses never end")

    def _another(self, why: str) -> LedgerLost:
        return LedgerLost(f"the ledger {self._address} is lost: {why}", hint=ANOTHER)

    def _lost(self, error: SQLAlchemyError) -> LedgerLost:
        return LedgerLost(f"the ledger {self._address} is lost: {trouble.reason(error, self._address)}", hint=LOST)


def _answer(connection: Connection, writer: str, token: int) -> str | None:
    table = schema.writers
    query = select(table.c.answer).where(table.c.writer == writer, table.c.write == token)
    found: str | None = connection.execute(query).scalar()
    return found


def _remember(connection: Connection, writer: str, token: int, answer: str) -> None:
    table = schema.writers
    changed = connection.execute(update(table).where(table.c.writer == writer).values(write=token, answer=answer))
    if not changed.rowcount:
        connection.execute(insert(table).values(writer=writer, write=token, answer=answer))
