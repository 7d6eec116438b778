"""What a playbook holds, without running it: ``--list-hosts``, ``--list-tasks``, ``--list-tags``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from remediate.beforehand.visible import walk
from remediate.engine.run import chosen
from remediate.engine.tags import selected
from remediate.language.tree import Playbook, Task
from remediate.reports.text import one_line

if TYPE_CHECKING:
    from remediate.engine.run import RunRequest


def lines(request: RunRequest, book: Playbook, *, hosts: bool, tasks: bool, tags: bool) -> Iterator[str]:
    """The listing in Ansible's form: a paragraph per play."""
    for number, play in enumerate(book.plays, 1):
        yield ""
        yield f"  play #{number} ({one_line(play.hosts)}): {one_line(play.name)}"
        found = [task for task in walk(play.nodes) if selected(task.tags, request.tags, request.skip_tags)]
        if hosts:
            names = [one_line(host.name) for host in chosen(request, play)]
            yield f"    hosts ({len(names)}):"
            yield from (f"      {name}" for name in names)
        if tasks:
            yield "    tasks:"
            yield from (f"      {label(task)}" for task in found)
        if tags:
            every = sorted(set().union(play.tags, *(task.tags for task in found)))
            yield f"    tags: {', '.join(every) or '-'}"


def label(task: Task) -> str:
    """``role : name  [tag, tag]``"""
    name = one_line(task.name or task.action)
    text = f"{task.role.name} : {name}" if task.role else name
    return f"{text}  [{', '.join(sorted(task.tags))}]" if task.tags else text
