"""Starts a lab package, or the spuninst.exe it left, as Windows would start the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.lab import installer_log as log
from remediate.lab import packages, pe
from remediate.lab.clock import iso
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.installation import Installation, save, started
from remediate.lab.installer_steps import DEED

if TYPE_CHECKING:
    from remediate.lab.machine import Machine
    from remediate.lab.packages import Package
    from remediate.lab.processes import Process

OLD = frozenset({"u", "m", "q", "z", "n", "o", "f"})
NEW = OLD | {"quiet", "passive", "norestart", "warnrestart", "promptrestart", "overwriteoem", "nobackup",
             "forceappsclose", "er", "verbose"}  # fmt: skip
NOT_MODELLED = frozenset({"?", "help", "l", "x", "extract", "integrate", "forcerestart", "uninstall"})
UNATTENDED = frozenset({"u", "m", "q", "quiet", "passive"})
USAGE = 1
"""Exit code after an unknown switch. Assumed: what the engine really ends with is not documented."""
CORRUPT = 1392
"""ERROR_FILE_CORRUPT. Assumed: the self-extractor's own code is not documented."""
NO_DESKTOP = 0xC0000142
"""STATUS_DLL_INIT_FAILED: how programs end that a service session has no room for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What a command line asks of the engine."""

    unattended: bool = False
    backup: bool = True
    log: str = ""
    unknown: str = ""
    """The first switch this generation of the engine does not know."""


def read_switches(arguments: Sequence[str], package: Package) -> Switches:
    """Raises NotModelled for switches the lab leaves out."""
    known = OLD if package.switches == "old" else NEW
    seen: set[str] = set()
    target = unknown = ""
    for argument in arguments:
        name, _, value = argument.lstrip("/-").partition(":")
        word = name.lower()
        if package.switches == "new" and word == "log":
            target = value
        elif word in NOT_MODELLED and (len(word) == 1 or package.switches == "new"):
            raise NotModelled(f"switch {argument} of {package.file_name}")
        elif argument[:1] not in "/-" or word not in known:
            unknown = unknown or argument
        seen.add(word)
    return Switches(
        unattended=bool(seen & UNATTENDED), backup=not seen & {"n", "nobackup"}, log=target, unknown=unknown
    )


def launch(machine: Machine, path: str, argv: Sequence[str], *, parent: int = 0) -> Process:
    """Start the file at ``path`` with the arguments ``argv`` (program name first); returns its process at once.

    LabError 193 when it is no program, NotModelled when it is none of the lab's packages or a switch is not modelled.
    """
    with machine.lock:
        data = machine.files.read(path)
        if not pe.is_image(data):
            raise LabError(193, f"{path} is not a valid Win32 application.")
        found = packages.read(data)
        if found is None:
            raise NotModelled(f"the program {path}")
        switches = read_switches(argv[1:], found.package)
        image, command = path.rpartition("\\")[2], " ".join([f'"{path}"', *argv[1:]])
        process = machine.processes.create(image, command, parent=parent, path=path)
        run = Installation(
            number=started(machine),
            package=found.package,
            removes=found.removes,
            path=path,
            command=command,
            pid=process.pid,
            backup=switches.backup,
            log=switches.log or _log_path(machine, found.package, removes=found.removes),
            started=iso(machine.now()),
        )
        code = _stillborn(machine, whole=found.whole, switches=switches)
        if code or (machine.faults.installer_silent and not found.removes):
            run.phase, run.exit_code, run.ended = "done", code, run.started
            machine.schedule(0.1, "process_exit", {"pid": process.pid, "code": code})
        else:
            _begin(machine, run, switches, " ".join(argv[1:]))
        save(machine, run)
        return process


def _stillborn(machine: Machine, *, whole: bool, switches: Switches) -> int:
    """The exit code of a start that never gets as far as update.exe; 0 when it does."""
    if machine.faults.installer_never_starts:
        return NO_DESKTOP
    if not whole:
        return CORRUPT
    return USAGE if switches.unknown else 0


def _begin(machine: Machine, run: Installation, switches: Switches, arguments: str) -> None:
    if run.removes:
        run.worker = run.pid
    else:
        folder = f"C:\\{run.pid:08x}{run.number:08x}\\update"
        command = f"{folder}\\update.exe {arguments}".strip()
        worker = machine.processes.create("update.exe", command, parent=run.pid, path=f"{folder}\\update.exe")
        run.worker = worker.pid
    log.begin(machine, run, arguments)
    if not switches.unattended:
        run.phase = "asking"
    machine.schedule(run.package.seconds / 4, DEED, {"number": run.number})


def _log_path(machine: Machine, package: Package, *, removes: bool) -> str:
    stem, _, suffix = package.log.rpartition(".")
    return f"{machine.os.system_root}\\{stem}{'Uninst' if removes else ''}.{suffix}"
