"""What of a host's state lasts: the part a dry run must leave exactly as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.lab.paths import fold, parent
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

LEFT_OUT = (
    "clock",  # it goes on
    "refusals",  # notes of the lab, not of the host
    "marks",
    "processes",  # their ids and start times; a process that stays shows below by its command line
    "eventlog",  # the Security log: logging on is recorded
    "files",  # free space, and the toolkit's scripts and answers
)


def lasting(machine: Machine) -> dict[str, Json]:
    """State without the clock, process ids, logons, and what the toolkit keeps directly in its own folder."""
    state = machine.to_json()
    kept = {name: value for name, value in state.items() if name not in LEFT_OUT}
    kept["services"] = [{k: v for k, v in row.items() if k != "pid"} for row in _rows(state["services"])]
    kept["running"] = [*sorted(p.command for p in machine.processes.all())]
    kept["eventlog"] = {k: v for k, v in machine.eventlog.to_json().items() if k != "Security"}
    kept["files"] = _files(machine)
    return kept


def toolkit(machine: Machine) -> list[Json]:
    """Everything of the toolkit's that lies on the host, its folder included."""
    folder = fold(f"{machine.os.system_root}\\Temp\\remediate")
    return [path for path, _ in machine.files.walk() if (fold(path) + "\\").startswith(folder + "\\")]


def _files(machine: Machine) -> Json:
    toolkit = fold(f"{machine.os.system_root}\\Temp\\remediate")
    saved = machine.files.to_json()["files"]
    assert isinstance(saved, dict)
    return {
        path: value
        for path, value in saved.items()
        if fold(path) != toolkit and (fold(parent(path)) != toolkit or machine.files.is_folder(path))
    }


def _rows(value: Json) -> list[dict[str, Json]]:
    assert isinstance(value, list)
    return [row for row in value if isinstance(row, dict)]
