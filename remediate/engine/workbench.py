"""Where Steps are worked on: the modules and live sessions of one process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Protocol, cast

from remediate.connections.base import Say, Session
from remediate.connections.warrant import Warrant
from remediate.engine.act import Warranted, act, unbegun
from remediate.engine.faults import blank, broken, ended
from remediate.engine.limit import limit
from remediate.engine.look import compare, look, unseen
from remediate.engine.params import bind
from remediate.engine.registry import LoadedModule, Registry
from remediate.engine.standing import look_last
from remediate.engine.worker import Line, Seen
from remediate.errors import Interrupted, Unreachable
from remediate.model import Endpoint, Result, State, Status, Step


class SessionStore(Protocol):
    """Where sessions come from: one live session per host behind it."""

    def open(self, endpoint: Endpoint) -> Session: ...

    def watch(self, host: str, say: Say) -> None: ...

    def warrant(self, host: str, warrant: Warrant | None) -> None: ...

    def reset(self, host: str) -> None:
        """Hang up; the next use connects anew."""


@dataclass(frozen=True, slots=True)
class _Hands:
    """What a module works with, and whether the time for it is over."""

    session: Session
    over: threading.Event


class Workbench:
    """The ``Worker`` of this process."""

    def __init__(self, registry: Registry, sessions: SessionStore) -> None:
        self._registry = registry
        self._sessions = sessions
        self._bound: dict[str, tuple[Step, LoadedModule, object]] = {}
        """By host: the Step that was looked at last, its module and arguments; what is done comes right after."""

    def look(self, step: Step, line: Line) -> Seen:
        try:
            module, params = self._tools(step)
        except Exception as error:  # noqa: BLE001 - wrong arguments, or a module that does not load here
            return Seen(result=broken(blank(step), error, step.source), over=True, unread=True)
        try:
            with self._hands(step, module, line, step.timeout) as hands:
                begun = hands.session.now() if module.needs_session else 0.0
                seen = look(step, module, params, hands.session)
                spent = hands.session.now() - begun if module.needs_session else 0.0
                result = _told(seen.result, step, module, hands)
        except Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - no session could be had
            return unseen(step, module, error)
        return replace(seen, result=result, seconds=spent)

    def compare(self, step: Step, state: State) -> Seen:
        try:
            module, params = self._tools(step)
        except Exception as error:  # noqa: BLE001 - as above
            return Seen(result=broken(blank(step), error, step.source), over=True, unread=True)
        return compare(step, module, params, state)

    def act(self, step: Step, seen: Seen, line: Line) -> Result:
        left = step.timeout - seen.seconds if step.timeout else 0.0
        if left < 0:
            return _late(unbegun(seen.result), step)
        try:
            module, params = self._tools(step)
        except Exception as error:  # noqa: BLE001 - as above; nothing was begun
            return broken(unbegun(seen.result), error, step.source)
        try:
            with self._hands(step, module, line, left) as hands:
                warranted = self._warranted(step, module, line)
                result = act(module, params, hands.session, seen.result, warranted)
                return _told(result, step, module, hands)
        except Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - no session could be had: nothing was begun
            return ended(unbegun(seen.result), error, module)

    def look_last(self, step: Step, first: State) -> Result:
        try:
            module, params = self._tools(step)
            return look_last(step, module, params, first, self._sessions.open)
        except Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - what keeps a host from being read keeps no other from it
            return broken(blank(step), error, step.source)

    def reset(self, host: str) -> None:
        self._sessions.reset(host)

    def _tools(self, step: Step) -> tuple[LoadedModule, object]:
        kept = self._bound.get(step.on)
        if kept is not None and kept[0] is step:
            return kept[1:]
        module = self._registry.load(step.module, step.source)
        params = bind(step.module, module.params_type, step.params, lambda _: step.source)
        self._bound[step.on] = (step, module, params)
        return module, params

    @contextmanager
    def _hands(self, step: Step, module: LoadedModule, line: Line, seconds: float) -> Iterator[_Hands]:
        if not module.needs_session:
            yield _Hands(cast("Session", None), threading.Event())  # pure modules never touch it
            return
        if step.endpoint is None:
            raise Unreachable("this host has no endpoint", kind="unknown", hint="give it ansible_host")
        self._sessions.watch(step.on, line.say)
        try:
            session = self._sessions.open(step.endpoint)
            with limit(session, seconds) as over:
                yield _Hands(session, over)
        finally:
            self._sessions.watch(step.on, _nobody)

    def _warranted(self, step: Step, module: LoadedModule, line: Line) -> Warranted:
        """One warrant for all Changes of the Step: what follows up the first of them is no deed."""
        warrant = Warrant(line.prove, line.left)

        @contextmanager
        def warranted() -> Iterator[None]:
            self._sessions.warrant(step.on, warrant)
            try:
                yield
            finally:
                self._sessions.warrant(step.on, None)

        return warranted if module.needs_session else nullcontext


def _told(result: Result, step: Step, module: LoadedModule, hands: _Hands) -> Result:
    """With what the session has to say, and what the task's time limit has."""
    if hands.over.is_set() and result.status in (Status.FAILED, Status.UNREACHABLE):
        result = _late(result, step)
    notes = hands.session.notes if module.needs_session else ()
    return replace(result, notes=tuple(dict.fromkeys((*result.notes, *notes)))) if notes else result


def _late(result: Result, step: Step) -> Result:
    return ended(result, TimeoutError(f"not done within the task's timeout of {step.timeout:g} s"))


def _nobody(text: str, done: float, total: float, unit: str) -> None:
    """Hears progress nobody watches."""
