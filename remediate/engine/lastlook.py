"""Hosts that did not end well, or were changed, read once more at the end of their walk: how each is left now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from remediate.connections.endpoint import impatient
from remediate.engine.control import Control
from remediate.engine.outcome import Tally
from remediate.engine.params import bind
from remediate.engine.perform import SessionStore, ended, limit, seen
from remediate.engine.registry import LoadedModule
from remediate.errors import HostError, Interrupted, Unreachable
from remediate.events import Emit, StepFinished, StepStarted
from remediate.model import Endpoint, Json, Mode, Outcome, Result, Standing, State, Status, Step

TASK = "Last look"
ADDRESS = "last look"
SECONDS = 90.0
"""What one may take; after a second Ctrl-C ``HURRIED``, and ``CONNECT`` of it for each step of connecting."""
HURRIED = 8.0
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
    """Who is to be looked at again, and doing it. ``late``: sessions that live on after ``abort``."""

    def __init__(
        self,
        *,
        mode: Mode,
        control: Control,
        emit: Emit,
        sessions: SessionStore,
        late: Callable[[], AbstractContextManager[SessionStore]],
        abort: threading.Event,
    ) -> None:
        self._mode = mode
        self._control = control
        self._emit = emit
        self._sessions = sessions
        self._late = late
        self._abort = abort
        self._watched: dict[str, Watch] = {}

    def note(self, step: Step, module: LoadedModule, result: Result) -> None:
        """A step was performed, or recalled."""
        if module.standing is None or step.no_log or step.endpoint is None:
            return
        before = self._watched.get(step.host)
        first = before.first if before and before.first else result.before
        last = result.after or (before.last if before else {})
        self._watched[step.host] = Watch(step=step, module=module, first=first, last=last)

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
        if away is not None and not watch.first:  # never reached: another log-in would only be one more that fails
            return lambda: tally.look(Standing(unread=away.message))
        return lambda: self._look(tally, watch, once=away is not None)

    def _from_memory(self, tally: Tally, watch: Watch, *, alerts: bool) -> Callable[[], None] | None:
        """Where nothing was changed, what was seen a moment ago is how the host stands.

        ``alerts``: it ends well, and is told of only where something is wrong all the same (a restart is due).
        """
        now = stands(watch, watch.last) if watch.last else None
        return None if now is None or (alerts and not now.alerts) else lambda: tally.look(now)

    def _look(self, tally: Tally, watch: Watch, *, once: bool) -> None:
        step = replace(watch.step, address=f"{ADDRESS}@{tally.host}", task=TASK, used=False, timeout=0.0)
        watch = replace(watch, step=step)
        self._emit(StepStarted(host=step.host, task=step.task, address=step.address, module=step.module))
        result = self._read(watch, once=once)
        self._control.record(step, result)
        tally.look(result.now or Standing(unread=result.message))
        self._emit(StepFinished(result=result))

    def _read(self, watch: Watch, *, once: bool) -> Result:
        assert watch.step.endpoint is not None
        own = watch.step.endpoint
        if not self._abort.is_set():
            try:
                return look(watch, self._sessions, impatient(own) if once else own, SECONDS)
            except Interrupted:  # a second Ctrl-C meanwhile
                once = True
        with self._late() as sessions:
            return look(watch, sessions, impatient(own, CONNECT), HURRIED)


def look(watch: Watch, sessions: SessionStore, endpoint: Endpoint, seconds: float) -> Result:
    """Read the host once more, within ``seconds``. Only ``Interrupted`` is raised."""
    step, module = watch.step, watch.module
    result = Result(address=step.address, host=step.host, task=step.task, module=step.module, status=Status.OK)
    begun = time.monotonic()
    try:
        session = sessions.open(endpoint)
        params = bind(step.module, module.params_type, step.params, lambda _: step.source)
        with limit(session, seconds) as over:
            try:
                state = module.inspect(session, params)
            except HostError as error:
                raise _cut(error, seconds) if over.is_set() else error from None
        now = stands(watch, state)
        result = seen(module, replace(result, before=state, after=state), state, params)
        told: dict[str, Json] = {"now": dict(now.data)}
        result = replace(result, now=now, message=now.line, remedy=now.remedy, extra=told)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever keeps a host from being read, the others are read
        result = ended(module, result, error)
        unread = Standing(unread=result.message)
        result = replace(result, now=unread, message=unread.line)
    return replace(result, seconds=time.monotonic() - begun)


def _cut(error: HostError, seconds: float) -> Unreachable:
    return Unreachable(f"it did not answer within {seconds:g} s", kind="timeout", hint=error.hint)


def stands(watch: Watch, state: State) -> Standing:
    """The module's word for it; a module that cannot say it is no reason to lose the rest."""
    assert watch.module.standing is not None
    params = bind(watch.step.module, watch.module.params_type, watch.step.params, lambda _: watch.step.source)
    try:
        return watch.module.standing(watch.first or state, state, params)
    except Exception as error:  # noqa: BLE001 - modules are plug-ins, and what they judge comes from hosts
        return Standing(unread=ended(watch.module, _empty(watch), error).message)


def _empty(watch: Watch) -> Result:
    step = watch.step
    return Result(address=step.address, host=step.host, task=step.task, module=step.module, status=Status.FAILED)
