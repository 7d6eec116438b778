"""The shape of ``--format json``: one document per run, every text and list bounded. Scripts may rely on it."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue
from typing_extensions import TypedDict

FORMAT = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""

OutcomeWord = Literal[
    "compliant",
    "not verified",
    "changed",
    "pending",
    "not applicable",
    "blocked",
    "failed",
    "unreachable",
    "deferred",
]
StatusWord = Literal[
    "ok",
    "changed",
    "pending",
    "skipped",
    "unknown",
    "not applicable",
    "blocked",
    "failed",
    "unreachable",
    "deferred",
]


class ChangeDocument(TypedDict):
    """One difference a step brought about, or would."""

    target: str
    before: JsonValue
    after: JsonValue
    effect: Literal["none", "service restart", "reboot"]
    seconds: float
    reversible: bool
    certainty: Literal["known", "known after apply"]
    why: str
    fate: Literal["", "done", "tried", "not begun"]
    """"" where none was to be made: a dry run."""


class StepDocument(TypedDict):
    """One task on one host for one loop item."""

    address: str
    task: str
    module: str
    status: StatusWord
    message: str
    remedy: str
    changes: list[ChangeDocument]
    notes: list[str]
    seconds: float
    ignored: bool
    rescued: bool
    recalled: bool
    before: JsonValue
    after: JsonValue


class StandingDocument(TypedDict):
    """How a host was left, read once more at the end of its walk."""

    line: str
    alerts: list[str]
    told: list[str]
    remedy: str
    unread: str
    data: dict[str, JsonValue]


class HostDocument(TypedDict):
    """One host: its outcome and every step it took, in order."""

    host: str
    outcome: OutcomeWord
    reason: str
    remedy: str
    columns: dict[str, str]
    counts: dict[str, int]
    notes: list[str]
    now: StandingDocument | None
    steps: list[StepDocument]
    steps_left_out: int


class WarningDocument(TypedDict):
    """Something to mend although the run went on."""

    text: str
    source: str
    host: str


class RunDocument(TypedDict):
    """The whole run."""

    format: int
    remediate: str
    playbook: str
    mode: Literal["apply", "check"]
    exit_code: int
    interrupted: bool
    seconds: float
    hosts: list[HostDocument]
    warnings: list[WarningDocument]
