"""Reads a playbook into the tree: imports and roles expanded, form checked, nothing rendered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from remediate.language.tree import Node, Playbook, Task


@dataclass(frozen=True, slots=True)
class SearchPath:
    """Where roles and files are looked for: the playbook's folder (or file) first, then ``roles``."""

    roles: tuple[Path, ...] = ()
    playbook: Path = Path()


def load(path: Path, *, search: SearchPath, modules: Callable[[str], bool], known: Sequence[str] = ()) -> Playbook:
    """The playbook at ``path``. ``modules`` says whether a module or action exists, ``known`` lists them for hints."""
    raise NotImplementedError


def load_tasks(
    path: Path, parent: Task, *, search: SearchPath, modules: Callable[[str], bool], known: Sequence[str] = ()
) -> tuple[Node, ...]:
    """The tasks of a file included at run time by ``parent``, which hands down when, tags, vars and role."""
    raise NotImplementedError
