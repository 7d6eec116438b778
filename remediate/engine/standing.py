"""One host read once more at the end of its walk: how it is left now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from remediate.connections.base import Session
from remediate.engine.faults import blank, ended, said_of
from remediate.engine.limit import limit
from remediate.engine.look import shown
from remediate.engine.registry import LoadedModule
from remediate.errors import HostError, Interrupted, Unreachable
from remediate.model import Endpoint, Json, Result, Standing, State, Step


def look_last(
    step: Step, module: LoadedModule, params: object, first: State, connect: Callable[[Endpoint], Session]
) -> Result:
    """Read the host within the Step's ``timeout``. Only ``Interrupted`` is raised."""
    result, begun = blank(step), time.monotonic()
    try:
        state = _state(step, module, params, connect)
        now = stands(module, params, first, state)
        result = shown(module, replace(result, before=state, after=state), state, params)
        told: dict[str, Json] = {"now": dict(now.data)}
        result = replace(result, now=now, message=now.line, remedy=now.remedy, extra=told)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - whatever keeps a host from being read, the others are read
        result = ended(result, error, module)
        unread = Standing(unread=result.message)
        result = replace(result, now=unread, message=unread.line)
    return replace(result, seconds=time.monotonic() - begun)


def _state(step: Step, module: LoadedModule, params: object, connect: Callable[[Endpoint], Session]) -> State:
    assert step.endpoint is not None
    session = connect(step.endpoint)
    with limit(session, step.timeout) as over:
        try:
            return module.inspect(session, params)
        except HostError as error:
            if not over.is_set():
                raise
            late = f"it did not answer within {step.timeout:g} s"
            raise Unreachable(late, kind="timeout", hint=error.hint) from None


def stands(module: LoadedModule, params: object, first: State, state: State) -> Standing:
    """The module's word for it; a module that cannot say it is no reason to lose the rest."""
    assert module.standing is not None
    try:
        return module.standing(first or state, state, params)
    except Exception as error:  # noqa: BLE001 - modules are plug-ins, and what they judge comes from hosts
        return Standing(unread=said_of(error, module))
