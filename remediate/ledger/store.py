"""The ledger: runs, their hosts, steps, events, locks and approvals in a database; one object for all threads."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from types import TracebackType
from typing import Any, Self, cast

from sqlalchemy.exc import SQLAlchemyError

from remediate.errors import RemediateError
from remediate.ledger import backwards, blobs, chain, evidence, locks, reading, runs, trouble
from remediate.ledger.address import Address, parse
from remediate.ledger.backwards import Backwards
from remediate.ledger.handed import Handed
from remediate.ledger.numbers import Numbers
from remediate.ledger.rows import (
    STATUSES,
    Approval,
    ChainReport,
    EventRow,
    HostEnd,
    Lock,
    NewRun,
    PackageRow,
    PackageSeen,
    RunRow,
    StepBegun,
    StepEnded,
    StepRow,
)
from remediate.ledger.text import storable
from remediate.ledger.transactions import Transactions
from remediate.ledger.writing import Writing
from remediate.model import Json

PAGE = 20
"""Kept files read at once."""


def digits() -> str:
    """The end of a run's id."""
    return secrets.token_hex(2)


def silent(text: str) -> None:
    """Nobody is told."""


def open_ledger(
    url: str,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    digits: Callable[[], str] = digits,
    say: Callable[[str], None] = silent,
    writable: bool = True,
) -> Ledger:
    """The ledger at ``url`` (a path, or postgresql://...), its schema brought up to date, and proved to be writable.

    Not ``writable``: nothing is written, made or brought up to date where it is, and no right to do so is needed.

    ``say`` hears, from any thread, that the ledger is waited for.
    ``UserError`` says what is wrong with it before any host is touched; no message holds the URL's password.
    """
    address = parse(url)
    writer = uuid.uuid4().hex
    try:
        work = Transactions(address, writer=writer, now=now, sleep=sleep, monotonic=monotonic, say=say,
                            writable=writable)  # fmt: skip
    except SQLAlchemyError as error:
        raise trouble.refusal(error, address) from error
    try:
        work.open()
    except BaseException:
        work.close()
        raise
    return Ledger(work, address, digits)


class Ledger:
    """For several threads at once. Whatever writes is durable when it returns, and ``LedgerLost`` after a minute.

    ``step_done`` alone, and remarks of which that is said, are handed over: durable before anything that is written
    later, and within moments. What goes wrong with them is told by ``lost``, ``step_begun`` and ``settled``.
    """

    def __init__(self, work: Transactions, address: Address, digits: Callable[[], str]) -> None:
        self._work = work
        self._digits = digits
        self.place = str(address)
        """Where it is, without a password."""
        self._numbers = Numbers(self._newest_step)
        self._handed = Handed(work)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every connection."""
        self._work.close()

    @property
    def lost(self) -> RemediateError | None:
        """Why the ledger was given up by a writer, if it was: the run it belongs to ends with that."""
        return self._work.lost

    # What a run writes

    def begin_run(self, run: NewRun) -> str:
        """Write down that a run begins; its id, as in ``20261125-2349-7f3a``."""
        name = cast("str", self._work.write(lambda writing: runs.begin(writing, run, self._digits)))
        self._numbers.begun(name)
        return name

    def keep(self, files: Collection[bytes]) -> None:
        """Keep files that runs work from; those that are kept already cost a look."""
        digests = {sha256(data).hexdigest() for data in files}
        if self._work.read(lambda connection: blobs.missing(connection, digests)):
            self._work.write(lambda writing: blobs.keep(writing, files))

    def step_begun(self, run: str, begun: StepBegun) -> int:
        """Write down, before the host is touched, that a step begins; its number on that host. May raise LockLost."""
        self._handed.raise_untold(run, begun.host)
        number = self._numbers.next(run, begun.host)
        try:
            return cast("int", self._work.write(partial(runs.step_begun, run=run, number=number, begun=begun),
                                                (run, storable(begun.host))))  # fmt: skip
        except BaseException:
            self._numbers.forget(run, begun.host)
            raise

    def _newest_step(self, run: str, host: str) -> int:
        # As a write: it sees what was handed over before it.
        return cast("int", self._work.write(lambda writing: runs.steps(writing.connection, run, host)))

    def step_ended(self, run: str, host: str, number: int, ended: StepEnded) -> None:
        """Write down how a step ended."""
        self._work.write(lambda writing: runs.step_ended(writing, run, host, number, ended))

    def step_done(self, run: str, begun: StepBegun, ended: StepEnded) -> int:
        """Hand over a step that changed nothing, its begin and its end at once; its number on that host.

        Not waited for. May raise LockLost for an earlier one of the same host.
        """
        self._handed.raise_untold(run, begun.host)
        number = self._numbers.next(run, begun.host)
        work = partial(runs.step_done, run=run, number=number, begun=begun, ended=ended)
        self._handed.over(work, run, begun.host, lambda: self._numbers.forget(run, begun.host), looks_at_lock=True)
        return number

    def note(self, run: str, kind: str, host: str, data: Mapping[str, Json], *, durable: bool = True) -> None:
        """Write down anything else that happened: an override with its reason, a gate, a hook that failed.

        ``durable``: when this returns; else it is handed over.
        """
        runs.refuse_reserved(kind)
        self._do(partial(runs.note, run=run, kind=kind, host=host, data=data), run, host, durable=durable)

    def package(self, run: str, host: str, package: PackageSeen, *, durable: bool = True) -> None:
        """Write down that a package was laid on a host. ``durable``: as in ``note``."""
        self._do(partial(runs.package, run=run, host=host, seen=package), run, host, durable=durable)

    def _do(self, work: Callable[[Writing], None], run: str, host: str, *, durable: bool) -> None:
        if durable:
            self._work.write(work)
        else:
            self._handed.over(work, run, host)

    def settled(self, run: str) -> Mapping[str, Exception]:
        """Waits until all that was handed over is durable or lost; the hosts of which something was not, and why."""
        return self._handed.settled(run)

    def hosts_ended(self, run: str, hosts: Sequence[HostEnd]) -> None:
        """Write down how some hosts of a run ended that goes on with others, and give their locks back."""
        self._work.write(lambda writing: runs.hosts_ended(writing, run, hosts))

    def end_run(
        self, run: str, *, status: str, exit_code: int, hosts: Sequence[HostEnd], seconds: float | None = None
    ) -> None:
        """Write down how a run ended, give its locks back, and read that back through a fresh opening.

        ``seconds``: how long it took, by a clock that nobody sets.
        """
        if status not in STATUSES:
            raise ValueError(f"a run does not end {status!r}")
        self._work.write(lambda writing: runs.end(writing, run, status, exit_code, hosts, seconds))
        self._work.proved_afresh()

    def prove_lock(self, run: str, host: str) -> None:
        """``LockLost`` when the host is not this run's any more."""
        self._work.read(lambda connection: runs.still_ours(connection, run, host))

    def beat(self, run: str) -> None:
        """Say that the controller lives. Not tried again: the next beat is near. ``LedgerLost`` when it fails."""
        self._work.touch(lambda connection, at: runs.beat(connection, run, at))

    # What is read

    def journal(self, run: str) -> dict[str, tuple[StepRow, ...]]:
        """The steps of a run by host, in order; begun without end has the status ""."""
        return self._work.read(lambda connection: reading.journal(connection, run))

    def run(self, id_or_prefix: str) -> RunRow:
        """One run; ``last`` is the newest. ``UserError`` with the nearest ids."""
        return self._work.read(lambda connection: reading.run(connection, id_or_prefix))

    def runs(self, limit: int = 20, *, playbook: str = "", host: str = "") -> list[RunRow]:
        """The newest runs first; ``playbook`` may be a part of its path."""
        return self._work.read(lambda connection: reading.runs(connection, limit, playbook, host))

    def runs_of_plan(self, plan_hash: str) -> list[RunRow]:
        """The runs that applied a plan or went on with it, newest first."""
        return self._work.read(lambda connection: reading.runs_of_plan(connection, plan_hash))

    def newest(self) -> datetime | None:
        """When the last event was written; None where there is none yet."""
        return self._work.read(reading.newest)

    def resumed_by(self, run: str) -> tuple[str, ...]:
        """The runs that went on with this one."""
        return self._work.read(lambda connection: reading.resumed_by(connection, run))

    def hosts(self, run: str) -> list[HostEnd]:
        """The hosts of a run in its order; the outcome is "" where it is not known (yet)."""
        return self._work.read(lambda connection: reading.hosts(connection, run))

    def packages(self, run: str) -> tuple[PackageRow, ...]:
        """The packages a run laid on hosts."""
        return self._work.read(lambda connection: reading.packages(connection, run))

    def events(self, run: str = "") -> Iterator[EventRow]:
        """Every event, or those of one run, in order, read page by page."""
        head = self._work.read(chain.head)
        after, upto = 0, head.number if head else 0
        while rows := self._page(after, upto, run):
            yield from map(reading.event, rows)
            after = rows[-1].number

    def _page(self, after: int, upto: int, run: str = "") -> list[Any]:
        return self._work.read(lambda connection: chain.page(connection, after, upto, run))

    def file(self, digest: str) -> bytes | None:
        """A file that runs worked from, by its SHA-256; None where it is not kept, or damaged."""
        return self._work.read(lambda connection: blobs.found(connection, digest))

    def history(self, key: str, limit: int = 20) -> tuple[float, ...]:
        """Seconds that the newest steps of this key took where they changed something, newest first."""
        return self._work.read(lambda connection: reading.history(connection, key, limit))

    # Approvals and locks

    def approve(self, approval: Approval) -> None:
        """Keep somebody's word for a plan; its time is now."""
        self._work.write(lambda writing: runs.approve(writing, approval))

    def approvals(self, plan_hash: str) -> tuple[Approval, ...]:
        """Everybody's word for a plan, oldest first."""
        return self._work.read(lambda connection: reading.approvals(connection, plan_hash))

    def locks(self) -> tuple[Lock, ...]:
        """Every lock, by host."""
        return self._work.read(locks.every)

    def lock(self, run: str, host: str, why: str) -> Lock | None:
        """Take a host for a run. None: it is ours now; else who holds it."""
        return self.lock_all(run, [host], why).get(host)

    def lock_all(self, run: str, hosts: Sequence[str], why: str) -> dict[str, Lock]:
        """Take hosts for a run, all at once; by host, who holds those that are not ours now."""
        held = cast("dict[str, Json]", self._work.write(lambda writing: locks.take(writing, run, hosts, why)))
        return {host: locks.restored(held[storable(host)]) for host in hosts if storable(host) in held}

    def take_over(self, run: str, held: Lock, why: str = "") -> bool:
        """Take a host from a holder that has not moved since ``held`` was read."""
        return bool(self.take_over_all(run, [held], why))

    def take_over_all(self, run: str, held: Sequence[Lock], why: str = "") -> frozenset[str]:
        """Take hosts from holders that have not moved since ``held`` was read, all at once; the hosts we got."""
        got = self._work.write(lambda writing: locks.take_over(writing, run, held, why))
        return frozenset(cast("list[str]", got))

    def unlock(self, host: str, *, who: str, reason: str) -> Lock:
        """Release a host by hand; the lock as it was. ``UserError`` where there is none."""
        return locks.restored(self._work.write(lambda writing: locks.release(writing, host, who, reason)))

    def verify(self, run: str = "") -> ChainReport:
        """Walk the whole chain and compare the tables with it: how many events, and the first thing that is wrong.

        ``run``: only what this run rests on, from its first event (or the first approval of its plan) to the newest.
        For these events that proves as much; of those before them it says nothing.
        """
        first = (self._work.read(partial(evidence.first_of, run=run)) if run else 1) or 1
        start = self._work.read(partial(chain.before, number=first))
        head = self._work.read(chain.head)
        if head is None:
            return ChainReport(events=0, broken=0, how="missing", what="the chain has lost its head")
        report = chain.walk(start, head, self._page, lambda: self._work.read(chain.outside))
        if not report.whole:
            return report
        proof = partial(evidence.of_run, run=run)
        found = self._work.read(proof, snapshot=True) if run else self._wrong_anywhere()
        return replace(found, events=report.events, first=report.first) if found else report

    def _wrong_anywhere(self) -> ChainReport | None:
        return (
            self._work.read(evidence.approvals, snapshot=True)
            or self._wrong_rows()
            or self._work.read(blobs.untold, snapshot=True)
            or self._damaged_files()
        )

    def backwards(self) -> Iterator[Backwards]:
        """Where time goes backwards from one event to the next."""
        return backwards.found(lambda after: self._work.read(lambda connection: backwards.page(connection, after)))

    def _wrong_rows(self) -> ChainReport | None:
        for run in self._work.read(evidence.run_ids):
            found = self._work.read(partial(evidence.differences, run=run), snapshot=True)
            if found:
                return found
        return None

    def _damaged_files(self) -> ChainReport | None:
        digests = self._work.read(blobs.every)
        for number in range(0, len(digests), PAGE):
            found = self._work.read(partial(blobs.damaged, digests=digests[number : number + PAGE]))
            if found:
                return found
        return None
