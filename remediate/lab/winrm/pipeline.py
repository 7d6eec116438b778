"""One PSRP pipeline on the server's side: its input, its output, its end, and the runspace it gets to run in."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import psrpcore
from psrpcore.types import PSInvocationState

from remediate.lab.winrm.powershell import run
from remediate.lab.winrm.psrecords import StoppedError, TerminatingError, UnknownScriptError
from remediate.lab.winrm.runspace import Runspace
from remediate.lab.winrm.shells import Pipe

if TYPE_CHECKING:
    from psrpcore.types import ErrorRecord

    from remediate.lab.winrm.shells import Desk

log = logging.getLogger(__name__)


class Runspaces:
    """The runspaces of a pool; a pipeline waits until one is free. Used under ``condition``."""

    def __init__(self, desk: Desk, extra: dict[str, str], condition: threading.Condition) -> None:
        self._desk = desk
        self._extra = extra
        self._condition = condition
        self._free: list[Runspace] = []
        self._busy = 0

    @property
    def busy(self) -> int:
        """How many have a pipeline."""
        return self._busy

    def take(self, limit: Callable[[], int], given_up: Callable[[], bool]) -> Runspace:
        """One for a pipeline; waits while ``limit()`` are busy. StoppedError when it was ``given_up``."""
        self._condition.wait_for(lambda: self._busy < max(1, limit()) or given_up())
        if given_up():
            raise StoppedError
        self._busy += 1
        return self._free.pop() if self._free else Runspace(desk=self._desk, extra=self._extra)

    def give_back(self, runspace: Runspace) -> None:
        self._busy -= 1
        self._free.append(runspace)
        self._condition.notify_all()

    def forget(self) -> None:
        """Fresh ones from now on: what scripts set is gone."""
        self._free.clear()


class Pipeline:
    """psrpcore is not thread-safe: everything here that touches it holds ``condition``, the pool's one lock."""

    def __init__(
        self, desk: Desk, pool: psrpcore.ServerRunspacePool, command_id: str, condition: threading.Condition
    ) -> None:
        self.pipe = Pipe(condition)
        self.received = 0
        """Bytes the client sent for it, wrapping and all."""
        self.taken = 0
        """Characters of text among its input."""
        self._desk = desk
        self._condition = condition
        self._server = psrpcore.ServerPipeline(pool, uuid.UUID(command_id))
        self._input: deque[object] = deque()
        self._ended = False
        self._stopped = False
        self._release: Callable[[], None] | None = None
        """Gives the runspace back."""

    def feed(self, item: object) -> None:
        """An object for its input."""
        self.taken += len(item) if isinstance(item, str) else 0
        self._input.append(item)
        self._condition.notify_all()

    def end_input(self) -> None:
        self._ended = True
        self._condition.notify_all()

    def start(self, runspaces: Runspaces, limit: Callable[[], int], flush: Callable[[], None]) -> None:
        """Run it in a thread of its own; ``flush`` sends what psrpcore has ready."""
        self._change(PSInvocationState.Running, tell=False)  # likely: a server tells only how a pipeline ended
        work = threading.Thread(target=self._work, args=(runspaces, limit, flush), daemon=True, name="pipeline")
        work.start()

    def stop(self) -> None:
        """End it as Ctrl+C does. A program it started runs on in the lab, but nobody waits for it or hears of it."""
        self._stopped = True
        self._let_go()
        if self._server.state == PSInvocationState.Running:
            self._server.stop()
        self._condition.notify_all()

    def close(self) -> None:
        """It is forgotten; stops it first."""
        self.stop()
        self._server.close()

    def _work(self, runspaces: Runspaces, limit: Callable[[], int], flush: Callable[[], None]) -> None:
        error: ErrorRecord | None = None
        try:
            error = self._outcome(self._take(runspaces, limit), flush)
        except StoppedError:
            log.debug("%s: a pipeline was stopped", self._desk.machine.name)
        finally:
            with self._condition:
                self._let_go()
                self._finish(error, flush)

    def _take(self, runspaces: Runspaces, limit: Callable[[], int]) -> Runspace:
        with self._condition:
            mine = runspaces.take(limit, lambda: self._stopped)
            self._release = lambda: runspaces.give_back(replace(mine) if self._stopped else mine)
        return mine

    def _let_go(self) -> None:
        """Others may have the runspace; one that is still in use here goes as a copy."""
        if self._release is not None:
            self._release()
            self._release = None

    def _outcome(self, runspace: Runspace, flush: Callable[[], None]) -> ErrorRecord | None:
        """Carry it out; the error that made it fail."""
        try:
            self._carry_out(runspace, flush)
        except UnknownScriptError as error:
            self._desk.refuse(str(error).removeprefix("lab: "))
            return error.record()
        except TerminatingError as error:
            return error.record()
        except StoppedError:
            raise
        except Exception as error:  # the host must answer, and the defect of the lab must show
            log.exception("%s: a pipeline", self._desk.machine.name)
            self._desk.refuse(f"the lab itself failed: {error!r}")
            return TerminatingError(f"the lab itself failed: {error!r}", "LabError").record()
        return None

    def _carry_out(self, runspace: Runspace, flush: Callable[[], None]) -> None:
        wanted = self._server.metadata
        if not isinstance(wanted, psrpcore.PowerShell):
            raise UnknownScriptError("metadata of commands")

        def emit(kind: str, value: object) -> None:
            with self._condition:
                if self._stopped or self._server.state != PSInvocationState.Running:
                    raise StoppedError
                self._write(kind, value)
                flush()

        run(runspace, wanted.commands, iter(()) if wanted.no_input else self._items(), emit)

    def _write(self, kind: str, value: object) -> None:
        if kind == "output":
            self._server.write_output(value)
            return
        record: ErrorRecord = value  # type: ignore[assignment]
        self._server.write_error(
            record.Exception,
            category_info=record.CategoryInfo,
            target_object=record.TargetObject,
            fully_qualified_error_id=record.FullyQualifiedErrorId,
        )

    def _items(self) -> Iterator[object]:
        """The input as it arrives."""
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._input or self._ended or self._stopped)
                if self._stopped:
                    raise StoppedError
                if not self._input:
                    return
                item = self._input.popleft()
            yield item

    def _finish(self, error: ErrorRecord | None, flush: Callable[[], None]) -> None:
        if self._server.state == PSInvocationState.Running:
            if error is None:
                self._server.complete()
            else:
                self._change(PSInvocationState.Failed, error=error)
        flush()
        self.pipe.finish()

    def _change(self, state: PSInvocationState, *, error: ErrorRecord | None = None, tell: bool = True) -> None:
        """psrpcore has no public way to let a pipeline fail, nor to start one without a message."""
        self._server._change_state(state, error=error, emit=tell)
