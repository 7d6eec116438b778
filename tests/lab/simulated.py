"""Time that passes when somebody waits for it, and not otherwise: for lab hosts and controllers in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

from remediate.connections.clocks import HostClocks
from remediate.connections.scripts import Scripts
from remediate.connections.sessions import Sessions
from remediate.connections.shared import Shared
from remediate.errors import Interrupted
from remediate.lab.machine import Machine

T = TypeVar("T")


class Time:
    """Whoever acts for himself is a party; time goes on to the first moment anybody waits for once all parties wait.

    What is at work, however slowly, takes no time: no limit of a controller passes while a host computes.
    """

    def __init__(self) -> None:
        self._begin = datetime.now(UTC)
        self._passed = 0.0
        self._parties = 1
        self._waiting: list[float] = []
        self._moved = threading.Condition()

    def now(self) -> datetime:
        return self._begin + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def go_on(self, seconds: float) -> None:
        """So much time passes at once."""
        with self._moved:
            self._passed += max(0.0, seconds)
            self._moved.notify_all()

    def wait(self, seconds: float) -> None:
        """A party waits."""
        with self._moved:
            end = self._passed + max(0.0, seconds)
            self._waiting.append(end)
            self._look()
            self._moved.wait_for(lambda: self._passed >= end)
            self._waiting.remove(end)

    def _look(self) -> None:
        ahead = [end for end in self._waiting if end > self._passed]
        if ahead and len(ahead) >= self._parties:
            self._passed = min(ahead)
            self._moved.notify_all()

    def at_once(self, *deeds: Callable[[], T]) -> list[T]:
        """Carry out each in a thread of its own, as a party of its own; their results."""
        self._parties = len(deeds)

        def party(deed: Callable[[], T]) -> T:
            try:
                return deed()
            finally:
                with self._moved:
                    self._parties -= 1
                    self._look()

        with ThreadPoolExecutor(len(deeds)) as pool:
            found = list(pool.map(party, deeds))
        self._parties = 1
        return found

    def controller(
        self,
        *payloads: Path,
        stop: threading.Event | None = None,
        seed: int | None = None,
        clocks: HostClocks | None = None,
    ) -> Sessions:
        """A controller that lives in this time."""
        return Sessions(
            shared=_Shared(
                scripts=Scripts(payloads),
                stop=stop or threading.Event(),
                random=Random(seed),
                clock=self.monotonic,
                clocks=clocks or HostClocks(self.now, self.monotonic),
                time=self,
            )
        )

    @contextmanager
    def holding(self, machine: Machine) -> Iterator[threading.Event]:
        """What waits on the host does not go on before the end of this, although its time passes; set once it waits."""
        waiting, over, usual = threading.Event(), threading.Event(), machine.pause

        def hold(condition: threading.Condition, seconds: float) -> None:
            self.go_on(seconds)
            waiting.set()
            while not over.is_set():
                condition.wait(0.01)

        machine.pause = hold
        try:
            yield waiting
        finally:
            over.set()
            machine.pause = usual

    def rule(self, machine: Machine) -> None:
        """From now on this is the time of a host: a script's sleep there takes none of ours."""
        machine.clock.source = self.now
        machine.monotonic = self.monotonic
        machine.pause = lambda _, seconds: self.go_on(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared(Shared):
    time: Time

    def wait(self, seconds: float) -> None:
        if self.stop.is_set():
            raise Interrupted("stopped")
        self.time.wait(seconds)
