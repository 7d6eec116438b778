"""The ways a walk leaves a block, a play or the run before its last task; caught by blocks and by the walk itself."""

from __future__ import annotations

from dataclasses import replace

from remediate.language.tree import Task
from remediate.model import Result


class WalkEnd(Exception):
    """Base of them: everything else that is raised in a walk is trouble of one task."""


class TaskFailed(WalkEnd):
    """A task ended badly and was not ignored. ``first``: what had ended its block before it."""

    def __init__(self, result: Result, first: Result | None = None) -> None:
        super().__init__(result.message)
        self.result = result
        self.first = first

    @property
    def told(self) -> Result:
        """What may be said of it."""
        return censored(self.result)


class HostDeferred(WalkEnd):
    """A gate keeps the task from beginning: what must always be done is done, nothing is rescued."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.message)
        self.result = result


class HostEnded(WalkEnd):
    """The host leaves the play early without a failure."""


class NotForHost(HostEnded):
    """The playbook is not for the host: what must always be done in the blocks it is in is done, and it leaves."""


class PlayEnded(WalkEnd):
    """The play ends for every host, because ``task`` of one says so."""

    def __init__(self, task: Task) -> None:
        super().__init__(task.name)
        self.task = task


def censored(result: Result) -> Result:
    """What a sink may see of a ``no_log`` result: its verdict and nothing it holds."""
    if not result.no_log:
        return result
    message = "(hidden: no_log)" if result.message else ""
    return replace(result, message=message, remedy="", changes=(), before={}, after={}, extra={}, notes=(), columns={})
