"""What can happen in a run. The engine emits these and nothing else; sinks turn them into something to look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from remediate.model import Mode, Result, RunSummary, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    playbook: str
    mode: Mode
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayStarted:
    play: str
    hosts: tuple[str, ...]
    batch: int = 1
    batches: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    host: str
    task: str
    address: str
    module: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Long work going on: ``done`` of ``total`` in ``unit`` (bytes, seconds); total 0 when unknown."""

    host: str
    text: str
    done: float = 0.0
    total: float = 0.0
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something the user should mend although the run goes on."""

    text: str
    source: Source | None = None
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    summary: RunSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Exiting:
    """What the process ends with. Comes last, and only where more than the hosts decide on it: ledger, hooks."""

    exit_code: int


Event = RunStarted | PlayStarted | StepStarted | Progress | StepFinished | Warned | RunFinished | Exiting
Emit = Callable[[Event], None]


class Sink(Protocol):
    """Receives every event in order, from one thread at a time."""

    def receive(self, event: Event) -> None: ...

    def close(self) -> None: ...
