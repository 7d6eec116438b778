"""What an installer looks at before it touches anything, and the words with which it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.lab.installation import all_of, bin_folder, uninstall_folder
from remediate.lab.packages import build_number

if TYPE_CHECKING:
    from remediate.lab.installation import Installation
    from remediate.lab.machine import Machine

# The codes behind the masked 1603. Unverified: the list (appendix E of "The Package Installer") could not be had.
# Where a Win32 error fits its number is used; the two 0xf0.. codes only stand for "some code of the engine's own".
ALREADY_RUNNING = 0x652  # Win32 1618
DISK_FULL = 0x70  # Win32 112
WRONG_LANGUAGE = 0xF0A1
WRONG_BUILD = 0xF0A2


@dataclass(frozen=True, slots=True)
class Refusal:
    message: str
    extended: int


def refusal(machine: Machine, run: Installation) -> Refusal | None:
    """Why this package must not go on, or None; looked at in the order of the real engine as far as that is known."""
    return _running(machine, run) or (
        _removable(machine, run) if run.removes else _language(machine, run) or _build(machine, run)
    ) or _space(machine, run)  # fmt: skip


def _running(machine: Machine, run: Installation) -> Refusal | None:
    own = {run.pid, run.worker}
    others = [each for each in machine.processes.named("update.exe") if each.pid not in own]
    removals = [each for each in all_of(machine) if each.removes and each.active(machine) and each.pid not in own]
    if others or removals:
        return Refusal("Another instance of Setup is already running. Close it and try again.", ALREADY_RUNNING)
    return None


def _language(machine: Machine, run: Installation) -> Refusal | None:
    if run.package.language == machine.os.language:
        return None
    text = (
        f"Setup cannot update your Exchange {run.package.product} files because the language installed on your system "
        "is different from the update language."
    )
    return Refusal(text, WRONG_LANGUAGE)


def _build(machine: Machine, run: Installation) -> Refusal | None:
    package, store = run.package, f"{bin_folder(machine)}\\store.exe"
    installed = machine.files.stat(store).version if machine.files.is_file(store) else ""
    if not installed or build_number(installed)[:2] != build_number(package.provides)[:2]:
        text = f"Setup cannot find a version of Exchange {package.product} that this update applies to."
        return Refusal(text, WRONG_BUILD)
    if build_number(installed) >= build_number(package.below):
        text = (
            "Setup has detected that the Service Pack version of this system is newer than the update you are "
            "applying. There is no need to install this update."
        )
        return Refusal(text, WRONG_BUILD)
    if build_number(installed) < build_number(package.at_least):
        text = (
            "The version of Exchange you have installed does not match the update you are trying to install: it "
            f"requires a service pack or update that brings build {package.at_least} or later."
        )
        return Refusal(text, WRONG_BUILD)
    return None


def _removable(machine: Machine, run: Installation) -> Refusal | None:
    if bin_folder(machine) and machine.files.is_folder(uninstall_folder(machine, run.package)):
        return None
    return Refusal("Setup cannot find the files needed to remove this update.", 0x2)


def _space(machine: Machine, run: Installation) -> Refusal | None:
    needed = 2 * sum(file.size for file in run.package.files)
    if run.removes or machine.files.free_bytes(machine.os.system_root) >= needed:
        return None
    drive = machine.os.system_root[:2]
    text = f"There is not enough free disk space on {drive} to install this update: {needed // 1024} KB are needed."
    return Refusal(text, DISK_FULL)
