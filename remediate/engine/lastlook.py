"""Hosts that did not end well, or were changed, read once more at the end of their walk: how each is left now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from remediate.connections.endpoint import impatient
from remediate.engine.control import Control
from remediate.engine.outcome import Tally
from remediate.engine.params import bind
from remediate.engine.registry import LoadedModule
from remediate.engine.standing import stands
from remediate.engine.worker import Worker
from remediate.errors import Interrupted
from remediate.events import Emit, StepFinished, StepStarted
from remediate.model import Mode, Outcome, Result, Standing, State, Status, Step

TASK = "Last look"
ADDRESS = "last look"
SECONDS = 90.0
"""What one may take; after a second Ctrl-C ``HURRIED``, and ``CONNECT`` of it for each step of connecting."""
HURRIED = 8.0
REFUSED = "the log-in was refused, and not tried again"
CONNECT = 4.0


def is_last_look(address: str) -> bool:
    """Whether a step of this address is one: no part of the walk, so never told to it again."""
    return address.startswith(f"{ADDRESS}@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """The host's last step of a module that can say how it stands, and what such steps saw first and last."""

    step: Step
    module: LoadedModule
    first: State
    last: State


class LastLooks:
    """Who is to be looked at again, and doing it. ``late``: a worker who goes on after ``abort``."""

    def __init__(
        self,
        *,
        mode: Mode,
        control: Control,
        emit: Emit,
        worker: Worker,
        late: Callable[[], AbstractContextManager[Worker]],
        abort: threading.Event,
    ) -> None:
        self._mode = mode
        self._control = control
        self._emit = emit
        self._worker = worker
        self._late = late
        self._abort = abort
        self._watched: dict[str, Watch] = {}

    def note(self, step: Step, module: LoadedModule, result: Result) -> None:
        """A step was performed, or recalled."""
        if module.standing is None or step.no_log or step.endpoint is None:
            return
        before = self._watched.get(step.on)
        first = before.first if before and before.first else result.before
        last = result.after or (before.last if before else {})
        self._watched[step.on] = Watch(step=step, module=module, first=first, last=last)

    def due(self, tally: Tally, *, over: bool) -> Callable[[], None] | None:
        """What is left to do for a host whose walk has ended; ``over``: no further play is for it."""
        gone = over or tally.fatal is not None or bool(tally.cut_short)
        watch = self._watched.pop(tally.host, None) if gone else self._watched.get(tally.host)
        if watch is None or tally.now is not None or not self._control.last_look(tally.host):
            return None
        begun = tally.touched or tally.earlier.begun
        outcome = tally.summary(self._mode).outcome
        if self._mode is Mode.CHECK:
            return self._from_memory(tally, watch, alerts=not (outcome.bad or outcome is Outcome.PENDING))
        if not (outcome.bad or (begun and (over or outcome is Outcome.DEFERRED))):
            return self._from_memory(tally, watch, alerts=True) if over and not begun else None
        away = tally.fatal if tally.fatal is not None and tally.fatal.status is Status.UNREACHABLE else None
        if away is not None and (away.refused or not watch.first):  # another log-in would only be one more that fails
            why = REFUSED if away.refused else away.message
            return lambda: tally.look(Standing(unread=why))
        return lambda: self._look(tally, watch, once=away is not None)

    def _from_memory(self, tally: Tally, watch: Watch, *, alerts: bool) -> Callable[[], None] | None:
        """Where nothing was changed, what was seen a moment ago is how the host stands.

        ``alerts``: it ends well, and is told of only where something is wrong all the same (a restart is due).
        """
        now = _from_memory(watch) if watch.last else None
        return None if now is None or (alerts and not now.alerts) else lambda: tally.look(now)

    def _look(self, tally: Tally, watch: Watch, *, once: bool) -> None:
        step = replace(watch.step, address=f"{ADDRESS}@{tally.host}", host=tally.host, task=TASK, used=False)
        self._emit(StepStarted(host=step.host, task=step.task, address=step.address, module=step.module))
        result = self._read(step, watch.first, once=once)
        tally.look(result.now or Standing(unread=result.message))
        self._control.record(step, result)
        self._control.judged(result)
        self._emit(StepFinished(result=result))

    def _read(self, step: Step, first: State, *, once: bool) -> Result:
        assert step.endpoint is not None
        own = step.endpoint
        if not self._abort.is_set():
            patience = replace(step, endpoint=impatient(own) if once else own, timeout=SECONDS)
            try:
                return self._worker.look_last(patience, first)
            except Interrupted:  # a second Ctrl-C meanwhile
                pass
        with self._late() as worker:
            return worker.look_last(replace(step, endpoint=impatient(own, CONNECT), timeout=HURRIED), first)


def _from_memory(watch: Watch) -> Standing:
    step = watch.step
    params = bind(step.module, watch.module.params_type, step.params, lambda _: step.source)
    return stands(watch.module, params, watch.first, watch.last)
