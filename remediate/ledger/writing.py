"""One transaction on the chain for many entries: what it changes, and the events that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from remediate.ledger import chain, schema, trouble
from remediate.ledger.text import canonical, stamp, storable
from remediate.model import Json

T = TypeVar("T")
Pair: TypeAlias = "tuple[str, str]"
"""A run and a host."""


def _ending() -> Any:
    table = schema.steps
    mine = (table.c.run == bindparam("of_run"), table.c.host == bindparam("of_host"))
    open_one = update(table).where(*mine, table.c.number == bindparam("of_number"), table.c.ended_at.is_(None))
    return open_one.values({name: bindparam(name) for name in ("status", "seconds", "redacted", "ended_at", "result")})


ENDING = _ending()


class Unfit(Exception):
    """The transaction as a whole has to be done again, or given up, for its cause is of no single entry."""


@dataclass(slots=True)
class _Collected:
    """Rows that are written together, and steps that end together."""

    rows: list[tuple[Table, dict[str, Any]]] = field(default_factory=list)
    ends: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: _Collected) -> None:
        self.rows += other.rows
        self.ends += other.ends

    def write(self, connection: Connection) -> None:
        rows, ends = self.rows, self.ends
        self.rows, self.ends = [], []
        for table in dict.fromkeys(table for table, _ in rows):
            connection.execute(insert(table), [row for of, row in rows if of is table])
        if ends and connection.execute(ENDING, ends).rowcount != len(ends):
            first = ends[0]
            raise ValueError(f"run {first['of_run']} has no open step {first['of_number']} on {first['of_host']!r}")


class Writing:
    """What entries do to the database, each of them whole or not at all, and all of them together.

    Rows of steps are collected and written at once; where ``careful``, after each entry, so that one that does not
    fit fails alone. Whoever asks for ``connection`` writes behind what was collected so far.
    """

    def __init__(
        self, connection: Connection, head: chain.Head, now: Callable[[], datetime], *, careful: bool = False
    ) -> None:
        self._connection = connection
        self._now = now
        self._careful = careful
        self._inside = False
        self._collected = _Collected()
        self._own = _Collected()
        self._expected: set[Pair] = set()
        self._holders: dict[str, Any] | None = None
        self._mine: dict[Pair, bool] = {}
        self._links: list[dict[str, Any]] = []
        self.at = ""
        """The time of everything this entry writes, as stored."""
        self.head = head
        """The newest event so far."""

    @property
    def connection(self) -> Connection:
        """For statements of the entry's own."""
        if not self._inside:
            self._write_collected()
            self._connection.exec_driver_sql("SAVEPOINT entry")
            self._inside, self._holders = True, None
        self._own.write(self._connection)
        return self._connection

    def event(self, kind: str, data: Mapping[str, Json], *, run: str = "", host: str = "") -> int:
        """Append one event; its number."""
        link: dict[str, Any] = {
            "number": self.head.number + 1,
            "at": self.at,
            "run": storable(run),
            "kind": storable(kind),
            "host": storable(host),
            "data": canonical(data),
            "previous": self.head.hash,
        }
        link["hash"] = chain.link(**link)
        self.head = chain.Head(link["number"], link["hash"])
        self._links.append(link)
        return self.head.number

    def insert(self, table: Table, row: dict[str, Any]) -> None:
        """A row, written with the others of its table. Rows of one table have the same columns."""
        self._own.rows.append((table, row))

    def end_step(self, run: str, host: str, number: int, values: Mapping[str, Any]) -> None:
        """The end of a step that is open, written with others; ``ValueError`` where there is none such."""
        self._own.ends.append({"of_run": run, "of_host": host, "of_number": number, **values})

    def expect(self, pairs: Iterable[Pair]) -> None:
        """Of these hosts ``holder`` will be asked."""
        self._expected.update(pairs)

    def holder(self, run: str, host: str) -> tuple[Any, bool]:
        """Who holds a host (None: nobody), and whether ``run`` once took its lock."""
        if self._holders is None or (run, host) not in self._expected:
            self._expected.add((run, host))
            self._holders, self._mine = held(self._connection, self._expected)
        return self._holders.get(host), self._mine.get((run, host), False)

    def entry(self, work: Callable[[Writing], T]) -> T:
        """Do one entry. An error of its own takes back what it has changed, and nothing else."""
        self.at = stamp(self._now())
        head, links = self.head, len(self._links)
        try:
            answer = self._alone(work) if self._careful else work(self)
        except Unfit:
            raise
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and (not self._careful or trouble.transient(error)):
                raise Unfit from error
            self.head, self._own = head, _Collected()
            del self._links[links:]
            self._leave("ROLLBACK TO SAVEPOINT entry")
            raise
        self._collected.add(self._own)
        self._own = _Collected()
        self._leave()
        return answer

    def _alone(self, work: Callable[[Writing], T]) -> T:
        _ = self.connection  # begins its savepoint
        answer = work(self)
        self._own.write(self._connection)
        return answer

    def _leave(self, *first: str) -> None:
        if self._inside:
            self._inside, self._holders = False, None
            for statement in (*first, "RELEASE SAVEPOINT entry"):
                self._connection.exec_driver_sql(statement)

    def _write_collected(self) -> None:
        try:
            self._collected.write(self._connection)
        except ValueError as error:
            raise Unfit from error

    def finish(self) -> None:
        """Write what was collected and the events, and move the head. May raise ``Unfit``."""
        self._write_collected()
        if self._links:
            self._connection.execute(insert(schema.events), self._links)
            moved = update(schema.head).where(schema.head.c.id == 1)
            self._connection.execute(moved.values(number=self.head.number, hash=self.head.hash))


def held(connection: Connection, pairs: Iterable[Pair]) -> tuple[dict[str, Any], dict[Pair, bool]]:
    """The locks of some hosts, and whether these runs took them."""
    locks, hosts = schema.locks, schema.hosts
    runs, names = sorted({run for run, _ in pairs}), sorted({host for _, host in pairs})
    found = connection.execute(select(locks).where(locks.c.host.in_(names)))
    mine = select(hosts.c.run, hosts.c.host, hosts.c.locked).where(hosts.c.run.in_(runs), hosts.c.host.in_(names))
    return {row.host: row for row in found}, {(row.run, row.host): row.locked for row in connection.execute(mine)}
