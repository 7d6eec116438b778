"""One Step -> one Result: looked at, permitted, carried out and written down. The controller's part of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from remediate.engine.act import unbegun
from remediate.engine.control import Control, Intent
from remediate.engine.faults import blank, broken, ended, listing, unwritten
from remediate.engine.registry import LoadedModule, Registry
from remediate.engine.workbench import SessionStore as SessionStore
from remediate.engine.worker import Seen, Worker
from remediate.errors import Blocked, Interrupted
from remediate.events import Emit, Progress
from remediate.model import Certainty, Change, Mode, Result, State, Status, Step


def perform(step: Step, registry: Registry, worker: Worker, emit: Emit, control: Control | None = None) -> Result:
    """Have ``step`` carried out by ``worker``. Trouble becomes a Result; only ``Interrupted`` is raised."""
    control = control or Control()
    try:
        module = registry.load(step.module, step.source)
        recalled = control.recall(step, module)
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing was begun
        return broken(blank(step), error, step.source)
    if recalled is not None:
        return recalled
    begun = time.monotonic()
    result = _performed(step, module, worker, emit, control)
    result = replace(result, seconds=time.monotonic() - begun)
    try:
        control.record(step, result)
    except Exception as error:  # noqa: BLE001 - the deed is done, and is told
        return unwritten(result, error)
    return result


def _performed(step: Step, module: LoadedModule, worker: Worker, emit: Emit, control: Control) -> Result:
    seen = _looked(step, module, worker, _Line(step, emit), control)
    result = seen.result
    if seen.over:
        return result
    if step.mode is Mode.CHECK:
        return replace(result, status=Status.PENDING) if seen.changes else result
    intent = Intent(step=step, module=module, before=seen.state, changes=seen.changes)
    try:
        _refuse_inapplicable(module, seen.changes)
        control.permit(intent)
        if not seen.changes:
            return control.nothing_left(step, result)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - a gate that fails is closed
        return ended(unbegun(result), error, module)
    return worker.act(step, seen, _Permitted(step, emit, control, intent))


class _Unseen(Exception):
    """There is no State, for a reason that is told already."""


def _looked(step: Step, module: LoadedModule, worker: Worker, line: _Line, control: Control) -> Seen:
    """By a look of the worker, or by a record that ``control`` has of one."""
    looks: list[Seen] = []

    def inspect() -> State:
        looks.append(seen := worker.look(step, line))
        if seen.unread:
            raise seen.error or _Unseen
        return seen.state

    try:
        state = control.observe(step, inspect)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - a record that cannot be read ends the host it is of
        told = bool(looks) and (isinstance(error, _Unseen) or error is looks[-1].error)
        return looks[-1] if told else Seen(result=ended(blank(step), error, module), over=True)
    return looks[-1] if looks and looks[-1].state is state else worker.compare(step, state)


@dataclass(frozen=True, slots=True)
class _Line:
    """To the controller, while a host is looked at."""

    step: Step
    emit: Emit

    def say(self, text: str, done: float, total: float, unit: str) -> None:
        shown = "(hidden: no_log)" if self.step.no_log else text
        self.emit(Progress(host=self.step.host, text=shown, done=done, total=total, unit=unit))

    def prove(self, deed: bool) -> None:
        """Looking needs no permission."""

    def left(self) -> None:
        """It begins nothing."""


@dataclass(frozen=True, slots=True)
class _Permitted(_Line):
    """The same, while what was permitted is carried out."""

    control: Control
    intent: Intent

    def prove(self, deed: bool) -> None:
        self.control.prove(self.intent, deed=deed)

    def left(self) -> None:
        self.control.left(self.intent)


def _refuse_inapplicable(module: LoadedModule, changes: Sequence[Change]) -> None:
    """Before anybody is asked whether they may be made: Changes nobody can make."""
    if changes and module.apply is None:
        raise Blocked(f"{module.name} found a difference and can only look", listing(changes))
    for change in changes:
        if change.certainty is not Certainty.KNOWN:
            raise Blocked(change.why or f"{change.target} depends on an earlier step that did not bring it about",
                          "see why the earlier step left it so, then run again")  # fmt: skip
