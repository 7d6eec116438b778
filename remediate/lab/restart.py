"""Restarting a lab host: everything ends, it is away for a while, then it boots and does what was put off."""

from __future__ import annotations

from collections.abc import Mapping

from remediate.lab import paths
from remediate.lab.errors import LabError
from remediate.lab.machine import Event, Machine
from remediate.lab.windows import system_processes
from remediate.model import Json

DOWN_SECONDS = 60.0
"""Model time from the end of the last process to the first service."""
SESSION_MANAGER = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
PENDING = "PendingFileRenameOperations"


def order(machine: Machine, seconds: float, *, power_off: bool = False) -> bool:
    """Schedule a restart; False when one is scheduled already."""
    if scheduled(machine) is not None:
        return False
    machine.schedule(seconds, "shut_down", {"power_off": power_off})
    return True


def due(machine: Machine) -> bool:
    """Whether files wait for the next start."""
    return machine.registry.get(SESSION_MANAGER, PENDING) is not None


def scheduled(machine: Machine) -> Event | None:
    return next((event for event in machine.events if event.do == "shut_down"), None)


def abort(machine: Machine) -> bool:
    event = scheduled(machine)
    if event is not None:
        machine.cancel(event)
    return event is not None


def shut_down(machine: Machine, args: Mapping[str, Json]) -> None:
    """Deed: all processes end. Without ``power_off`` the host comes back by itself."""
    machine.eventlog.add("System", "EventLog", 6006, "Information", "The Event log service was stopped.")
    machine.services.halt()
    machine.processes.clear()
    machine.down = True
    if not args.get("power_off"):
        machine.schedule(DOWN_SECONDS, "boot")


def boot(machine: Machine, _: Mapping[str, Json]) -> None:
    """Deed: pending renames are carried out, then services start by their start types."""
    machine.down = False
    machine.boot_time = machine.now().replace(microsecond=0)
    system_processes(machine)
    carry_out_pending(machine)
    machine.eventlog.add("System", "EventLog", 6005, "Information", "The Event log service was started.")
    machine.services.boot()


def carry_out_pending(machine: Machine) -> None:
    """Pairs of source and target; an empty target deletes, a leading ``!`` replaces. What fails is left out."""
    value = machine.registry.value(SESSION_MANAGER, PENDING)
    if not isinstance(value, list):
        return
    machine.registry.delete(SESSION_MANAGER, PENDING)
    for source, target in zip(value[::2], value[1::2], strict=False):
        try:
            _carry_out(machine, source.removeprefix("\\??\\"), target)
        except LabError as error:
            machine.eventlog.add("System", "Session Manager", 26, "Warning", f"{source}: {error.text}")


def _carry_out(machine: Machine, source: str, target: str) -> None:
    files = machine.files
    if not target:
        files.remove(source)
        return
    goal = paths.normal(target.removeprefix("!").removeprefix("\\??\\"))
    if files.exists(goal) and target.startswith("!"):
        files.remove(goal)
    files.rename(source, goal)
