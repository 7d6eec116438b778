"""``--format json``: gathers a run and writes it as one JSON document when the run ends."""

from __future__ import annotations

import json
from collections.abc import Callable

from remediate import __version__, plain
from remediate.events import Event, Exiting, RunFinished, RunStarted, StepFinished, Warned
from remediate.model import HostSummary, Mode, Result, RunSummary
from remediate.reports.document import (
    FORMAT,
    ChangeDocument,
    HostDocument,
    RunDocument,
    StepDocument,
    WarningDocument,
)
from remediate.reports.standing import as_json
from remediate.reports.text import MOST_ITEMS, bounded, trimmed

MOST_STEPS = 500
"""Steps kept per host; failures beyond it are kept all the same, the others are counted."""
MOST_WARNINGS = 200


class JsonReport:
    """Writes one document when it is closed behind ``RunFinished``.

    ``states`` adds the State before and after each step.
    """

    def __init__(self, write: Callable[[str], None], *, states: bool = False) -> None:
        self._write = write
        self._states = states
        self._playbook = ""
        self._mode = Mode.APPLY
        self._steps: dict[str, list[StepDocument]] = {}
        self._left_out: dict[str, int] = {}
        self._warnings: list[WarningDocument] = []
        self._summary: RunSummary | None = None
        self._exit_code: int | None = None

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
                self._summary = event.summary
            case Exiting():
                self._exit_code = event.exit_code
            case _:
                pass

    def close(self) -> None:
        """Now the exit code is known."""
        if self._summary is not None:
            summary, self._summary = self._summary, None
            self._write(json.dumps(self._document(summary), indent=2))

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
            "exit_code": summary.exit_code if self._exit_code is None else self._exit_code,
            "interrupted": summary.interrupted,
            "seconds": round(summary.seconds, 3),
            "hosts": [self._host(host) for host in summary.hosts],
            "warnings": self._warnings,
        }

    def _host(self, host: HostSummary) -> HostDocument:
        told = plain.end(host)
        return {
            "host": told["host"],
            "outcome": host.outcome.value,
            "reason": bounded(told["reason"]),
            "remedy": bounded(told["remedy"]),
            "columns": {key: bounded(value) for key, value in told["columns"].items()},
            "counts": told["counts"],
            "notes": [bounded(note) for note in told["notes"][:MOST_ITEMS]],
            "now": as_json(host.now),
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
        "changes": [_change(result, number) for number in range(len(result.changes[:MOST_ITEMS]))],
        "notes": [bounded(note) for note in result.notes[:MOST_ITEMS]],
        "seconds": round(result.seconds, 3),
        "ignored": result.ignored,
        "rescued": result.rescued,
        "recalled": result.recalled,
        "before": trimmed(result.before) if states else None,
        "after": trimmed(result.after) if states else None,
    }


def _change(result: Result, number: int) -> ChangeDocument:
    change = plain.change(result.changes[number])
    return {
        **change,
        "target": bounded(change["target"]),
        "before": trimmed(change["before"]),
        "after": trimmed(change["after"]),
        "why": bounded(change["why"]),
        "fate": result.fates[number].value if number < len(result.fates) else "",
    }
