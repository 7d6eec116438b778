"""What a playbook holds, without running it: ``--list-hosts``, ``--list-tasks``, ``--list-tags``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.engine.run import chosen, words
from remediate.engine.tags import selected
from remediate.errors import UserError
from remediate.language import playbook
from remediate.language.template import has_template
from remediate.language.tree import Block, Node, Playbook, Task
from remediate.reports.text import one_line

if TYPE_CHECKING:
    from remediate.engine.registry import Registry
    from remediate.engine.run import RunRequest
    from remediate.language.playbook import SearchPath


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


def walk(nodes: tuple[Node, ...]) -> Iterator[Task]:
    """Every task of some nodes in the order written, blocks opened; what the reader put in itself is left out."""
    for node in nodes:
        match node:
            case Block():
                yield from walk((*node.body, *node.rescue, *node.always))
            case Task() if not (node.action == "meta" and node.args.get("_raw") == "flush_handlers"):
                yield node
            case _:
                pass


def label(task: Task) -> str:
    """``role : name  [tag, tag]``"""
    name = one_line(task.name or task.action)
    text = f"{task.role.name} : {name}" if task.role else name
    return f"{text}  [{', '.join(sorted(task.tags))}]" if task.tags else text


def included(tasks: list[Task], search: SearchPath, modules: Registry) -> tuple[list[Task], list[UserError | Task]]:
    """The tasks of files that are included at run time under a fixed name, and of those these include.

    Second: what could not be followed, a mistake in such a file or an include whose name is a template.
    """
    known, todo, seen = words(modules), list(tasks), set[str]()
    found: list[Task] = []
    unseen: list[UserError | Task] = []
    while todo:
        task = todo.pop(0)
        if task.action not in ("include_tasks", "include_role"):
            continue
        name = str(task.args.get("name" if task.action == "include_role" else "file", task.args.get("_raw", "")))
        place = f"{task.action} {task.folder} {name}"
        if has_template(name) or place in seen:
            unseen += [task] if has_template(name) else []
            continue
        seen.add(place)
        try:
            nodes = playbook.load_tasks(Path(name), task, search=search, modules=known.__contains__, known=known)
        except UserError as error:
            unseen.append(error)
            continue
        below = list(walk(nodes))
        todo += below
        found += below
    return found, unseen
