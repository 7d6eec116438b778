"""Several controls as one: all must agree, the first that knows an answer gives it; and that of locked hosts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from remediate.engine.control import Control, Earlier, Intent, Mark
from remediate.engine.registry import LoadedModule
from remediate.errors import Blocked, Deferred
from remediate.ledger.rows import Lock
from remediate.model import Result, State, Step


class Several(Control):
    """Asks in the order given; the one that writes down what is permitted comes last.

    ``begun`` is shared with those who want to know it: the hosts on which something was permitted to be changed.
    """

    def __init__(self, controls: Sequence[Control], begun: set[str]) -> None:
        self._controls = tuple(controls)
        self._begun = begun
        self._first: dict[str, bool] = {}

    def enter(self, host: str, window: str) -> None:
        for control in self._controls:
            control.enter(host, window)

    def earlier(self, host: str) -> Earlier:
        found = (control.earlier(host) for control in self._controls)
        return next((earlier for earlier in found if earlier != Earlier()), Earlier())

    def recall(self, step: Step, module: LoadedModule) -> Result | None:
        found = (control.recall(step, module) for control in self._controls)
        return next((result for result in found if result is not None), None)

    def recalling(self, host: str) -> bool:
        return any(control.recalling(host) for control in self._controls)

    def nothing_left(self, step: Step, result: Result) -> Result:
        for control in self._controls:
            result = control.nothing_left(step, result)
        return result

    def mark(self, host: str, what: Mark) -> None:
        for control in self._controls:
            control.mark(host, what)

    def last_look(self, host: str) -> bool:
        return all(control.last_look(host) for control in self._controls)

    def observe(self, step: Step, inspect: Callable[[], State]) -> State:
        for control in reversed(self._controls):
            inspect = _through(control, step, inspect)
        return inspect()

    def permit(self, intent: Intent) -> None:
        host = intent.step.on
        for control in self._controls:
            control.permit(intent)
        if intent.changes:
            self._first[host] = host not in self._begun
            self._begun.add(host)

    def prove(self, intent: Intent, *, deed: bool) -> None:
        host = intent.step.on
        try:
            for control in self._controls:
                control.prove(intent, deed=deed)
        except (Blocked, Deferred):
            if self._first.get(host):
                self._begun.discard(host)
            raise

    def left(self, intent: Intent) -> None:
        self._first[intent.step.on] = False
        for control in self._controls:
            control.left(intent)

    def record(self, step: Step, result: Result) -> None:
        if self._first.pop(step.on, False):  # permitted, and nothing has left
            self._begun.discard(step.on)
        for control in self._controls:
            control.record(step, result)

    def judged(self, result: Result) -> None:
        for control in self._controls:
            control.judged(result)


def _through(control: Control, step: Step, inspect: Callable[[], State]) -> Callable[[], State]:
    return lambda: control.observe(step, inspect)


class Locked(Control):
    """``held``: who holds which host. None of them is contacted, and the table says who holds it."""

    def __init__(self, held: Mapping[str, Lock]) -> None:
        self._held = held

    def enter(self, host: str, window: str) -> None:
        lock = self._held.get(host)
        if lock is not None:
            bound = f"; its window is {window}" if window else ""
            raise Blocked(
                f"{lock.sentence()}{bound}",
                f"let it end; if nobody works there any more: remediate runs unlock {host} --reason TEXT",
            )
