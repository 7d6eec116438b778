"""A playbook after reading: what was written, checked in form, with its positions; nothing rendered yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from remediate.model import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopControl:
    loop_var: str = "item"
    index_var: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One entry of a task list. ``args`` and every condition are as written: templates unrendered."""

    name: str
    action: str
    """Module or action name, short form (``ansible.builtin.debug`` arrives as ``debug``)."""
    args: Mapping[str, object]
    source: Source
    when: tuple[str, ...] = ()
    """Own conditions and those of every enclosing block, role and static import, outermost first; all must hold."""
    tags: frozenset[str] = frozenset()
    """Own tags and every inherited one."""
    vars: Mapping[str, object] = field(default_factory=dict)
    """Task vars over block vars, merged."""
    register: str = ""
    loop: object = None
    """The list as written or the template of one; None when the task does not loop."""
    loop_control: LoopControl = field(default_factory=LoopControl)
    notify: tuple[str, ...] = ()
    listen: tuple[str, ...] = ()
    ignore_errors: object = False
    """Boolean or a condition."""
    ignore_unreachable: object = False
    """The same, of a host that cannot be reached; ``ignore_errors`` does not cover it."""
    failed_when: tuple[str, ...] | None = None
    changed_when: tuple[str, ...] | None = None
    until: tuple[str, ...] = ()
    retries: int = 3
    delay: float = 5.0
    check_mode: bool | None = None
    no_log: bool = False
    """Said so, or what it registers has the name of a secret."""
    timeout: float = 0.0
    folder: Path = Path()
    """Folder of the file the task stands in; relative files are looked for beside it."""
    role: Role | None = None
    """The role the task belongs to."""
    chain: tuple[str, ...] = ()
    """Files that led to the task, outermost first, its own last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    name: str
    source: Source
    body: tuple[Node, ...]
    rescue: tuple[Node, ...] = ()
    always: tuple[Node, ...] = ()


Node = Task | Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One use of a role in a play."""

    name: str
    path: Path
    source: Source
    defaults: Mapping[str, object] = field(default_factory=dict)
    vars: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)
    """Variables given where the role is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    name: str
    source: Source
    hosts: str
    """Host pattern; may be a template over extra vars."""
    nodes: tuple[Node, ...]
    """pre_tasks, roles (dependencies first), tasks, post_tasks; handlers are flushed at each boundary by a
    ``meta: flush_handlers`` task that the reader puts in."""
    handlers: tuple[Task, ...] = ()
    roles: tuple[Role, ...] = ()
    vars: Mapping[str, object] = field(default_factory=dict)
    vars_files: tuple[object, ...] = ()
    """As written: a path or a list of alternatives, templates unrendered."""
    strategy: str = "linear"
    serial: tuple[object, ...] = ()
    """Batch sizes as written: 2, "30%"; empty means all at once."""
    max_fail_percentage: float | None = None
    any_errors_fatal: bool = False
    force_handlers: bool = False
    tags: frozenset[str] = frozenset()
    folder: Path = Path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    path: Path
    plays: tuple[Play, ...]
