"""What Update.exe writes into its log: %windir%\\KBnnnnnn.log, line by line with the seconds since the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.lab.clock import from_iso
from remediate.lab.errors import LabError

if TYPE_CHECKING:
    from remediate.lab.installation import Installation
    from remediate.lab.machine import Machine

ENGINES = {"old": "5.4.15.0", "new": "6.1.22.4"}
MASKED = 1603


def begin(machine: Machine, run: Installation, switches: str) -> None:
    """The head of a run; older runs stay above it."""
    local = machine.clock.to_local(machine.now())
    name = run.log.rpartition("\\")[2]
    program = "spuninst.exe" if run.removes else "update\\update.exe"
    lines = (
        "=" * 80,
        f"{local:%Y/%m/%d %H:%M:%S}.{local.microsecond // 1000:03d} (local)",
        f"{run.path.rpartition(chr(92))[0]}\\{program} (version {ENGINES[run.package.switches]})",
        f"{'Uninstall' if run.removes else 'Hotfix'} started with following command line: {switches}",
    )
    _append(machine, run, f"[{name}]\r\n" + "".join(_line(machine, run, line) for line in lines))


def say(machine: Machine, run: Installation, text: str) -> None:
    _append(machine, run, _line(machine, run, text))


def failed(machine: Machine, run: Installation, message: str) -> None:
    """The closing lines of a run that failed, in the engine's own words."""
    word = "removal" if run.removes else "installation"
    lines = [
        f"KB{run.package.kb} Setup encountered an error:  {message}",
        f"Message displayed to the user: {message}",
        "User Input: OK",
        f"KB{run.package.kb} {word} did not complete.",
    ]
    if run.extended:
        lines.append(f"Update.exe extended error code = 0x{run.extended:x}")
    if run.exit_code == MASKED:
        lines.append("Update.exe return code was masked to 0x643 for MSI custom action compliance.")
    for line in lines:
        say(machine, run, line)


def _line(machine: Machine, run: Installation, text: str) -> str:
    seconds = (machine.now() - from_iso(run.started)).total_seconds()
    return f"{seconds:.3f}: {text}\r\n"


def _append(machine: Machine, run: Installation, text: str) -> None:
    """A log that cannot be written is lost, as with the real engine; the installation goes on."""
    try:
        old = machine.files.read(run.log) if machine.files.exists(run.log) else b""
        machine.files.write(run.log, old + text.encode("ascii", "replace"))
    except LabError:
        return
