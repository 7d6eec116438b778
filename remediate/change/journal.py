"""Writes a run into the ledger: a deed before it is begun and when it has ended, all else once it is judged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remediate.change import durations, results
from remediate.engine.control import Control, Intent, Mark
from remediate.engine.stop import because
from remediate.errors import Blocked, LedgerLost, LockLost, RemediateError
from remediate.ledger.rows import PackageSeen, StepBegun, StepEnded
from remediate.model import Change, Json, Mode, Result, Status, Step

if TYPE_CHECKING:
    from remediate.ledger.store import Ledger

HIDDEN = "hidden by no_log"
MESSAGE = 2000
"""Characters of a message that are kept with a judgement."""
JUDGED = "judged"
"""Kind of the events that say how a task is judged where that is not how its deed ended (``failed_when``,
``ignore_errors``): {"status", "task", "module", "message", "ignored", "number": its step's}. Ledgers of versions before
have them for looks as well, and without a number for tasks that had no step."""
MARK = "walk"
"""Kind of the events that say what became of a failure: {"mark": ..., "number": the step it was made after}."""


class Journal(Control):
    """``mask`` takes secrets out of what is kept. ``stop``: set when the ledger is lost, for nothing new may begin.

    ``lost`` grows by the hosts whose lock was taken over: what was done there was not proved to its end.
    """

    def __init__(
        self,
        ledger: Ledger,
        run: str,
        mask: Callable[[Any], Any],
        stop: threading.Event,
        say: Callable[[str], None],
        lost: set[str] | None = None,
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._mask = mask
        self._stop = stop
        self._say = say
        self._open: dict[tuple[str, str], int] = {}
        self._last: dict[str, int] = {}
        self._looked: dict[tuple[str, str], tuple[Step, Result]] = {}
        """Looks that are not judged yet, by host and address."""
        self._deeds: dict[tuple[str, str], tuple[int, Status]] = {}
        """The same of deeds: what they are in the ledger, and how they ended."""
        self._lost = set() if lost is None else lost

    def permit(self, intent: Intent) -> None:
        if not intent.changes:
            return
        step = intent.step
        try:
            if step.on != step.host:
                self._ledger.prove_lock(self._run, step.on)
            begun = self._mask(_begun(step, intent))
            self._open[step.host, step.address] = self._ledger.step_begun(self._run, begun)
        except LockLost as lost:
            raise Blocked(lost.message, lost.hint) from None
        except LedgerLost as lost:
            because(self._stop, f"ledger lost: {lost.message}")
            raise Blocked(f"not begun: {lost.message}", lost.hint) from None

    def record(self, step: Step, result: Result) -> None:
        """A deed is written down at once; a look when it is judged, or the task looks once more."""
        key = (step.host, step.address)
        number = self._open.pop(key, None)
        if number is None:
            if before := self._looked.pop(key, None):
                self._write(*before)
            self._looked[key] = (step, result)
            return
        kept = self._write(step, result, number)
        self._deeds[key] = number if kept else 0, result.status

    def judged(self, result: Result) -> None:
        key = (result.host, result.address)
        deed = self._deeds.pop(key, None)
        if look := self._looked.pop(key, None):
            step, seen = look
            told = replace(seen if step.no_log else result, status=result.status, ignored=result.ignored)
            self._write(step, told)
        elif deed is not None:
            number, status = deed
            if number and (status is not result.status or result.ignored):
                self._judgement(result, number)
        elif result.module and result.status is not Status.SKIPPED and not result.recalled:
            self._write(_own(result), replace(result, message=result.message[:MESSAGE], extra={}))

    def _write(self, step: Step, result: Result, number: int | None = None) -> bool:
        """The end of a step that was begun, or one that changed nothing, whole; False where it cannot be kept."""
        masked = self._mask(_censored(result) if step.no_log else result)
        kept = results.to_json(masked)
        hidden = step.no_log or (masked is not result and kept != results.to_json(result))
        ended = StepEnded(status=result.status.value, seconds=result.seconds, result=kept, redacted=hidden)
        try:
            if number is None:
                number = self._ledger.step_done(self._run, self._mask(_begun(step, None)), ended)
            else:
                self._ledger.step_ended(self._run, step.host, number, ended)
            self._last[step.host] = number
            if not step.no_log:
                self._package(step.on, masked)
        except LockLost as lost:
            self._lost.add(step.host)
            self._say(f"{step.on}: {lost.message}: what was done is not written down here")
        except LedgerLost as lost:
            because(self._stop, f"ledger lost: {lost.message}")
            self._say(f"{step.host}: {step.task} has ended ({result.status.value}), but {lost.message}")
        else:
            return True
        return False

    def mark(self, host: str, what: Mark) -> None:
        """A resumed run has to know which failures ended a host, and what was only done because of them."""
        if host in self._last:
            try:
                self._ledger.note(self._run, MARK, host, {"mark": what.value, "number": self._last[host]},
                                  durable=False)  # fmt: skip
            except LedgerLost as lost:
                because(self._stop, f"ledger lost: {lost.message}")
                self._say(f"{host}: {lost.message}")

    def settle(self) -> None:
        """Hear the last of what was handed to the ledger and not waited for."""
        for host, lost in self._ledger.settled(self._run).items():
            if host not in self._lost:
                self._lost.add(host)
                why = (
                    lost.message
                    if isinstance(lost, RemediateError)
                    else f"the ledger refused an entry ({type(lost).__name__})"
                )
                self._say(f"{host}: {why}: what was done is not written down here")

    def _judgement(self, result: Result, number: int) -> None:
        told: dict[str, Json] = {"status": result.status.value, "task": result.task, "module": result.module,
                                 "message": HIDDEN if result.no_log else result.message[:MESSAGE],
                                 "ignored": result.ignored, "number": number}  # fmt: skip
        try:
            self._ledger.note(self._run, JUDGED, result.host, self._mask(told), durable=False)
        except LedgerLost as lost:
            because(self._stop, f"ledger lost: {lost.message}")
            self._say(f"{result.host}: {lost.message}")

    def _package(self, host: str, result: Result) -> None:
        """A State with the hash of a package tells which one lies on the host now."""
        state = result.after
        digest = state.get("sha256")
        if result.status not in (Status.OK, Status.CHANGED) or not isinstance(digest, str) or not state.get("package"):
            return
        size = state.get("size")
        seen = PackageSeen(
            sha256=digest,
            name=str(state["package"]),
            version=str(state.get("version") or ""),
            size=size if isinstance(size, int) else 0,
        )
        self._ledger.package(self._run, host, seen, durable=False)


def _censored(result: Result) -> Result:
    """What may be kept of a ``no_log`` step: how it ended, and that, and how, it changed the host."""
    changes = tuple(
        Change(target=HIDDEN, before=None, after=None, effect=change.effect, seconds=change.seconds,
               reversible=change.reversible, certainty=change.certainty)
        for change in result.changes
    )  # fmt: skip
    return replace(result, message=HIDDEN, remedy="", changes=changes, before={}, after={}, extra={}, columns={},
                   notes=())  # fmt: skip


def _own(result: Result) -> Step:
    """What the controller did itself, or what broke before there was a step."""
    return Step(address=result.address, host=result.host, task=result.task, module=result.module, params={},
                endpoint=None, mode=Mode.APPLY, no_log=result.no_log)  # fmt: skip


def _begun(step: Step, intent: Intent | None) -> StepBegun:
    targets = [change.target for change in intent.changes] if intent and not step.no_log else []
    name = durations.key(step.module, targets) if targets else ""
    return StepBegun(
        host=step.host, address=step.address, task=step.task, module=step.module, key=name, place=step.place
    )
