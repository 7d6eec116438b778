"""The record of one run of an installer or its removal, kept among the machine's marks."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from remediate.lab import packages
from remediate.lab.packages import Package
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

MARK = "installations"
SETUP_KEY = "HKLM\\SOFTWARE\\Microsoft\\Exchange\\Setup"
UNINSTALL_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"

Phase = Literal["check", "stop", "files", "register", "start", "end", "asking", "hanging", "killed", "done"]
"""asking: it waits for somebody to press a button; killed: its process was ended from outside."""

BEYOND_STOP = ("files", "register", "start", "end", "done")


@dataclass(slots=True, kw_only=True)
class Installation:
    """One started package or spuninst.exe; every real start has one, also the refused and the failed."""

    number: int
    package: Package
    removes: bool = False
    path: str
    """The file that was started."""
    command: str
    pid: int
    worker: int = 0
    """Process id of update.exe (the package's own process when it removes); 0 when it never came to be."""
    backup: bool = True
    log: str = ""
    started: str
    ended: str = ""
    phase: Phase = "check"
    queue: list[str] = field(default_factory=list)
    """Services or files still to be dealt with in this phase."""
    ran: list[str] = field(default_factory=list)
    """Services that ran before, in the order they are stopped."""
    asked: str = ""
    """The service whose start it waits for."""
    waited: float = 0.0
    exit_code: int = 0
    extended: int = 0
    """The code behind a masked 1603; 0 when there is none."""

    def active(self, machine: Machine) -> bool:
        """It has not ended, and its worker is alive."""
        return not self.ended and machine.processes.get(self.worker) is not None

    def to_json(self) -> dict[str, Json]:
        found: dict[str, Json] = {each.name: getattr(self, each.name) for each in fields(self)}
        return found | {"package": packages.to_json(self.package), "queue": list(self.queue), "ran": list(self.ran)}


def all_of(machine: Machine) -> list[Installation]:
    """Every installer ever started on this host, oldest first."""
    return [_from_json(row) for row in _rows(machine)]


def load(machine: Machine, number: int) -> Installation:
    return _from_json(_rows(machine)[number])


def save(machine: Machine, installation: Installation) -> None:
    """Keep the record, a new one at the end."""
    rows = _rows(machine)
    if installation.number == len(rows):
        rows.append(installation.to_json())
    else:
        rows[installation.number] = installation.to_json()
    machine.marks[MARK] = rows
    machine.touch()


def started(machine: Machine) -> int:
    """How many installers were started on this host; the toolkit must not start one twice."""
    return len(_rows(machine))


def phase(machine: Machine) -> Phase | None:
    """What the newest installer that is alive does; None when there is none."""
    rows = _rows(machine)
    newest = _from_json(rows[-1]) if rows else None
    return newest.phase if newest and newest.active(machine) else None


def took_services_down(machine: Machine) -> bool:
    """Whether the newest installer has stopped services and come further, however long ago."""
    rows = _rows(machine)
    newest = _from_json(rows[-1]) if rows else None
    return newest is not None and bool(newest.ran) and newest.phase in BEYOND_STOP


def bin_folder(machine: Machine) -> str:
    """Exchange's program folder; "" when there is no Exchange."""
    root = machine.registry.value(SETUP_KEY, "Services")
    return f"{root}\\bin" if isinstance(root, str) else ""


def uninstall_folder(machine: Machine, package: Package) -> str:
    return f"{machine.os.system_root}\\{package.uninstall_folder}"


def _rows(machine: Machine) -> list[Json]:
    rows = machine.marks.get(MARK, [])
    return list(rows) if isinstance(rows, list) else []


def _from_json(row: Json) -> Installation:
    assert isinstance(row, dict)
    values: dict[str, Any] = dict(row)
    values["package"] = packages.from_json(values["package"])
    return Installation(**values)
