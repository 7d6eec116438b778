"""Reads and writes that outlast a restarted server: repeated on fresh connections, and never recorded twice."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from remediate.errors import LedgerLost, UserError
from remediate.ledger import chain, desk, opening, schema, trouble
from remediate.ledger.address import Address
from remediate.ledger.desk import Desk, Entry, Unanswered
from remediate.ledger.engine import WRITE, Lines, build, build_for_reading
from remediate.ledger.readonly import Reader
from remediate.ledger.sameness import Sameness
from remediate.ledger.writing import Pair, Unfit, Writing
from remediate.model import Json

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a read or a write is tried again."""
OPENING = 300.0
"""Seconds for looking through the whole of a file, as an opening does."""
TRY = 30.0
"""Seconds after which a server that does not answer at all is tried on another connection."""
CLOSING = 5.0
"""Seconds a ledger is given to come to rest."""
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds between tries; the last one again and again."""
NEVER = float("-inf")
"""The deadline of what is not tried again."""
ANOTHER = (
    "no further step is begun; look at the hosts, put back the newest ledger there is, see `remediate runs verify`"
)
NO_HEAD = "it has lost its chain's head"
MEANWHILE = "it was written to meanwhile"
SILENT = "it does not answer"
LOST = "no further step is begun without it; mend it, then let `remediate resume` go on with the run"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A transaction whose commit was begun: what it is known by, its end, and what each entry gets if it is done."""

    token: int
    end: chain.Head
    outcomes: Sequence[tuple[Entry, Json, BaseException | None]]

    def settle(self) -> None:
        for entry, answer, error in self.outcomes:
            entry.settle(answer, error)


class Transactions:
    """For several threads at once; one of its own does what they ask for. Clock, sleep and names come in.

    What is to be written is written with all that came at the same time, in one transaction: each entry is whole or
    not at all, and one that fails takes no other with it.
    """

    def __init__(
        self,
        address: Address,
        *,
        writer: str,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        say: Callable[[str], None],
        writable: bool = True,
    ) -> None:
        self._address = address
        self._writer = writer
        self._now = now
        self._sleep = sleep
        self._monotonic = monotonic
        self._count = itertools.count(1)
        self._doubtful: _Attempt | None = None
        """Its commit went unanswered."""
        self._opened = self._written = False
        self._lines = Lines()
        self._busy, self._trying = False, time.monotonic()
        """Whether it is at something, and since when."""
        self._reader = None if writable or not address.file else Reader(address.file)
        self._writable = writable
        self._engine = self._built()
        self._same = Sameness(address.file)
        self._desk = Desk(str(address), self._serve, self._let_go, self._look_after, say)
        self.lost: LedgerLost | None = None
        """Why the last write was given up; for good where the ledger is not the same any more."""

    def _built(self) -> Engine:
        if self._writable:
            return build(self._address, self._lines)
        connect = self._reader.connect if self._reader else _no_file
        return build_for_reading(self._address, self._lines, connect)

    def _let_go(self) -> None:
        self._engine.dispose()
        if self._reader:
            self._reader.close()

    def open(self) -> None:
        """Prove that it can be used; ``UserError`` where it cannot."""
        try:
            self._call(self._open, OPENING if self._address.file else PATIENCE)
        except LedgerLost as lost:
            self._lines.cut()
            hint = "see the disk it is on" if self._address.file else "see the server, and what is between"
            raise UserError(f"the ledger {self._address} cannot be opened: {SILENT}", hint=hint) from lost

    def _open(self) -> None:
        if self._writable:
            opening.prove(self._engine, self._address, self._writer, self._sleep, self._monotonic)
        else:
            with self._undisturbed():
                opening.prove_readable(self._engine, self._address, self._reader)
        self._same = Sameness(self._address.file)
        self._opened = True

    def read(self, work: Callable[[Connection], T], *, snapshot: bool = False) -> T:
        """What ``work`` finds; with ``snapshot`` all its queries see the same moment."""
        options = {"isolation_level": "REPEATABLE READ"} if snapshot and not self._address.file else {}

        def once() -> T:
            with self._connected(**options) as connection, self._undisturbed():
                return work(connection)

        return self._call(once, PATIENCE)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """What is read without locks is read again where it was written to meanwhile."""
        mark = self._reader.mark() if self._reader else ()
        try:
            yield
        finally:
            if self._reader and self._reader.disturbed(mark):
                raise OperationalError("", None, sqlite3.OperationalError(MEANWHILE))

    def write(self, work: Callable[[Writing], Json], about: Pair | None = None) -> Json:
        """Do ``work`` and append its events, all or nothing; its answer. Durable when this returns.

        ``about``: the run and host whose lock ``work`` will look at.
        """
        answer: Json = self._waited(self._put(work, about, waited=True))
        return answer

    def hand_over(
        self, work: Callable[[Writing], Json], about: Pair | None, failed: Callable[[BaseException], None]
    ) -> None:
        """As ``write``, but not waited for: durable before anything that is written later.

        ``failed`` hears of an error, in another thread.
        """
        entry = self._put(work, about, waited=False, failed=failed)
        if entry.waited:  # there is too much of it
            entry.done.wait(PATIENCE)

    def touch(self, work: Callable[[Connection, str], object]) -> None:
        """A write that is no part of the history and is not tried again; ``LedgerLost`` when it fails."""

        def once(writing: Writing) -> None:
            work(writing.connection, writing.at)

        self._waited(self._put(once, None, waited=True, patience=NEVER))

    def proved_afresh(self) -> None:
        """Read what was written last through an opening of its own; ``LedgerLost`` where it is not there."""
        try:
            self._call(self._reread, OPENING)
        except LedgerLost as lost:
            self.lost = lost
            raise

    def close(self) -> None:
        """Write what was handed in, forget this writer and let go of every connection, in the end.

        A ledger that is away does not matter any more, and is not waited for.
        """
        if self._written:
            self._desk.put(Entry(lambda _: self._forget(), NEVER))
        self._desk.close(CLOSING)

    def _forget(self) -> None:
        mine = schema.writers.c.writer == self._writer
        if not self._same.place():
            with self._connected(**WRITE) as connection, connection.begin():
                connection.execute(delete(schema.writers).where(mine))

    # Asking the thread

    def _put(
        self,
        work: Callable[[Writing], Json],
        about: Pair | None,
        *,
        waited: bool,
        failed: Callable[[BaseException], None] | None = None,
        patience: float | None = None,
    ) -> Entry:
        if not self._writable:
            raise ValueError("this ledger was opened for reading")
        deadline = self._monotonic() + (PATIENCE if patience is None else patience)
        return self._desk.put(Entry(work, deadline, writes=True, waited=waited, about=about, failed=failed))

    def _call(self, once: Callable[[], T], patience: float) -> T:
        entry = self._desk.put(Entry(lambda _: once(), self._monotonic() + PATIENCE))
        answer: T = self._answer(entry, patience)
        return answer

    def _answer(self, entry: Entry, patience: float) -> Any:
        hangs = self._busy and time.monotonic() - self._trying > patience + desk.GRACE
        try:
            return self._desk.wait(entry, 0.0 if hangs else patience)
        except Unanswered:
            raise self._given_up(SILENT) from None

    def _waited(self, entry: Entry) -> Any:
        try:
            return self._answer(entry, PATIENCE)
        except LedgerLost as lost:
            if not entry.done.is_set() and entry.deadline != NEVER:
                self.lost = lost
            raise

    def _look_after(self) -> None:
        """A server that stands still is asked on another connection; nothing can be done about a disk."""
        if self._opened and time.monotonic() - self._trying > TRY:
            self._lines.cut()

    # In the thread

    def _serve(self, entries: list[Entry]) -> None:
        """Try again what may go well later, together with what was handed in meanwhile."""
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            entries = self._tried(entries)
            if not entries:
                return
            self._sleep(pause)
            entries += self._desk.more(len(entries))

    def _tried(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that have to be tried again."""
        wanted = [entry for entry in entries if not entry.left]
        writes = [entry for entry in wanted if entry.writes]
        if writes:
            self._try(writes, lambda: self._commit(writes))
        for entry in wanted:
            if not entry.writes:
                self._try([entry], lambda entry=entry: entry.settle(entry.work(None)))  # type: ignore[misc]
        return [entry for entry in wanted if not entry.done.is_set()]

    def _try(self, entries: Sequence[Entry], deed: Callable[[], None]) -> None:
        self._busy, self._trying = True, time.monotonic()
        try:
            deed()
        except LedgerLost as lost:
            for entry in entries:
                self._fail(entry, lost.message, lost.hint, lost, for_good=True)
        except SQLAlchemyError as error:
            passing, now = trouble.transient(error), self._monotonic()
            for entry in entries:
                if not passing or now >= entry.deadline:
                    self._fail(entry, *self._words(error), error)
        except BaseException as error:  # noqa: BLE001 - whoever asked for it hears of it, and the thread lives on
            for entry in entries:
                entry.settle(error=error)
        else:
            self._desk.went_well()
        finally:
            self._busy = False

    def _fail(self, entry: Entry, message: str, hint: str, cause: BaseException, *, for_good: bool = False) -> None:
        lost = LedgerLost(message, hint=hint)
        lost.__cause__ = cause
        if entry.writes and (for_good or entry.deadline != NEVER) and not entry.done.is_set():
            self.lost = lost
        entry.settle(error=lost)

    def _commit(self, entries: Sequence[Entry]) -> None:
        """All in one transaction; where one of them does not fit, each for itself in one transaction."""
        try:
            self._transaction(entries, careful=False)
        except (Unfit, SQLAlchemyError) as error:
            cause = error.__cause__ if isinstance(error, Unfit) else error
            if isinstance(cause, SQLAlchemyError) and trouble.transient(cause):
                raise cause from None
            self._carefully(entries)

    def _carefully(self, entries: Sequence[Entry]) -> None:
        try:
            self._transaction(entries, careful=True)
        except Unfit as unfit:
            raise unfit.__cause__ or unfit from None

    def _transaction(self, entries: Sequence[Entry], *, careful: bool) -> None:
        with self._connected(**WRITE) as connection, connection.begin():
            head = self._proved_head(connection)
            self._settle_doubt(connection)
            open_ones = [entry for entry in entries if not entry.done.is_set()]
            writing = Writing(connection, head, self._now, careful=careful)
            writing.expect(entry.about for entry in open_ones if entry.about)
            outcomes = [self._outcome(writing, entry) for entry in open_ones]
            writing.finish()
            attempt = _Attempt(next(self._count), writing.head, outcomes)
            _remember(connection, self._writer, attempt.token)
            self._written, self._doubtful = True, attempt
        self._same.wrote(attempt.end)
        self._doubtful = None
        attempt.settle()

    def _proved_head(self, connection: Connection) -> chain.Head:
        # Holding the head also waits for an earlier try whose commit is still under way.
        head = chain.head(connection, lock=True)
        if head is None:
            raise self._another(NO_HEAD)
        fault = self._same.fault(connection, head)
        if fault:
            raise self._another(fault)
        return head

    def _settle_doubt(self, connection: Connection) -> None:
        """Find out whether the last try was done although its answer was lost."""
        attempt = self._doubtful
        if attempt is not None and _newest(connection, self._writer) == attempt.token:
            self._same.wrote(attempt.end)
            attempt.settle()
        self._doubtful = None

    def _outcome(self, writing: Writing, entry: Entry) -> tuple[Entry, Json, BaseException | None]:
        try:
            return entry, writing.entry(entry.work), None
        except Unfit:
            raise
        except SQLAlchemyError as error:
            message, hint = self._words(error)
            return entry, None, LedgerLost(message, hint=hint)
        except Exception as error:  # noqa: BLE001 - whoever asked for it hears of it, and the others go on
            return entry, None, error

    def _reread(self) -> None:
        fault = self._same.place()  # asked first: an opening would make a new file
        if not fault:
            engine = build(self._address, self._lines)
            try:
                with engine.connect() as connection, connection.begin():
                    head = chain.head(connection)
                    fault = self._same.whole(connection, head) if head else NO_HEAD
            finally:
                engine.dispose()
        if fault:
            raise self._another(fault)

    @contextmanager
    def _connected(self, **options: Any) -> Iterator[Connection]:
        """A connection that is not used again once anything went wrong on it."""
        with self._engine.connect().execution_options(**options) as connection:
            try:
                yield connection
            except (SQLAlchemyError, Unfit):
                connection.invalidate()
                raise

    def _another(self, why: str) -> LedgerLost:
        return LedgerLost(f"the ledger {self._address} is lost: {why}", hint=ANOTHER)

    def _words(self, error: SQLAlchemyError) -> tuple[str, str]:
        return f"the ledger {self._address} is lost: {trouble.reason(error, self._address)}", LOST

    def _given_up(self, why: str) -> LedgerLost:
        return LedgerLost(f"the ledger {self._address} is lost: {why}", hint=LOST)


def _no_file() -> sqlite3.Connection:
    raise AssertionError("a server is no file")


def _newest(connection: Connection, writer: str) -> int | None:
    table = schema.writers
    found: int | None = connection.execute(select(table.c.write).where(table.c.writer == writer)).scalar()
    return found


def _remember(connection: Connection, writer: str, token: int) -> None:
    table = schema.writers
    changed = connection.execute(update(table).where(table.c.writer == writer).values(write=token))
    if not changed.rowcount:
        connection.execute(insert(table).values(writer=writer, write=token, answer=""))
