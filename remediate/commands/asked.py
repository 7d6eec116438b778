"""Holds what was asked for against what there is: a tag, task or limit that fits nothing is a mistake."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.language.words import suggestion

if TYPE_CHECKING:
    from remediate.engine.run import RunRequest
    from remediate.language.tree import Task

SPECIAL = frozenset({"all", "always", "never", "tagged", "untagged"})


def check(request: RunRequest) -> None:
    """``UserError`` for a limit without hosts, and for tags and a first task the playbook does not have.

    Tasks of files whose names are known only at run time cannot be seen; then words nothing else fits are let pass.
    """
    if request.limit and not request.inventory.select("all", limit=request.limit):
        raise UserError(
            f"--limit {request.limit!r} leaves no host", hint="`remediate inventory list -l PATTERN` shows it"
        )
    if not (request.tags or request.skip_tags or request.start_at_task):
        return
    tasks, complete = _tasks(request)
    if not complete:
        return
    known = set().union(*(task.tags for task in tasks)) | SPECIAL
    for option, tags in (("--tags", request.tags), ("--skip-tags", request.skip_tags)):
        for tag in sorted(tags - known):
            hint = suggestion(tag, known - SPECIAL, what="tags") or "its tasks have no tags"
            raise UserError(f"{option}: no task of the playbook has the tag {tag!r}", hint=hint)
    names = {task.name for task in tasks}
    if request.start_at_task and not any(fnmatchcase(name, request.start_at_task) for name in names):
        hint = suggestion(request.start_at_task, names, what="tasks")
        raise UserError(f"--start-at-task: no task is called {request.start_at_task!r}", hint=hint)


def _tasks(request: RunRequest) -> tuple[list[Task], bool]:
    """Every task that can be seen without running, and whether those are all."""
    from remediate.commands.listing import included, walk
    from remediate.engine.run import read

    tasks = [task for play in read(request).plays for task in (*walk(play.nodes), *play.handlers)]
    below, unseen = included(tasks, request.search, request.modules)
    return [*tasks, *below], not unseen
