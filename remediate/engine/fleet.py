"""Many walks at once: lockstep or free, a bounded number of hosts in flight, thresholds, and stops that tidy up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from remediate.engine.runner import Runner
from remediate.engine.stop import interrupted
from remediate.engine.walk import Move, Walk, Walker
from remediate.errors import Interrupted
from remediate.events import Emit, StepStarted, Warned
from remediate.model import Mode, Result, Status, Step

Perform = Callable[[Move], "Result | None"]
DONE = "before it was done"
MOST = 10
"""Hosts that are named when a stop has to wait for them."""
ENOUGH = "not finished: too many other hosts of the play failed"


@dataclass(slots=True, kw_only=True)
class Batch:
    """The hosts of one batch of one play, walked together. Walks run in the caller's thread, Steps by the runner."""

    walkers: Sequence[Walker]
    perform: Perform
    runner: Callable[[int], AbstractContextManager[Runner]]
    """Made for as many Steps at once as ``forks`` says."""
    emit: Emit
    free: bool
    forks: int
    stop: threading.Event
    """Set: no new Step begins; Steps under way end, and what must always be done."""
    abort: threading.Event
    """Set: Steps under way are left."""
    enough: Callable[[], bool]
    """True when so many hosts failed that the play must stop."""
    put_off: Callable[[Step, str], Result | None]
    """Notes that a Step is not begun, and why; None where that cannot be noted, and the host is left where it is."""
    ended: Callable[[Walker], Callable[[], None] | None]
    """What is left to do for a host whose walk is over: a last look, where one is due."""
    _walks: dict[str, Walk] = field(default_factory=dict)
    _waiting: dict[str, Move] = field(default_factory=dict)
    _flying: dict[Future[Result | None], Move] = field(default_factory=dict)
    _looks: list[Callable[[], None]] = field(default_factory=list)
    _looking: set[Future[None]] = field(default_factory=set)
    _landed: SimpleQueue[Future[Any]] = field(default_factory=SimpleQueue)
    """What has come to its end, in that order."""
    _by_host: dict[str, Walker] = field(default_factory=dict)
    _ender: Walker | None = None
    """Whose walk ended the play for all."""
    _told: bool = False

    def __post_init__(self) -> None:
        self._by_host = {walker.host: walker for walker in self.walkers}

    def run(self) -> str:
        """Walk every host to its end. Who ended the play for all, and where; "" when nobody did."""
        queue = list(self.walkers)
        with self.runner(self.forks) as runner:
            self._admit(queue)
            self._drive(runner, queue)
            for walker in self.walkers:
                if walker.host in self._waiting or walker in queue:
                    self._cut(walker, self._waiting.get(walker.host))
            self._waiting.clear()
            self._drive(runner, [])
        self._close()
        return self._ended()

    def _drive(self, runner: Runner, queue: list[Walker]) -> None:
        """Until nobody moves any more: all have ended, or those left wait for a turn that does not come."""
        while True:
            self._tell()
            if not self._halted():
                self._launch(runner)
            elif not self.abort.is_set():
                self._wind_up(runner)
            while self._looks:
                look = runner.submit(self._looks.pop())
                self._looking.add(look)
                look.add_done_callback(self._landed.put)
            if not (self._flying or self._looking):
                return
            for future in self._at_their_end():
                if future in self._flying:
                    self._land(future)
                else:
                    self._looking.discard(future)
                    future.result()
            if not self._halted():
                self._admit(queue)

    def _at_their_end(self) -> list[Future[Any]]:
        """Waits for the first, for half a second at most: a stop may be asked for meanwhile."""
        done = []
        with suppress(Empty):
            done.append(self._landed.get(timeout=0.5))
            while True:
                done.append(self._landed.get_nowait())
        return done

    def _tell(self) -> None:
        """Once, when a stop is asked for: what it has to wait for."""
        if not self.stop.is_set() or self._told:
            return
        self._told = True
        moves = [f"{move.host}: {move.task.name}" for move in self._flying.values() if move.step is not None]
        if moves:
            steps = "step" if len(moves) == 1 else "steps"
            more = f" and {len(moves) - MOST} more" if len(moves) > MOST else ""
            self.emit(Warned(text=f"stopping: waiting for the {steps} under way: {', '.join(moves[:MOST])}{more}"))

    def _halted(self) -> bool:
        return self.stop.is_set() or self.enough() or bool(self._ended())

    def _why(self) -> str:
        return interrupted(self.stop, DONE) if self.stop.is_set() else ENOUGH if self.enough() else ""

    def _wind_up(self, runner: Runner) -> None:
        """Nothing more begins, but what must always be done is done: a host inside such a block goes on to it."""
        owing = True
        while owing:
            owing = False
            for move in list(self._waiting.values()):
                walker = self._walker(move.host)
                if walker.finishing:
                    owing = self._take(runner, move) or owing
                elif walker.owed:
                    owing = self._pass_over(walker, move) or owing

    def _pass_over(self, walker: Walker, move: Move) -> bool:
        """The host's turn goes by unused; False when it stays where it is."""
        answer = self.put_off(move.step, self._why() or "the play was ended") if move.step is not None else None
        if move.step is not None and answer is None:
            return False
        if move.wait:
            answer = unwaited(move)
        self._left(walker, move)
        del self._waiting[move.host]
        self._next(move.host, self._walks[move.host], answer)
        return True

    def _cut(self, walker: Walker, move: Move | None) -> None:
        self._left(walker, move)
        self._over(walker)

    def _left(self, walker: Walker, move: Move | None) -> None:
        """The host does not come to its end. One that stands where another ended the play ends it as well."""
        tally, ender = walker.tally, self._ender
        if self._why() or ender is None:
            tally.cut_short = tally.cut_short or self._why()
        elif move is None or move.task is not ender.play_ended:
            state = "not finished" if walker.host in self._walks else "not begun"
            tally.passed_over = tally.passed_over or f"{state}: {self._ended()}"

    def _over(self, walker: Walker) -> None:
        if look := self.ended(walker):
            self._looks.append(look)

    def _ended(self) -> str:
        if self._ender is None or self._ender.play_ended is None:
            return ""
        return f"{self._ender.host} ended the play for all hosts at {self._ender.play_ended.source}"

    def _admit(self, queue: list[Walker]) -> None:
        """Start walks: all of them in lockstep, as many as there are places when free."""
        while queue and not (self.free and len(self._waiting) + len(self._flying) >= self.forks):
            walker = queue.pop(0)
            walk = self._walks[walker.host] = walker.walk()
            self._next(walker.host, walk, None, first=True)

    def _launch(self, runner: Runner) -> None:
        """Give every host whose turn it is its Step; the controller's own work is done at once."""
        while not self._halted() and (ready := self._ready()):
            for move in ready:
                self._take(runner, move)

    def _take(self, runner: Runner, move: Move) -> bool:
        """One host's turn; True when it stands before its next one already."""
        del self._waiting[move.host]
        if move.step is None and not move.wait:
            self._next(move.host, self._walks[move.host], None)
            return True
        if move.step is not None:
            step = move.step
            self.emit(StepStarted(host=step.host, task=step.task, address=step.address, module=step.module))
        future = runner.submit(self.perform, move)
        self._flying[future] = move
        future.add_done_callback(self._landed.put)
        return False

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
            walker = self._walker(move.host)
            walker.tally.cut_short = interrupted(self.stop, DONE)
            if move.step is not None and move.step.mode is Mode.APPLY:
                walker.tally.left_in = move.task.name
            self._walks.pop(move.host).close()
            self._over(walker)
            return
        if move.step is None and result is not None:
            walker = self._walker(move.host)
            walker.tally.cut_short = walker.tally.cut_short or interrupted(self.stop, DONE)
        self._next(move.host, self._walks[move.host], result)

    def _next(self, host: str, walk: Walk, answer: Result | None, *, first: bool = False) -> None:
        try:
            self._waiting[host] = next(walk) if first else walk.send(answer)
        except StopIteration:
            self._walks.pop(host, None)
            walker = self._walker(host)
            if self._ender is None and walker.play_ended is not None:
                self._ender = walker
            self._over(walker)

    def _walker(self, host: str) -> Walker:
        return self._by_host[host]

    def _close(self) -> None:
        for walk in self._walks.values():
            walk.close()


def unwaited(move: Move) -> Result:
    """The answer to a wait that was not waited to its end."""
    return Result(address="", host=move.host, task=move.task.name, module=move.task.action, status=Status.DEFERRED,
                  message=f"interrupted {DONE}")  # fmt: skip


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
