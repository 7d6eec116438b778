"""How a run comes to hold its hosts, takes over from the dead, and shows that it lives itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from remediate.errors import RemediateError
from remediate.ledger import process
from remediate.ledger.rows import Lock

if TYPE_CHECKING:
    from remediate.ledger.store import Ledger

INTERVAL = 10.0
"""Seconds between two beats of a run."""
SILENT = 3
"""Intervals without a beat after which a run of another machine counts as dead."""


@dataclass(frozen=True, slots=True)
class Acquired:
    """What came of it: hosts that are ours, those that others hold, and from whom ours were taken over."""

    held: tuple[str, ...]
    refused: Mapping[str, Lock]
    taken: Mapping[str, Lock]
    """Part of ``held``: the locks of dead or ended runs."""


def on(controller: str) -> Callable[[Lock], bool | None]:
    """Whether the holder of a lock lives, seen from the machine ``controller``; None where only its beats tell."""

    def alive(lock: Lock) -> bool | None:
        return process.alive(lock.controller, lock.pid, lock.process_start, here=controller)

    return alive


def acquire(
    ledger: Ledger,
    run: str,
    hosts: Sequence[str],
    *,
    why: str,
    interval: float,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
    alive: Callable[[Lock], bool | None],
) -> Acquired:
    """Take the hosts for a run. Waits only for signs of life from other machines, three intervals at the most."""
    attempt = _Attempt(ledger, run, why, alive)
    for host in dict.fromkeys(hosts):
        attempt.first(host)
    # Only this machine's own clock is asked: those of two machines need not agree.
    deadline = monotonic() + SILENT * interval
    while attempt.silent and monotonic() < deadline:
        sleep(min(interval / 4, max(0.0, deadline - monotonic())))
        attempt.look()
    for host in tuple(attempt.silent):
        attempt.dead(host)
    held = tuple(host for host in dict.fromkeys(hosts) if host in attempt.held)
    return Acquired(held, attempt.refused, attempt.taken)


class _Attempt:
    """The hosts one call of ``acquire`` has got, has not got, and is still watching."""

    def __init__(self, ledger: Ledger, run: str, why: str, alive: Callable[[Lock], bool | None]) -> None:
        self._ledger = ledger
        self._run = run
        self._why = why
        self._alive = alive
        self.held: set[str] = set()
        self.refused: dict[str, Lock] = {}
        self.taken: dict[str, Lock] = {}
        self.silent: dict[str, Lock] = {}

    def first(self, host: str) -> None:
        """Take the host, at once also from an ended run or a dead process; else refuse it or begin to watch."""
        holder = self._ledger.lock(self._run, host, self._why)
        if holder is not None and (holder.finished or self._alive(holder) is False):
            holder = self._take(host, holder)
        if holder is None:
            self.held.add(host)
        elif self._alive(holder) is None and not holder.finished:
            self.silent[host] = holder
        else:
            self.refused[host] = holder

    def look(self) -> None:
        """Look at the watched hosts; those are settled whose holders are not as silent as before."""
        now = {lock.host: lock for lock in self._ledger.locks()}
        for host, watched in tuple(self.silent.items()):
            if now.get(watched.host) != watched:
                del self.silent[host]
                self._moved(host)

    def _moved(self, host: str) -> None:
        """A host that was released meanwhile, whose holder beats, or that somebody else holds now."""
        holder = self._ledger.lock(self._run, host, self._why)
        if holder is not None and holder.finished:
            holder = self._take(host, holder)
        if holder is None:
            self.held.add(host)
        else:
            self.refused[host] = holder

    def dead(self, host: str) -> None:
        """Take a host from a holder that was silent for all the time it was given."""
        holder = self._take(host, self.silent.pop(host))
        if holder is None:
            self.held.add(host)
        else:
            self.refused[host] = holder

    def _take(self, host: str, holder: Lock) -> Lock | None:
        """Take over; else who holds the host after all."""
        if self._ledger.take_over(self._run, holder, self._why):
            self.taken[host] = holder
            return None
        return self._ledger.lock(self._run, host, self._why)


class Heart:
    """Beats for a run in a thread of its own until the run ends; a beat that fails is tried again, and harms nobody."""

    def __init__(self, ledger: Ledger, run: str, *, interval: float = INTERVAL) -> None:
        self._ledger = ledger
        self._run = run
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heart of {run}", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to beat, at once."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more. Returns when the last beat is through, or is given up."""
        self._stop.set()
        self._thread.join(timeout=self._interval)

    def _beat(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            try:
                self._ledger.beat(self._run)
                pause = self._interval
            except RemediateError:
                pause = min(1.0, self._interval)
