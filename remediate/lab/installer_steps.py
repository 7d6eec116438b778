"""The steps of a running installer: stop services, replace or restore files, register, start services, end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate.lab import installer_log as log
from remediate.lab import packages
from remediate.lab.clock import iso
from remediate.lab.errors import LabError
from remediate.lab.files import FOLDER, HIDDEN, FileEntry
from remediate.lab.installation import SETUP_KEY, UNINSTALL_KEY, Installation, bin_folder, load, save, uninstall_folder
from remediate.lab.installer_checks import refusal
from remediate.lab.packages import PackageFile, build_number
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

DEED = "installer_step"
POLL = 0.05
"""Model seconds between two looks at a service."""
PATIENCE = 3.0
"""Model seconds an installer waits for one service to start before it leaves it to itself."""
RENAMES_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
RENAMES = "PendingFileRenameOperations"


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
    fault = machine.faults.installer_exit
    if machine.faults.installer_hangs and not run.removes:
        run.phase = "hanging"
        log.say(machine, run, "Waiting for file operations to complete")
        return POLL
    if fault and fault.code not in (0, 3010) and not run.removes:
        run.exit_code, run.extended = fault.code, fault.extended
        log.say(machine, run, "DoInstallation: file copy failed, changes are undone")
        return _begin_start(machine, run)
    run.queue, run.phase = [file.name for file in run.package.files], "files"
    return run.package.seconds / 4


def _files(machine: Machine, run: Installation) -> float | None:
    if not run.queue:
        run.phase = "register"
        return run.package.seconds / 4
    name = run.queue.pop(0)
    file = next(each for each in run.package.files if each.name == name)
    try:
        _restore(machine, run, file) if run.removes else _lay_down(machine, run, file)
    except LabError as error:
        run.exit_code, run.extended = log.MASKED, error.number
        log.say(machine, run, f"{name} failed: {error.text}")
        return _begin_start(machine, run)
    return run.package.seconds / 2 / len(run.package.files)


def _lay_down(machine: Machine, run: Installation, file: PackageFile) -> None:
    target = f"{bin_folder(machine)}\\{file.name}"
    old = machine.files.stat(target) if machine.files.is_file(target) else None
    if old is not None and build_number(old.version or "0") > build_number(file.version):
        log.say(machine, run, f"{target} is newer ({old.version}), left as it is")
        return
    if run.backup and run.package.uninstall_folder and old is not None:
        _back_up(machine, run, file.name, old)
    log.say(machine, run, f"Copied file:  {target}")
    if file.name.lower() in (name.lower() for name in machine.faults.installer_leaves):
        return
    moment = datetime.fromisoformat(file.modified).astimezone(UTC)
    new = FileEntry(size=file.size, modified=moment, version=file.version)
    fault = machine.faults.installer_exit
    if fault and fault.code == 3010 and file is run.package.files[0]:
        _rename_later(machine, target, new)
    else:
        machine.files.put(target, new)


def _back_up(machine: Machine, run: Installation, name: str, old: FileEntry) -> None:
    folder = uninstall_folder(machine, run.package)
    if not machine.files.exists(folder):
        machine.files.put(folder, FileEntry(attributes=FOLDER | HIDDEN, modified=machine.now()))
        data = packages.uninstaller(run.package)
        version = log.ENGINES[run.package.switches]
        spuninst = FileEntry(size=len(data), modified=machine.now(), version=version, data=data)
        machine.files.put(f"{folder}\\spuninst\\spuninst.exe", spuninst)
    if not machine.files.exists(f"{folder}\\{name}"):  # a second run keeps what the first saved
        machine.files.put(f"{folder}\\{name}", old)


def _rename_later(machine: Machine, target: str, new: FileEntry) -> None:
    """The file was in use: the new one waits under another name for the next restart."""
    waiting = f"{target.rpartition(chr(92))[0]}\\SET{len(machine.files.listing(bin_folder(machine))):X}.tmp"
    machine.files.put(waiting, new)
    old = machine.registry.value(RENAMES_KEY, RENAMES)
    pairs = [*(old if isinstance(old, list) else []), f"\\??\\{waiting}", f"!\\??\\{target}"]
    machine.registry.set(RENAMES_KEY, RENAMES, pairs, "REG_MULTI_SZ")


def _restore(machine: Machine, run: Installation, file: PackageFile) -> None:
    saved = f"{uninstall_folder(machine, run.package)}\\{file.name}"
    if machine.files.is_file(saved):
        machine.files.put(f"{bin_folder(machine)}\\{file.name}", machine.files.stat(saved))
        log.say(machine, run, f"Restored file:  {bin_folder(machine)}\\{file.name}")


def _register(machine: Machine, run: Installation) -> float | None:
    package = run.package
    if run.removes:
        _unregister(machine, run)
    else:
        if package.registry_key:
            _write_proof(machine, run)
        for name, value in package.setup.items():
            for each in {"service_pack": ("ServicePackNumber",), "build": ("ServicePackBuild", "NewestBuild")}[name]:
                machine.registry.set(SETUP_KEY, each, value)
        if package.uninstall_folder and run.backup:
            key = f"{UNINSTALL_KEY}\\KB{package.kb}"
            machine.registry.set(key, "DisplayName", f"Hotfix for Exchange {package.product} (KB{package.kb})")
            command = f"{uninstall_folder(machine, package)}\\spuninst\\spuninst.exe"
            machine.registry.set(key, "UninstallString", command)
    fault = machine.faults.installer_exit
    if (fault and fault.code == 3010) or package.restart:
        run.exit_code = 3010
    return _begin_start(machine, run)


def _write_proof(machine: Machine, run: Installation) -> None:
    key = f"HKLM\\{run.package.registry_key}"
    local = machine.clock.to_local(machine.now())
    machine.registry.set(key, "Description", run.package.title)
    machine.registry.set(key, "InstalledBy", machine.environ.get("USERNAME", "SYSTEM"))
    machine.registry.set(key, "InstalledDate", f"{local.month}/{local.day}/{local.year}")
    machine.registry.set(key, "PackageVersion", run.package.provides)
    machine.registry.set(key, "Type", "Update")


def _unregister(machine: Machine, run: Installation) -> None:
    for key in (f"HKLM\\{run.package.registry_key}", f"{UNINSTALL_KEY}\\KB{run.package.kb}"):
        if machine.registry.exists(key):
            machine.registry.delete_key(key, tree=True)
    machine.files.remove(uninstall_folder(machine, run.package), tree=True)


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
    if run.exit_code in (0, 3010):
        restart = int(run.exit_code == 3010)
        log.say(machine, run, f"RebootNecessary = {restart},WizardInput = 1 , DontReboot = 1, ForceRestart = 0")
        log.say(machine, run, f"KB{run.package.kb} {'removal' if run.removes else 'installation'} completed.")
        # likely: source and number of the entry are those of Windows' own hotfixes
        verb = "removed" if run.removes else "installed"
        text = f"Exchange {run.package.product} update KB{run.package.kb} was {verb}."
        machine.eventlog.add("System", "NtServicePack", 4377, "Information", text)
    else:
        log.failed(machine, run, "Setup could not complete the file operations.")
    _finish(machine, run)
    return None


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


def finish_renames(machine: Machine) -> None:
    """What the session manager does at a restart: carry out the pending file operations, then forget them."""
    found = machine.registry.value(RENAMES_KEY, RENAMES)
    pairs = found if isinstance(found, list) else []
    for old, new in zip(pairs[::2], pairs[1::2], strict=False):
        source, target = (text.removeprefix("!").removeprefix("\\??\\") for text in (old, new))
        if not machine.files.exists(source):
            continue
        if target and machine.files.is_file(target):
            machine.files.remove(target)
        machine.files.rename(source, target) if target else machine.files.remove(source)
    if found is not None:
        machine.registry.delete(RENAMES_KEY, RENAMES)
