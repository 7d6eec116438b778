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
    attempt.first(tuple(dict.fromkeys(hosts)))
    # Only this machine's own clock is asked: those of two machines need not agree.
    deadline = monotonic() + SILENT * interval
    while attempt.silent and monotonic() < deadline:
        sleep(min(interval / 4, max(0.0, deadline - monotonic())))
        attempt.look()
    attempt.dead()
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

    def first(self, hosts: Sequence[str]) -> None:
        """Take the hosts, at once also from ended runs and dead processes; refuse others, or begin to watch them."""
        others = self._ask(hosts)
        over = {host: lock for host, lock in others.items() if lock.finished or self._alive(lock) is False}
        others |= self._take(over)
        for host, lock in others.items():
            if host in self.held:
                continue
            if self._alive(lock) is None and not lock.finished:
                self.silent[host] = lock
            else:
                self.refused[host] = lock

    def look(self) -> None:
        """Look at the watched hosts; those are settled whose holders are not as silent as before."""
        now = {lock.host: lock for lock in self._ledger.locks()}
        moved = [host for host, watched in self.silent.items() if now.get(watched.host) != watched]
        for host in moved:
            del self.silent[host]
        if moved:
            self._moved(moved)

    def _moved(self, hosts: Sequence[str]) -> None:
        """Hosts that were released meanwhile, whose holders beat, or that somebody else holds now."""
        others = self._ask(hosts)
        others |= self._take({host: lock for host, lock in others.items() if lock.finished})
        self.refused |= {host: lock for host, lock in others.items() if host not in self.held}

    def dead(self) -> None:
        """Take hosts from holders that were silent for all the time they were given."""
        silent, self.silent = self.silent, {}
        self.refused |= self._take(silent)

    def _ask(self, hosts: Sequence[str]) -> dict[str, Lock]:
        """Take those that are free; who holds the others."""
        others = self._ledger.lock_all(self._run, hosts, self._why) if hosts else {}
        self.held |= {host for host in hosts if host not in others}
        return others

    def _take(self, over: Mapping[str, Lock]) -> dict[str, Lock]:
        """Take over; who holds those hosts after all that it could not be done with."""
        got = self._ledger.take_over_all(self._run, list(over.values()), self._why) if over else ()
        for host, lock in over.items():
            if lock.host in got:
                self.held.add(host)
                self.taken[host] = lock
        return self._ask([host for host, lock in over.items() if lock.host not in got])


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
