"""The values that go into the ledger and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from remediate.model import Json

RUNNING, FINISHED, INTERRUPTED, STOPPED = "running", "finished", "interrupted", "stopped"
"""How a run stands: going on, came to its end, was cut off, was stopped by a threshold or a gate."""
STATUSES = (RUNNING, FINISHED, INTERRUPTED, STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run that is about to begin. ``request`` is what was asked for, secrets already masked."""

    kind: str
    """The command: run, apply, resume, verify."""
    playbook: str
    request: Mapping[str, Json] = field(default_factory=dict)
    plan_hash: str = ""
    resumes: str = ""
    """The run this one goes on with."""
    who: str
    controller: str
    """Name of the machine the run is controlled from."""
    pid: int
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run as the ledger has it."""

    id: str
    kind: str
    playbook: str
    request: Mapping[str, Json]
    plan_hash: str
    resumes: str
    who: str
    controller: str
    pid: int
    process_start: str
    started: datetime
    finished: datetime | None
    """None while it goes on, and for ever where the controller died."""
    status: str
    exit_code: int | None
    beat: int
    beat_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBegun:
    """A step that is about to touch a host. ``key`` groups steps whose durations can be compared."""

    host: str
    address: str
    task: str
    module: str
    key: str = ""
    place: str = ""
    """Where the task is written and for which items: by it a resumed walk finds the step again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """How a step ended. ``result`` arrives masked; ``redacted`` says that something was hidden in it.

    Reports read ``message``, ``remedy``, ``changes`` (``target``, ``before``, ``after``, ``effect``), ``notes`` and the
    States ``before`` and ``after`` from it, as ``remediate.reports.jsonreport.step`` makes them.
    """

    status: str
    seconds: float
    result: Mapping[str, Json] = field(default_factory=dict)
    redacted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step as the ledger has it; ``status`` is "" where its end was never written."""

    run: str
    host: str
    number: int
    address: str
    task: str
    module: str
    key: str
    place: str
    """"" in steps of ledgers from before there were places."""
    begun_at: datetime
    ended_at: datetime | None
    seconds: float
    status: str
    redacted: bool
    result: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEnd:
    """How a run ended for one host; ``outcome`` is "" where it did not come to that."""

    host: str
    outcome: str
    reason: str = ""
    remedy: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    now: Mapping[str, Json] = field(default_factory=dict)
    """How it was left, as ``remediate.reports.standing.as_json`` has it; {} where nobody looked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One link of the chain."""

    number: int
    run: str
    at: datetime
    kind: str
    host: str
    data: Mapping[str, Json]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSeen:
    """A package that was laid on a host, known by its hash."""

    sha256: str
    name: str
    version: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow(PackageSeen):
    """A package, and when it was laid where."""

    run: str
    host: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Who holds a host. ``beat`` and ``finished`` are those of the holder's run when this was read."""

    host: str
    run: str
    who: str
    controller: str
    pid: int
    process_start: str
    since: datetime
    why: str
    beat: int = 0
    finished: bool = False

    def sentence(self) -> str:
        """``held by run R (ann on ctl1, process 17) since 2026-11-25 23:49 UTC: KB870585``"""
        why = f": {self.why}" if self.why else ""
        holder = f"{self.who} on {self.controller}, process {self.pid}"
        return f"held by run {self.run} ({holder}) since {self.since:%Y-%m-%d %H:%M} UTC{why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Somebody's word for a plan. ``at`` is filled in by the ledger."""

    plan_hash: str
    name: str
    reason: str
    user: str
    controller: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What a walk over the chain found: how many events, and the first that is not as it was written."""

    events: int
    """How many were looked at; where one is broken, how many before it are whole."""
    broken: int | None = None
    """Number of the first broken event."""
    how: str = ""
    """"changed", "missing" or "added"."""
    what: str = ""
    """The same in a sentence."""
    first: int = 1
    """Number of the first event that was looked at."""

    @property
    def whole(self) -> bool:
        return not self.how
