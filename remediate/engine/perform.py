"""One Step -> one Result: inspect, diff, apply, inspect and diff again.

Picklable in and out, but for secrets: who sends a Step elsewhere seals them.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from remediate.connections.base import Bounded, Say, Session
from remediate.connections.warrant import Warrant
from remediate.engine.control import Control, Intent
from remediate.engine.faults import OURS, blank, broken, unforeseen
from remediate.engine.params import bind
from remediate.engine.registry import LoadedModule, Registry
from remediate.errors import (
    Blocked,
    Deferred,
    Failed,
    HostError,
    Interrupted,
    NotApplicable,
    RemediateError,
    Unreachable,
    UserError,
)
from remediate.events import Emit, Progress
from remediate.model import Certainty, Change, Endpoint, Fate, Json, Mode, Result, State, Status, Step

ITS_OWN = "this is a fault in the module, not on the host: report it"


class SessionStore(Protocol):
    """Where ``perform`` takes its sessions from: one live session per host behind it."""

    def open(self, endpoint: Endpoint) -> Session: ...

    def watch(self, host: str, say: Say) -> None: ...

    def warrant(self, host: str, warrant: Warrant | None) -> None: ...

    def reset(self, host: str) -> None:
        """Hang up; the next use connects anew."""


def perform(
    step: Step, registry: Registry, sessions: SessionStore, emit: Emit, control: Control | None = None
) -> Result:
    """Carry out ``step``. Trouble becomes a Result; wrong arguments and ``Interrupted`` are raised."""
    control = control or Control()
    empty = blank(step)
    try:
        module = registry.load(step.module, step.source)
        recalled = control.recall(step, module)
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing was begun
        return broken(empty, error, step.source)
    if recalled is not None:
        return recalled
    begun = time.monotonic()
    result = _performed(step, module, sessions, emit, control, empty)
    result = replace(result, seconds=time.monotonic() - begun)
    try:
        control.record(step, result)
    except Exception as error:  # noqa: BLE001 - the deed is done, and is told
        return _unwritten(result, error)
    return result


def _unwritten(result: Result, error: Exception) -> Result:
    """Going on would leave no proof: the host ends here."""
    said = error.message if isinstance(error, RemediateError) else unforeseen(error)
    told = f"{result.message}; " if result.message else ""
    message = f"{told}it ended ({result.status.value}), and that could not be written down: {said}"
    return replace(result, status=Status.FAILED, message=message, remedy=getattr(error, "hint", "") or OURS)


def _performed(
    step: Step, module: LoadedModule, sessions: SessionStore, emit: Emit, control: Control, result: Result
) -> Result:
    params = bind(step.module, module.params_type, step.params, lambda _: step.source)

    def say(text: str, done: float, total: float, unit: str) -> None:
        emit(Progress(host=step.host, text="(hidden: no_log)" if step.no_log else text, done=done, total=total,
                      unit=unit))  # fmt: skip

    session: Session | None = None
    try:
        if module.needs_session:
            if step.endpoint is None:
                raise Unreachable("this host has no endpoint", kind="unknown", hint="give it ansible_host")
            sessions.watch(step.host, say)
            session = sessions.open(step.endpoint)
        with limit(session, step.timeout) as over:
            try:
                result = _cycle(module, session, params, step, result, control, sessions)
            except HostError as error:
                result = _bad(result, error)
        if over.is_set() and result.status in (Status.FAILED, Status.UNREACHABLE):
            result = _bad(result, TimeoutError(f"not done within the task's timeout of {step.timeout:g} s"))
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - modules are plug-ins: a fault in one must not end the other hosts
        result = ended(module, result, error)
    finally:
        if module.needs_session:
            sessions.watch(step.host, _nobody)
    notes = dict.fromkeys((*result.notes, *(session.notes if session else ())))
    return replace(result, notes=tuple(notes))


def _cycle(
    module: LoadedModule,
    session: Session | None,
    params: object,
    step: Step,
    result: Result,
    control: Control,
    sessions: SessionStore,
) -> Result:
    hands: Session = session  # type: ignore[assignment]  # pure modules (NEEDS session: no) never touch it
    before = control.observe(step, lambda: module.inspect(hands, params))
    result = seen(module, replace(result, before=before, after=before), before, params)
    try:
        changes = tuple(module.diff(before, params))
    except (Blocked, NotApplicable) as verdict:
        return _bad(result, verdict)
    if step.mode is Mode.CHECK:
        return replace(result, changes=changes, status=Status.PENDING) if changes else result
    try:
        _refuse_inapplicable(module, changes)
        control.permit(intent := Intent(step=step, module=module, before=before, changes=changes))
    except (Blocked, Deferred) as verdict:
        return _bad(replace(result, changes=changes, fates=(Fate.UNBEGUN,) * len(changes)), verdict)
    if not changes:
        return control.nothing_left(step, result)
    warrant = Warrant(lambda deed: control.prove(intent, deed=deed), lambda: control.left(intent))
    warranted = _Warranted(sessions, step.host if session else "", warrant)
    return _applied(module, hands, params, replace(result, changes=changes), warranted)


@dataclass(frozen=True, slots=True)
class _Warranted:
    """Whatever leaves for the host within is proved once more; "" is no host."""

    sessions: SessionStore
    host: str
    warrant: Warrant

    def __enter__(self) -> None:
        if self.host:
            self.sessions.warrant(self.host, self.warrant)

    def __exit__(self, *_: object) -> None:
        if self.host:
            self.sessions.warrant(self.host, None)


def _refuse_inapplicable(module: LoadedModule, changes: Sequence[Change]) -> None:
    """Before anybody is asked whether they may be made: Changes nobody can make."""
    if changes and module.apply is None:
        raise Blocked(f"{module.name} found a difference and can only look", _listing(changes))
    for change in changes:
        if change.certainty is not Certainty.KNOWN:
            raise Blocked(change.why or f"{change.target} depends on an earlier step that did not bring it about",
                          "see why the earlier step left it so, then run again")  # fmt: skip


def _applied(module: LoadedModule, session: Session, params: object, result: Result, warranted: _Warranted) -> Result:
    """Carry out the Changes and prove them. Blocked means that its Change was not begun, another error that it was."""
    assert module.apply is not None
    extra: dict[str, Json] = {}
    fates: list[Fate] = []
    try:
        for change in result.changes:
            with warranted:
                extra |= dict(module.apply(session, change, params) or {})
            result = replace(result, touched=True)
            fates.append(Fate.DONE)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - modules are plug-ins; whatever it was, the host is read again
        fates.append(Fate.UNBEGUN if isinstance(error, Blocked | Deferred) else Fate.TRIED)
        unbegun = (Fate.UNBEGUN,) * (len(result.changes) - len(fates))
        result = replace(result, fates=(*fates, *unbegun))
        return ended(module, _read_again(module, session, params, result, error), error)
    result = replace(result, status=Status.CHANGED, extra=extra, fates=tuple(fates))
    return result if module.action else _proved(module, session, params, result)


def _read_again(module: LoadedModule, session: Session, params: object, result: Result, error: Exception) -> Result:
    """After a failure: what is there now, so that nobody takes for the present what was seen before."""
    begun = replace(result, touched=result.touched or not isinstance(error, Blocked | Deferred))
    if module.action or isinstance(error, Unreachable):
        return begun
    try:
        after = module.inspect(session, params)
        touched = begun.touched and (result.touched or after != result.before)
        return seen(module, replace(result, after=after, touched=touched), after, params)
    except Interrupted:
        raise
    except Exception as trouble:  # noqa: BLE001 - the first error is the one to report
        said = trouble.message if isinstance(trouble, RemediateError) else _fault(module, trouble)
        return replace(begun, notes=(*begun.notes, f"could not be read again afterwards: {said}"))


def _proved(module: LoadedModule, session: Session, params: object, result: Result) -> Result:
    """Inspect and diff again: what differs after apply is a failure, whatever the exit code said."""
    try:
        after = module.inspect(session, params)
        left = module.diff(after, params)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - modules are plug-ins; what was done must be told all the same
        return ended(module, replace(result, fates=(Fate.TRIED,) * len(result.changes)), error)
    result = seen(module, replace(result, after=after), after, params)
    if not left:
        return result
    open_still = {change.target for change in left}
    proved = tuple(Fate.TRIED if change.target in open_still else Fate.DONE for change in result.changes)
    result = replace(result, fates=proved)
    message = "applied, but reading it back still shows a difference: " + _listing(left)
    return replace(result, status=Status.FAILED, message=message, remedy="; ".join(c.why for c in left if c.why))


def seen(module: LoadedModule, result: Result, state: State, params: object) -> Result:
    columns = dict(result.columns)
    for key, cell in (module.columns(state, params) if module.columns else {}).items():
        if cell:
            columns[key] = columns["before"] if key == "before" and "before" in columns else cell
    noted = state.get("_notes")
    own = tuple(_note(n) for n in noted[:50]) if isinstance(noted, list) else ()
    said = tuple(module.notes(state, params)) if module.notes else ()
    return replace(result, columns=columns, notes=tuple(dict.fromkeys((*result.notes, *said, *own))))


def ended(module: LoadedModule, result: Result, error: Exception) -> Result:
    """How an error ends the Step; what no module raises on purpose is a fault in it."""
    if isinstance(error, HostError | UserError):
        return _bad(result, error)
    frames = traceback.extract_tb(error.__traceback__)
    its_own = any(frame.filename == str(module.file) for frame in frames)
    return replace(result, status=Status.FAILED, message=_fault(module, error), remedy=ITS_OWN if its_own else OURS)


def _fault(module: LoadedModule, error: Exception) -> str:
    return unforeseen(error, str(module.file))


def _nobody(text: str, done: float, total: float, unit: str) -> None:
    """Hears progress nobody watches."""


def _note(note: Json) -> str:
    """One line of a payload's ``_notes``: {"source", "text"}."""
    text = f"{note.get('source')}: {note.get('text')}" if isinstance(note, dict) else str(note)
    return text if len(text) <= 500 else text[:497] + "..."


def _bad(result: Result, error: Exception) -> Result:
    message, remedy = str(error), ""
    if isinstance(error, RemediateError):
        message, remedy = error.message, error.hint
    match error:
        case Blocked():
            status = Status.BLOCKED
        case NotApplicable():
            status = Status.NOT_APPLICABLE
        case Deferred():
            status = Status.DEFERRED
        case Unreachable():
            status = Status.UNREACHABLE
        case TimeoutError():
            status, remedy = Status.FAILED, remedy or "raise the task's timeout, or see what the host is waiting for"
        case _:
            status = Status.FAILED
    extra = dict(result.extra)
    output = getattr(error, "output", None)
    if output is not None:
        extra |= {"stdout": output.stdout, "stderr": output.stderr, "rc": output.exit_code}
    if isinstance(error, Failed) and output is not None and output.tail():
        message = f"{message}\n{output.tail()}" if output.tail() not in message else message
    return replace(result, status=status, message=message, remedy=remedy, extra=extra)


def _listing(changes: Sequence[Change]) -> str:
    shown = "; ".join(f"{c.target}: {_cell(c.before)} -> {_cell(c.after)}" for c in changes[:8])
    return shown + (f" and {len(changes) - 8} more" if len(changes) > 8 else "")


def _cell(value: Json) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "..."


class _Late(threading.Event):
    """Set by the clock."""

    def __init__(self, now: Callable[[], float], end: float) -> None:
        super().__init__()
        self._now = now
        self._end = end

    def is_set(self) -> bool:
        return self._now() >= self._end


@contextmanager
def limit(session: Session | None, seconds: float) -> Iterator[threading.Event]:
    """End whatever waits on the session when the task's own ``timeout`` is over; set once it was."""
    over = threading.Event()
    if not seconds or session is None:
        yield over
        return
    if isinstance(session, Bounded):
        session.bound(seconds)
        end = session.now() + seconds
        try:
            yield _Late(session.now, end)
        finally:
            session.unbound()
        return

    def cut() -> None:
        over.set()
        session.close()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
