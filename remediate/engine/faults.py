"""Whatever is raised for one host as that host's Result: where it was written, what is wrong, what to try."""

from __future__ import annotations

import traceback
from dataclasses import replace

from remediate.errors import Blocked, Deferred, RemediateError, UserError
from remediate.language.template import UnknownValue
from remediate.model import Result, Source, Status, Step

OURS = "this is a fault in remediate, not on the host: report it; what was done is found done by the next run"


def broken(empty: Result, error: Exception, source: Source | None = None) -> Result:
    """How ``error`` ends what ``empty`` is the blank of; ``source``: the task, for errors that do not know a place."""
    if isinstance(error, UnknownValue):
        return replace(empty, status=Status.UNKNOWN, message=f"known after apply: depends on {error.address}")
    if isinstance(error, RemediateError):
        where = f"{error.source}: " if isinstance(error, UserError) and error.source else ""
        return replace(empty, status=_status(error), message=where + error.message, remedy=error.hint)
    where = f"{source}: " if source else ""
    return replace(empty, status=Status.FAILED, message=where + unforeseen(error), remedy=OURS)


def blank(step: Step) -> Result:
    """Nothing is known yet of how the Step ended."""
    return Result(address=step.address, host=step.host, task=step.task, module=step.module, status=Status.OK,
                  no_log=step.no_log)  # fmt: skip


def unforeseen(error: BaseException, file: str = "") -> str:
    """An error nobody raises on purpose, and the line it came from; in ``file`` where that is part of the way."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == file] or frames
    where = f"{own[-1].filename}:{own[-1].lineno}: " if own else ""
    return f"{where}{type(error).__name__}: {error}"


def _status(error: RemediateError) -> Status:
    match error:
        case Blocked():
            return Status.BLOCKED
        case Deferred():
            return Status.DEFERRED
        case _:
            return Status.FAILED
