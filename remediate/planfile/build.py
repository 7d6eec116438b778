"""Gathers a check run into a plan: a sink for what each step came to, a control for the files it would use."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from remediate import plain
from remediate.engine.control import Control
from remediate.engine.registry import LoadedModule
from remediate.events import Event, RunFinished, StepFinished, Warned
from remediate.model import Change, HostSummary, Result, RunSummary, Step
from remediate.planfile.model import PlannedChange, PlannedHost, PlannedStep, Word
from remediate.planfile.states import lasting, packed

MOST_WARNINGS = 200
CONTROLLER_FILE = "controller_file"
"""Metadata of a module's Params field that names a file on this side."""


class Gatherer(Control):
    """Put one among the sinks and one in front of the run; ``hosts`` is complete when the run has ended."""

    def __init__(
        self,
        mask: Callable[[Any], Any],
        load: Callable[[str], LoadedModule],
        inner: Control,
        known: Callable[[], int] = lambda: 0,
        groups: Callable[[str], tuple[str, ...]] = lambda _host: (),
    ) -> None:
        """``known``: how much ``mask`` knows; what was gathered when it knew less is masked once more at the end.
        ``groups``: those of a host."""
        self.warnings: list[str] = []
        self.summary: RunSummary | None = None
        self.packages: set[Path] = set()
        self.modules: set[str] = set()
        self._mask = mask
        self._load = load
        self._inner = inner
        self._known = known
        self._groups = groups
        self._steps: dict[str, list[tuple[PlannedStep, int]]] = {}
        self._seen: dict[str, dict[str, Any]] = {}
        self._windows: dict[str, dict[str, None]] = {}

    # as a control

    def enter(self, host: str, window: str) -> None:
        if window:
            self._windows.setdefault(host, {})[window] = None

    def observe(self, step: Step, inspect: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        self.modules.add(step.module)
        self.packages |= set(controller_files(self._load(step.module), step.params))
        return self._inner.observe(step, inspect)

    def record(self, step: Step, result: Result) -> None:
        self._inner.record(step, result)

    # as a sink

    def receive(self, event: Event) -> None:
        match event:
            case StepFinished():
                self._keep(event.result)
            case Warned() if len(self.warnings) < MOST_WARNINGS:
                where = f"{event.source}: " if event.source else ""
                self.warnings.append(self._mask(where + event.text))
            case RunFinished():
                self.summary = event.summary
            case _:
                pass

    def close(self) -> None:
        """Everything was kept as it came."""

    def _keep(self, result: Result) -> None:
        earlier, known = self._seen.setdefault(result.host, {}), self._known()
        shown = self._mask(result)
        volatile = self._load(result.module).volatile if result.before else ()
        state, unchanged = packed(lasting(shown.before, volatile), earlier)
        earlier.update(state)
        step = PlannedStep(
            address=shown.address,
            task=shown.task,
            module=shown.module,
            status=cast("Word", shown.status.value),
            message=shown.message,
            remedy=shown.remedy,
            changes=tuple(planned(change) for change in shown.changes),
            notes=shown.notes,
            state=state,
            unchanged=unchanged,
            hidden=result.no_log,
        )
        self._steps.setdefault(result.host, []).append((step, known))

    def hosts(self) -> tuple[PlannedHost, ...]:
        """Every host of the run, in its order."""
        return tuple(self._host(summary) for summary in (self.summary.hosts if self.summary else ()))

    def _host(self, summary: HostSummary) -> PlannedHost:
        shown = self._mask(summary)
        return PlannedHost(
            **plain.end(dataclasses.replace(shown, host=summary.host)),
            groups=self._groups(summary.host),
            windows=tuple(self._windows.get(summary.host, ())),
            steps=tuple(self._once_more(*step) for step in self._steps.get(summary.host, ())),
        )

    def _once_more(self, step: PlannedStep, known: int) -> PlannedStep:
        return step if known == self._known() else cast("PlannedStep", self._mask(step))


def planned(change: Change) -> PlannedChange:
    """A Change without what is private to its module."""
    return PlannedChange(**plain.change(change))


def controller_files(module: LoadedModule, params: Mapping[str, object]) -> Iterator[Path]:
    """The files on this side that a step would send to its host, as far as they are there."""
    for field in dataclasses.fields(module.params_type):
        value = params.get(field.name)
        if field.metadata.get(CONTROLLER_FILE) and isinstance(value, str) and value and Path(value).is_file():
            yield Path(value)
