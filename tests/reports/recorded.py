"""Reads recorded runs: the events of a run as YAML, and what each report must make of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from remediate import events
from remediate.events import Event
from remediate.model import Certainty, Change, Effect, Result, Standing, Status

CASES = Path(__file__).parent / "cases"
KINDS = {
    kind.__name__: kind
    for kind in (
        events.RunStarted,
        events.PlayStarted,
        events.StepStarted,
        events.Progress,
        events.StepFinished,
        events.Warned,
        events.RunFinished,
    )
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One recorded run with the wanted output for each report."""

    name: str
    events: list[dict[str, Any]]
    verbosity: int = 0
    diff: bool = False
    secrets: tuple[str, ...] = ()
    width: int = 80
    plain: str = ""
    console: str = ""
    never: tuple[str, ...] = field(default=())
    """Texts that no report may contain."""

    def recorded(self) -> list[Event]:
        return [read_event(dict(entry)) for entry in self.events]


def read_event(entry: dict[str, Any]) -> Event:
    """``{event: StepFinished, result: {...}}`` as the event; a result's task doubles as its address."""
    kind = KINDS[entry.pop("event")]
    if kind is events.StepFinished:
        return events.StepFinished(result=read_result(dict(entry["result"])))
    reader: TypeAdapter[Any] = TypeAdapter(kind)
    event: Event = reader.validate_python(entry)
    return event


def read_result(data: dict[str, Any]) -> Result:
    data["status"] = Status(data["status"])
    data["changes"] = tuple(read_change(dict(change)) for change in data.get("changes", ()))
    data["notes"] = tuple(data.get("notes", ()))
    if "now" in data:
        data["now"] = TypeAdapter(Standing).validate_python(data["now"])
    return Result(**{"address": f"{data['task']}@{data['host']}", "module": "hotfix", **data})


def read_change(data: dict[str, Any]) -> Change:
    data["effect"] = Effect(data.get("effect", "none"))
    data["certainty"] = Certainty(data.get("certainty", "known"))
    return Change(**data)


def cases() -> list[Case]:
    """Every case of the folder."""
    found = []
    for path in sorted(CASES.glob("*.yml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(TypeAdapter(Case).validate_python({"name": path.stem, **data}))
    return found
