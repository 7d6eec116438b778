"""The steps of a running installer: stop services, replace or restore files, register, start services, end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate.lab import installer_log as log
from remediate.lab import laying
from remediate.lab.clock import from_iso, iso
from remediate.lab.drops import Drops
from remediate.lab.errors import LabError
from remediate.lab.faults import Moment
from remediate.lab.installation import Installation, bin_folder, load, save
from remediate.lab.installer_checks import refusal
from remediate.lab.packages import PackageFile
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

DEED = "installer_step"
POLL = 0.05
"""Model seconds between two looks at a service."""
LONGEST_WAIT = 600.0
"""Model seconds after its start for which an installer waits to be looked at."""
CATALOG_FAILED = 0xF01E
PATIENCE = 3.0
"""Model seconds an installer waits for one service to start before it leaves it to itself."""


def step(machine: Machine, args: Mapping[str, Json]) -> None:
    """One step of installation ``number``; schedules the next. Once its process is gone nothing more is done."""
    run = load(machine, int(str(args["number"])))
    if run.ended:
        return
    if not run.active(machine):
        run.phase, run.ended = "killed", iso(machine.now())
        machine.processes.exit(run.pid, 1)
    else:
        delay = _STEPS[run.phase](machine, run)
        if delay is not None:
            machine.schedule(delay, DEED, {"number": run.number})
    save(machine, run)


def _check(machine: Machine, run: Installation) -> float | None:
    found = refusal(machine, run)
    if found is not None:
        run.exit_code, run.extended = log.MASKED, found.extended
        log.failed(machine, run, found.message)
        _finish(machine, run)
        return None
    for name in run.package.services:
        stopping = [*machine.services.dependents(name), *filter(None, [machine.services.get(name)])]
        run.ran += [each.name for each in stopping if each.state != "stopped" and each.name not in run.ran]
    run.queue, run.phase = list(run.ran), "stop"
    log.say(machine, run, "DoInstallation: Stopping services")
    return POLL


def _stop(machine: Machine, run: Installation) -> float | None:
    if not run.queue:
        return _after_stop(machine, run)
    service = machine.services.get(run.queue[0])
    if service is None or service.state == "stopped":
        log.say(machine, run, f"Service {run.queue.pop(0)} is stopped")
        return 0.0
    if service.state in ("running", "paused"):
        log.say(machine, run, f"Stopping service {service.name}")
        try:
            machine.services.stop(service.name)
        except LabError as error:
            log.say(machine, run, f"Service {service.name} could not be stopped: {error.text}")
            _cannot_stop(machine, run, service.name)
    return POLL


def _cannot_stop(machine: Machine, run: Installation, name: str) -> None:
    """Others need it, which are stopped first; else its files are in use until the next restart."""
    first = [each.name for each in machine.services.dependents(name)]
    if first:
        run.queue = first + run.queue
    else:
        run.queue.pop(0)
        run.exit_code = 3010


def _linger(machine: Machine, run: Installation) -> float:  # noqa: ARG001
    """Nothing happens any more, but the end of its process is noticed; a long absence counts as one look."""
    behind = (machine.clock.utc_now() - machine.now()).total_seconds() * machine.speed
    return max(0.5, behind)


def _after_stop(machine: Machine, run: Installation) -> float | None:
    if machine.faults.installer_killed and not run.removes:
        _killed(machine, run)
        return None
    if machine.faults.installer_hangs and not run.removes:
        run.phase = "hanging"
        log.say(machine, run, "Waiting for file operations to complete")
        return POLL
    if _failing(machine, run, keeps="none"):
        log.say(machine, run, "DoInstallation: file copy failed, changes are undone")
        return _begin_start(machine, run)
    run.queue, run.phase = [file.name for file in run.package.files], "files"
    return run.package.seconds / 4


def _failing(machine: Machine, run: Installation, *, keeps: str) -> bool:
    """Whether it fails here as its fault says; then the code is set."""
    fault = machine.faults.installer_exit
    if fault is None or fault.code in (0, 3010) or fault.keeps != keeps or run.removes:
        return False
    run.exit_code, run.extended = fault.code, fault.extended
    return True


def _killed(machine: Machine, run: Installation) -> None:
    """It, and whatever started it, is gone."""
    run.phase, run.ended, run.queue = "killed", iso(machine.now()), []
    pids, parent = [run.worker], run.pid
    while (process := machine.processes.get(parent)) is not None and process.image.lower() != "services.exe":
        pids.append(parent)
        parent = process.parent
    for pid in reversed(pids):  # the outermost first: none of them does anything more
        machine.processes.exit(pid, 1)


def _files(machine: Machine, run: Installation) -> float | None:
    if not run.queue:
        run.phase = "register"
        return run.package.seconds / 4
    if 2 * len(run.queue) <= len(run.package.files) and _failing(machine, run, keeps="some"):
        log.say(machine, run, "DoInstallation: file copy failed")
        return _begin_start(machine, run)
    name = run.queue.pop(0)
    file = next(each for each in run.package.files if each.name == name)
    try:
        text = laying.restore(machine, run.package, file) if run.removes else _lay_down(machine, run, file)
        log.say(machine, run, text)
    except LabError as error:
        run.exit_code, run.extended = log.MASKED, error.number
        log.say(machine, run, f"{name} failed: {error.text}")
        return _begin_start(machine, run)
    return run.package.seconds / 2 / len(run.package.files)


def _lay_down(machine: Machine, run: Installation, file: PackageFile) -> str:
    if file.name.lower() in (name.lower() for name in machine.faults.installer_leaves):
        return f"Copied file:  {bin_folder(machine)}\\{file.name}"
    fault = machine.faults.installer_exit
    in_use = _restart_due(machine) and file is run.package.files[0] and fault is not None and fault.keeps != "all"
    return laying.lay_down(machine, run.package, file, backup=run.backup, in_use=in_use)


def _restart_due(machine: Machine) -> bool:
    fault = machine.faults.installer_exit
    return fault is not None and fault.code == 3010


def _register(machine: Machine, run: Installation) -> float | None:
    if run.removes:
        laying.unregister(machine, run.package)
    else:
        laying.register(machine, run.package, backup=run.backup)
        if _restart_due(machine) or run.package.restart:
            run.exit_code = 3010
        _failing(machine, run, keeps="all")
    return _begin_start(machine, run)


def _begin_start(machine: Machine, run: Installation) -> float:
    run.queue, run.phase = list(reversed(run.ran)), "start"
    run.asked, run.waited = "", 0.0
    log.say(machine, run, "Starting services that were stopped")
    return POLL


def _start(machine: Machine, run: Installation) -> float | None:
    if not run.queue:
        run.phase = "end"
        return POLL
    service = machine.services.get(run.queue[0])
    if service is not None and service.state == "stopped" and run.asked != service.name:
        return _ask(machine, run, service.name)
    if service is not None and service.state == "start pending" and run.waited < PATIENCE:
        run.waited += POLL
        return POLL
    log.say(machine, run, f"Service {run.queue.pop(0)} is {service.state if service else 'gone'}")
    run.asked, run.waited = "", 0.0
    return 0.0


def _ask(machine: Machine, run: Installation, name: str) -> float:
    run.asked = name
    if machine.faults.service_disabled.lower() == name.lower() and not run.removes:
        machine.services.config(name, start_mode="disabled")
        return 0.0
    log.say(machine, run, f"Starting service {name}")
    try:
        machine.services.start(name)
    except LabError as error:
        log.say(machine, run, f"Service {name} could not be started: {error.text}")
    return POLL


def _end(machine: Machine, run: Installation) -> float | None:
    if _expected(machine, run):
        return _linger(machine, run)
    if run.exit_code in (0, 3010):
        restart = int(run.exit_code == 3010)
        log.say(machine, run, f"RebootNecessary = {restart},WizardInput = 1 , DontReboot = 1, ForceRestart = 0")
        log.say(machine, run, f"KB{run.package.kb} {'removal' if run.removes else 'installation'} completed.")
        # likely: source and number of the entry are those of Windows' own hotfixes
        verb = "removed" if run.removes else "installed"
        text = f"Exchange {run.package.product} update KB{run.package.kb} was {verb}."
        machine.eventlog.add("System", "NtServicePack", 4377, "Information", text)
    else:
        catalog = run.extended == CATALOG_FAILED
        text = "Failed to install catalog files." if catalog else "Setup could not complete the file operations."
        log.failed(machine, run, text)
    _finish(machine, run)
    return None


def _expected(machine: Machine, run: Installation) -> bool:
    """Whether the line is yet to drop at a look at this installer: it does not end before somebody looks."""
    since = (machine.now() - from_iso(run.started)).total_seconds() * machine.speed
    return since < LONGEST_WAIT and Drops(machine).pending(Moment.POLLING)


def _finish(machine: Machine, run: Installation) -> None:
    run.phase, run.ended, run.queue = "done", iso(machine.now()), []
    machine.processes.exit(run.worker, run.exit_code)
    machine.processes.exit(run.pid, run.exit_code)


_STEPS: Mapping[str, Callable[[Machine, Installation], float | None]] = MappingProxyType(
    {
        "check": _check,
        "stop": _stop,
        "files": _files,
        "register": _register,
        "start": _start,
        "end": _end,
        "asking": _linger,
        "hanging": _linger,
    }
)
