"""A host's turn: its Step carried out, or put off, or a time waited."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from remediate.connections.clocks import HostClocks, said
from remediate.engine.control import Control
from remediate.engine.faults import blank, broken, unforeseen
from remediate.engine.fleet import DONE, unwaited
from remediate.engine.lastlook import LastLooks
from remediate.engine.perform import perform
from remediate.engine.registry import Registry
from remediate.engine.stop import interrupted
from remediate.engine.turns import Turns
from remediate.engine.walk import Move
from remediate.engine.worker import Worker
from remediate.errors import Deferred, Interrupted
from remediate.events import Emit, Warned
from remediate.model import Result, Status, Step


@dataclass(slots=True, kw_only=True)
class Turn:
    """For several threads at once, each host from one at a time."""

    modules: Registry
    worker: Worker
    control: Control
    emit: Emit
    looks: LastLooks
    """Told of every Step."""
    clocks: HostClocks
    stop: threading.Event
    abort: threading.Event
    _turns: Turns = field(default_factory=Turns)
    _off: set[str] = field(default_factory=set)
    """Hosts whose clocks were warned of."""

    def take(self, move: Move) -> Result | None:
        """What came of it. Only ``Interrupted`` is raised."""
        if move.step is None:
            return None if self._recalling(move.host) else self._waited(move)
        step = move.step
        try:
            with self._turns.of(step.on) as waited:
                if waited and self.stop.is_set() and not move.owed:
                    return self._stopped(step)
                result = perform(step, self.modules, self.worker, self.emit, self.control)
        except Interrupted:
            raise
        except Exception as error:  # noqa: BLE001 - of this host: the others go on
            return broken(blank(step), error, step.source)
        self._noted(step, result)
        return result

    def _noted(self, step: Step, result: Result) -> None:
        """What was done is told whatever becomes of this."""
        try:
            self.looks.note(step, self.modules.load(step.module), result)
            self._warn_of_clock(step.on)
        except Exception as error:  # noqa: BLE001 - see above
            self.emit(Warned(text=f"its end may not be read again: {unforeseen(error)}", host=step.host))

    def _stopped(self, step: Step) -> Result:
        """Of a Step whose turn came when the run was being stopped."""
        why = interrupted(self.stop, DONE)
        return self.put_off(step, why) or broken(blank(step), Deferred(why))

    def put_off(self, step: Step, why: str) -> Result | None:
        """A Step that is not begun because the run is being stopped, as the journal has it. Not while recalling:
        what an earlier run did behind it would be forgotten."""
        if self._recalling(step.host):
            return None
        result = replace(blank(step), status=Status.DEFERRED, message=why)
        try:
            self.control.record(step, result)
        except Exception:  # noqa: BLE001 - the host is left where it is
            return None
        return result

    def _waited(self, move: Move) -> Result | None:
        """None once the time has gone by; a stop ends it, unless it belongs to what must always be done."""
        return unwaited(move) if (self.abort if move.owed else self.stop).wait(move.wait) else None

    def _recalling(self, host: str) -> bool:
        try:
            return self.control.recalling(host)
        except Exception:  # noqa: BLE001 - what is recalled is asked for again, and told, with the next step
            return False

    def _warn_of_clock(self, host: str) -> None:
        """Once for each host, whose word alone ends nothing."""
        text = "" if host in self._off else said(self.clocks.skew(host))
        if text:
            self._off.add(host)
            self.emit(Warned(text=text, host=host))
