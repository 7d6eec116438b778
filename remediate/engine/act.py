"""Step, Changes -> Result: apply what was seen and permitted, then inspect and compare again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from remediate.connections.base import Session
from remediate.engine.faults import ended, listing, said_of
from remediate.engine.look import shown
from remediate.engine.registry import LoadedModule
from remediate.errors import Blocked, Deferred, Interrupted, Unreachable
from remediate.model import Fate, Json, Result, Status

Warranted = Callable[[], AbstractContextManager[None]]
"""Whatever leaves for the host within is proved once more."""


def act(module: LoadedModule, params: object, session: Session, result: Result, warranted: Warranted) -> Result:
    """Carry out the Changes and prove them. Blocked means that its Change was not begun, another error that it was."""
    assert module.apply is not None
    extra: dict[str, Json] = {}
    fates: list[Fate] = []
    try:
        for change in result.changes:
            with warranted():
                extra |= dict(module.apply(session, change, params) or {})
            result = replace(result, touched=True)
            fates.append(Fate.DONE)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - modules are plug-ins; whatever it was, the host is read again
        fates.append(Fate.UNBEGUN if isinstance(error, Blocked | Deferred) else Fate.TRIED)
        result = unbegun(result, fates)
        return ended(_read_again(module, session, params, result, error), error, module)
    result = replace(result, status=Status.CHANGED, extra=extra, fates=tuple(fates))
    return result if module.action else _proved(module, session, params, result)


def unbegun(result: Result, fates: Sequence[Fate] = ()) -> Result:
    """What became of the first Changes; nothing further was begun."""
    return replace(result, fates=(*fates, *(Fate.UNBEGUN,) * (len(result.changes) - len(fates))))


def _read_again(module: LoadedModule, session: Session, params: object, result: Result, error: Exception) -> Result:
    """After a failure: what is there now, so that nobody takes for the present what was seen before."""
    begun = replace(result, touched=result.touched or not isinstance(error, Blocked | Deferred))
    if module.action or isinstance(error, Unreachable):
        return begun
    try:
        after = module.inspect(session, params)
        touched = begun.touched and (result.touched or after != result.before)
        return shown(module, replace(result, after=after, touched=touched), after, params)
    except Interrupted:
        raise
    except Exception as trouble:  # noqa: BLE001 - the first error is the one to report
        note = f"could not be read again afterwards: {said_of(trouble, module)}"
        return replace(begun, notes=(*begun.notes, note))


def _proved(module: LoadedModule, session: Session, params: object, result: Result) -> Result:
    """Inspect and diff again: what differs after apply is a failure, whatever the exit code said."""
    try:
        after = module.inspect(session, params)
        left = module.diff(after, params)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - modules are plug-ins; what was done must be told all the same
        return ended(replace(result, fates=(Fate.TRIED,) * len(result.changes)), error, module)
    result = shown(module, replace(result, after=after), after, params)
    if not left:
        return result
    open_still = {change.target for change in left}
    proved = tuple(Fate.TRIED if change.target in open_still else Fate.DONE for change in result.changes)
    result = replace(result, fates=proved)
    message = "applied, but reading it back still shows a difference: " + listing(left)
    return replace(result, status=Status.FAILED, message=message, remedy="; ".join(c.why for c in left if c.why))
