"""``--format json``: gathers a run and writes it as one JSON document when the run ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from remediate import __version__
from remediate.events import Event, RunFinished, RunStarted, StepFinished, Warned
from remediate.model import Change, HostSummary, Mode, Result, RunSummary
from remediate.reports.document import (
    FORMAT,
    ChangeDocument,
    HostDocument,
    RunDocument,
    StepDocument,
    WarningDocument,
)
from remediate.reports.text import bounded

MOST_STEPS = 500
"""Steps kept per host; failures beyond it are kept all the same, the others are counted."""
MOST_ITEMS = 200
"""Entries kept of one list or mapping inside a State."""
DEEPEST = 12
MOST_WARNINGS = 200


class JsonReport:
    """Writes one document at ``RunFinished``. ``states`` adds the State before and after each step."""

    def __init__(self, write: Callable[[str], None], *, states: bool = False) -> None:
        self._write = write
        self._states = states
        self._playbook = ""
        self._mode = Mode.APPLY
        self._steps: dict[str, list[StepDocument]] = {}
        self._left_out: dict[str, int] = {}
        self._warnings: list[WarningDocument] = []

    def receive(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._playbook, self._mode = event.playbook, event.mode
            case StepFinished():
                self._keep(event.result)
            case Warned() if len(self._warnings) < MOST_WARNINGS:
                source = str(event.source) if event.source else ""
                self._warnings.append({"text": bounded(event.text), "source": source, "host": event.host})
            case RunFinished():
                self._write(json.dumps(self._document(event.summary), indent=2))
            case _:
                pass

    def close(self) -> None:
        """Everything was written at ``RunFinished``."""

    def _keep(self, result: Result) -> None:
        steps = self._steps.setdefault(result.host, [])
        if len(steps) < MOST_STEPS or result.failed:
            steps.append(step(result, states=self._states))
        else:
            self._left_out[result.host] = self._left_out.get(result.host, 0) + 1

    def _document(self, summary: RunSummary) -> RunDocument:
        return {
            "format": FORMAT,
            "remediate": __version__,
            "playbook": self._playbook,
            "mode": summary.mode.value,
            "exit_code": summary.exit_code,
            "interrupted": summary.interrupted,
            "seconds": round(summary.seconds, 3),
            "hosts": [self._host(host) for host in summary.hosts],
            "warnings": self._warnings,
        }

    def _host(self, host: HostSummary) -> HostDocument:
        return {
            "host": host.host,
            "outcome": host.outcome.value,
            "reason": bounded(host.reason),
            "remedy": bounded(host.remedy),
            "columns": {key: bounded(value) for key, value in host.columns.items()},
            "counts": dict(host.counts),
            "notes": [bounded(note) for note in host.notes[:MOST_ITEMS]],
            "steps": self._steps.get(host.host, []),
            "steps_left_out": self._left_out.get(host.host, 0),
        }


def step(result: Result, *, states: bool) -> StepDocument:
    """One Result as a document."""
    return {
        "address": result.address,
        "task": result.task,
        "module": result.module,
        "status": result.status.value,
        "message": bounded(result.message),
        "remedy": bounded(result.remedy),
        "changes": [_change(change) for change in result.changes[:MOST_ITEMS]],
        "notes": [bounded(note) for note in result.notes[:MOST_ITEMS]],
        "seconds": round(result.seconds, 3),
        "ignored": result.ignored,
        "rescued": result.rescued,
        "recalled": result.recalled,
        "before": trimmed(result.before) if states else None,
        "after": trimmed(result.after) if states else None,
    }


def _change(change: Change) -> ChangeDocument:
    return {
        "target": bounded(change.target),
        "before": trimmed(change.before),
        "after": trimmed(change.after),
        "effect": change.effect.value,
        "seconds": change.seconds,
        "reversible": change.reversible,
        "certainty": change.certainty.value,
        "why": bounded(change.why),
    }


def trimmed(value: object, depth: int = 0) -> JsonValue:
    """``value`` as plain JSON, bounded in depth, in entries per list and in characters per text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple) and depth >= DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        kept: dict[str, JsonValue] = {
            str(key): trimmed(item, depth + 1) for key, item in list(value.items())[:MOST_ITEMS]
        }
        if len(value) > MOST_ITEMS:
            kept["..."] = f"{len(value) - MOST_ITEMS} more"
        return kept
    if isinstance(value, list | tuple):
        items: list[JsonValue] = [trimmed(item, depth + 1) for item in value[:MOST_ITEMS]]
        return [*items, f"... {len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else items
    return bounded(str(value))
