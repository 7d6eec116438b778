"""What can be seen of a playbook without running it: its tasks, and those of files it includes by fixed names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.engine.run import words
from remediate.errors import UserError
from remediate.language import playbook
from remediate.language.template import has_template
from remediate.language.tree import Block, Node, Task

if TYPE_CHECKING:
    from remediate.engine.registry import Registry
    from remediate.language.playbook import SearchPath


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
