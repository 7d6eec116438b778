"""Holds what was asked for against what there is, before any host is met: tags and limits that fit nothing, tasks
that cannot be right whatever a host says."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from remediate.beforehand import tasks as of_tasks
from remediate.beforehand.visible import included, walk
from remediate.engine.run import read
from remediate.errors import UserError
from remediate.language.words import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remediate.engine.run import RunRequest
    from remediate.language.tree import Playbook, Task

SPECIAL = frozenset({"all", "always", "never", "tagged", "untagged"})


def check(request: RunRequest) -> None:
    """``UserError`` for a limit without hosts, for tags and a first task the playbook does not have, and for mistakes.

    Tasks of files whose names are known only at run time cannot be seen; then words nothing else fits are let pass.
    """
    if request.limit and not request.inventory.select("all", limit=request.limit):
        raise UserError(
            f"--limit {request.limit!r} leaves no host", hint="`remediate inventory list -l PATTERN` shows it"
        )
    book = read(request)
    tasks, complete = _tasks(request, book)
    _refuse_mistakes(request, book, tasks)
    if complete:
        _refuse_unfitting(request, tasks)


def _refuse_mistakes(request: RunRequest, book: Playbook, tasks: Sequence[Task]) -> None:
    """All of them are found; the first is told, and how many more there are."""
    found = [error for play in book.plays for error in of_tasks.of_play(play)]
    found += [error for task in tasks for error in of_tasks.of_task(task, request.modules)]
    if found:
        first, *others = of_tasks.in_order(found)
        more = f"{len(others)} more: `remediate lint` shows all of them" if others else ""
        raise UserError(first.message, source=first.source, hint="; ".join(filter(None, (first.hint, more))))


def _refuse_unfitting(request: RunRequest, tasks: Sequence[Task]) -> None:
    if not (request.tags or request.skip_tags or request.start_at_task):
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


def _tasks(request: RunRequest, book: Playbook) -> tuple[list[Task], bool]:
    """Every task that can be seen without running, and whether those are all."""
    tasks = [task for play in book.plays for task in (*walk(play.nodes), *play.handlers)]
    below, unseen = included(tasks, request.search, request.modules)
    return [*tasks, *below], not unseen
