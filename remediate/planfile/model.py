"""A saved plan as values: who asked for what, what it rests on, and per host what was seen and what will be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

FORMAT = 1
"""Raised when a field changes its meaning or goes away."""

Word = Literal["ok", "pending", "skipped", "unknown", "not applicable", "blocked", "failed", "unreachable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The command the plan was made by; all of it holds for ``apply``."""

    playbook: str
    """Relative to the project's folder where it lies below it, as every path of a plan."""
    inventory: tuple[str, ...]
    limit: str = ""
    tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    start_at_task: str = ""
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    """Without the values of secrets."""
    secrets: tuple[str, ...] = ()
    """Names of the extra variables that hold a secret: to be given again with ``-e``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file the plan rests on, as it was."""

    kind: Literal["playbook", "role", "module", "inventory", "variables", "lookup", "package"]
    path: str
    sha256: str
    """Of what a lookup read: PBKDF2 with SHA-256 over it, salted with its path, 600,000 rounds; its size is 0."""
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One difference that will be removed; the fields of ``remediate.model.Change`` a person can judge."""

    target: str
    before: Any
    after: Any
    effect: Literal["none", "service restart", "reboot"]
    seconds: float
    reversible: bool
    certainty: Literal["known", "known after apply"]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One task on one host for one loop item. ``status`` skipped: ``message`` says why."""

    address: str
    task: str
    module: str
    status: Word
    message: str = ""
    remedy: str = ""
    changes: tuple[PlannedChange, ...] = ()
    notes: tuple[str, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    """What was seen: the entries that no earlier step of the host saw alike."""
    unchanged: tuple[str, ...] = ()
    """Names of the further entries: as the last earlier step with that entry saw them."""
    hidden: bool = False
    """A ``no_log`` task: what it saw and will do is not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHost:
    """One host: the word for it, its reasons, its steps in order."""

    host: str
    outcome: str
    reason: str = ""
    remedy: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """The groups of the inventory it is in: a policy may ask more for some of them."""
    windows: tuple[str, ...] = ()
    """Names of the change windows its plays are bound to."""
    steps: tuple[PlannedStep, ...] = ()

    @property
    def seconds(self) -> float:
        """Expected duration of its changes."""
        return sum(change.seconds for step in self.steps for change in step.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The content of a plan file; ``codec`` gives it its hash."""

    format: int
    remediate: str
    """Version of the program that made it."""
    made: datetime
    valid_until: datetime
    user: str
    """Who made it: the account, behind sudo the one that called it. No approval of that name counts."""
    controller: str
    approvals: int
    """How many people other than the planner have to approve, at least: the policy of the machine it is applied on may
    ask for more."""
    asked: Command
    inputs: tuple[InputFile, ...]
    hosts: tuple[PlannedHost, ...]
    warnings: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[str, ...]:
        """The hosts something will be done on."""
        return tuple(host.host for host in self.hosts if host.outcome == "pending")
