"""Whatever is raised for one host as that host's Result: where it was written, what is wrong, what to try."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from remediate.errors import (
    Blocked,
    Deferred,
    Failed,
    HostError,
    NotApplicable,
    RemediateError,
    Unreachable,
    UserError,
)
from remediate.language.template import UnknownValue
from remediate.model import Change, Json, Result, Source, Status, Step

if TYPE_CHECKING:
    from remediate.engine.registry import LoadedModule

ITS_OWN = "this is a fault in the module, not on the host: report it"
OURS = "this is a fault in remediate, not on the host: report it; what was done is found done by the next run"

LONGER = "raise the task's timeout, or see what the host is waiting for"
STATUSES: tuple[tuple[type[Exception], Status], ...] = (
    (Blocked, Status.BLOCKED),
    (Deferred, Status.DEFERRED),
    (NotApplicable, Status.NOT_APPLICABLE),
    (Unreachable, Status.UNREACHABLE),
)
"""How errors end a Step that do not mean that it failed."""


def broken(empty: Result, error: Exception, source: Source | None = None) -> Result:
    """How ``error`` ends what ``empty`` is the blank of; ``source``: the task, for errors that do not know a place."""
    if isinstance(error, UnknownValue):
        return replace(empty, status=Status.UNKNOWN, message=f"known after apply: depends on {error.address}")
    if isinstance(error, RemediateError):
        where = f"{error.source}: " if isinstance(error, UserError) and error.source else ""
        return replace(empty, status=_status(error), message=where + error.message, remedy=error.hint)
    where = f"{source}: " if source else ""
    return replace(empty, status=Status.FAILED, message=where + unforeseen(error), remedy=OURS)


def ended(result: Result, error: Exception, module: LoadedModule | None = None) -> Result:
    """How an error of a module or a host ends the Step; what no module raises on purpose is a fault in it."""
    if not isinstance(error, HostError | UserError | TimeoutError):
        return replace(result, status=Status.FAILED, message=said_of(error, module), remedy=_whose(error, module))
    message, remedy, output = str(error), LONGER, getattr(error, "output", None)
    if isinstance(error, RemediateError):
        message, remedy = error.message, error.hint
    extra = dict(result.extra)
    if output is not None:
        extra |= {"stdout": output.stdout, "stderr": output.stderr, "rc": output.exit_code}
        if isinstance(error, Failed) and output.tail() and output.tail() not in message:
            message = f"{message}\n{output.tail()}"
    refused = isinstance(error, Unreachable) and error.kind == "auth"
    return replace(result, status=_status(error), message=message, remedy=remedy, extra=extra, refused=refused)


def said_of(error: Exception, module: LoadedModule | None) -> str:
    """What it says, in its own words where somebody chose them."""
    return error.message if isinstance(error, RemediateError) else unforeseen(error, str(module.file) if module else "")


def _whose(error: Exception, module: LoadedModule | None) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return ITS_OWN if module and any(frame.filename == str(module.file) for frame in frames) else OURS


def listing(changes: Sequence[Change]) -> str:
    """Changes in one line, for people."""
    shown = "; ".join(f"{c.target}: {_cell(c.before)} -> {_cell(c.after)}" for c in changes[:8])
    return shown + (f" and {len(changes) - 8} more" if len(changes) > 8 else "")


def _cell(value: Json) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "..."


def unwritten(result: Result, error: Exception) -> Result:
    """Going on would leave no proof: the host ends here."""
    said = error.message if isinstance(error, RemediateError) else unforeseen(error)
    told = f"{result.message}; " if result.message else ""
    message = f"{told}it ended ({result.status.value}), and that could not be written down: {said}"
    return replace(result, status=Status.FAILED, message=message, remedy=getattr(error, "hint", "") or OURS)


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


def _status(error: Exception) -> Status:
    return next((status for kind, status in STATUSES if isinstance(error, kind)), Status.FAILED)
