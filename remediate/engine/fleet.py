"""Many walks at once: lockstep or free, a bounded number of hosts in flight, thresholds, a stop that loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from remediate.engine.walk import Move, Walk, Walker
from remediate.errors import Interrupted
from remediate.events import Emit, StepStarted
from remediate.model import Result

Perform = Callable[[Move], "Result | None"]


@dataclass(slots=True, kw_only=True)
class Batch:
    """The hosts of one batch of one play, walked together. Walks run in the caller's thread, Steps in the pool."""

    walkers: Sequence[Walker]
    perform: Perform
    emit: Emit
    free: bool
    forks: int
    stop: threading.Event
    """Set: no new Step begins; Steps under way end."""
    enough: Callable[[], bool]
    """True when so many hosts failed that the play must stop."""
    _walks: dict[str, Walk] = field(default_factory=dict)
    _waiting: dict[str, Move] = field(default_factory=dict)
    _flying: dict[Future[Result | None], Move] = field(default_factory=dict)

    def run(self) -> bool:
        """Walk every host to its end. True when a host ended the play for all."""
        queue = list(self.walkers)
        with ThreadPoolExecutor(max_workers=self.forks, thread_name_prefix="host") as pool:
            self._admit(queue)
            while self._waiting or self._flying:
                if not (self.stop.is_set() or self.enough() or self._ended()):
                    self._launch(pool)
                if not self._flying:
                    break
                done, _ = wait(self._flying, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    self._land(future)
                self._admit(queue)
        for walker in self.walkers:
            if walker.host in self._waiting or walker in queue:
                self._cut(walker)
        self._close()
        return self._ended()

    def _cut(self, walker: Walker) -> None:
        if self.stop.is_set():
            walker.tally.cut_short = "interrupted before it was done"
        elif self.enough():
            walker.tally.cut_short = "not finished: too many other hosts of the play failed"

    def _ended(self) -> bool:
        return any(w.play_ended for w in self.walkers)

    def _admit(self, queue: list[Walker]) -> None:
        """Start walks: all of them in lockstep, as many as there are places when free."""
        while queue and not (self.free and len(self._waiting) + len(self._flying) >= self.forks):
            walker = queue.pop(0)
            walk = self._walks[walker.host] = walker.walk()
            self._next(walker.host, walk, None, first=True)

    def _launch(self, pool: ThreadPoolExecutor) -> None:
        """Give every host whose turn it is its Step; the controller's own work is done at once."""
        while ready := self._ready():
            for move in ready:
                del self._waiting[move.host]
                if move.step is None and not move.wait:
                    self._next(move.host, self._walks[move.host], None)
                    continue
                if move.step is not None:
                    step = move.step
                    self.emit(StepStarted(host=step.host, task=step.task, address=step.address, module=step.module))
                self._flying[pool.submit(self.perform, move)] = move

    def _ready(self) -> list[Move]:
        moves = list(self._waiting.values())
        if self.free or not moves:
            return moves
        lowest = min(m.position for m in (*moves, *self._flying.values()))
        return [m for m in moves if m.position == lowest]

    def _land(self, future: Future[Result | None]) -> None:
        move = self._flying.pop(future)
        try:
            result = future.result()
        except Interrupted:
            self._walker(move.host).tally.cut_short = "interrupted before it was done"
            self._walks.pop(move.host).close()
            return
        self._next(move.host, self._walks[move.host], result)

    def _next(self, host: str, walk: Walk, answer: Result | None, *, first: bool = False) -> None:
        try:
            self._waiting[host] = next(walk) if first else walk.send(answer)
        except StopIteration:
            self._walks.pop(host, None)

    def _walker(self, host: str) -> Walker:
        return next(w for w in self.walkers if w.host == host)

    def _close(self) -> None:
        for walk in self._walks.values():
            walk.close()


def batches(hosts: Sequence[str], serial: Sequence[object]) -> list[tuple[str, ...]]:
    """Cut ``hosts`` by Ansible's ``serial``: counts or percentages, the last one repeating. Counts are at least 1."""
    if not serial or not hosts:
        return [tuple(hosts)] if hosts else []
    sizes = [_size(s, len(hosts)) for s in serial]
    cut: list[tuple[str, ...]] = []
    at = 0
    while at < len(hosts):
        size = sizes[min(len(cut), len(sizes) - 1)]
        cut.append(tuple(hosts[at : at + size]))
        at += size
    return cut


def _size(written: object, total: int) -> int:
    text = str(written).strip()
    number = total * float(text[:-1]) / 100 if text.endswith("%") else float(text)
    return max(1, int(number)) if number else total


def too_many(failed: Mapping[str, bool], total: int, percentage: float | None, *, any_fatal: bool) -> bool:
    """The play's threshold, counted over all hosts of the play and not over one batch."""
    bad = sum(failed.values())
    if any_fatal and bad:
        return True
    return percentage is not None and bad * 100 > percentage * total
