"""What a package leaves on a server and takes away again: files, backup, registry, operations left for a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from remediate.lab import packages
from remediate.lab.files import FOLDER, HIDDEN, FileEntry
from remediate.lab.installation import SETUP_KEY, UNINSTALL_KEY, bin_folder, uninstall_folder
from remediate.lab.installer_log import ENGINES
from remediate.lab.packages import build_number

if TYPE_CHECKING:
    from remediate.lab.machine import Machine
    from remediate.lab.packages import Package, PackageFile

RENAMES_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
RENAMES = "PendingFileRenameOperations"
SETUP_VALUES = (("service_pack", "ServicePackNumber"), ("build", "ServicePackBuild"), ("build", "NewestBuild"))


def lay_over(machine: Machine, package: Package) -> None:
    """All a finished installation leaves, at once and without faults: how images come to their level."""
    for file in package.files:
        lay_down(machine, package, file, backup=True)
    register(machine, package, backup=True)


def lay_down(machine: Machine, package: Package, file: PackageFile, *, backup: bool, in_use: bool = False) -> str:
    """Replace one file unless it is newer, keeping the old one; what the log says of it. LabError when it fails."""
    target = f"{bin_folder(machine)}\\{file.name}"
    old = machine.files.stat(target) if machine.files.is_file(target) else None
    if old is not None and build_number(old.version or "0") > build_number(file.version):
        return f"{target} is newer ({old.version}), left as it is"
    if backup and package.uninstall_folder and old is not None:
        _back_up(machine, package, file.name, old)
    new = FileEntry(
        size=file.size, modified=datetime.fromisoformat(file.modified).astimezone(UTC), version=file.version
    )
    if in_use:
        _rename_later(machine, target, new)
        return f"Copied file (delayed):  {target}"
    machine.files.put(target, new)
    return f"Copied file:  {target}"


def _back_up(machine: Machine, package: Package, name: str, old: FileEntry) -> None:
    folder = uninstall_folder(machine, package)
    if not machine.files.exists(folder):
        machine.files.put(folder, FileEntry(attributes=FOLDER | HIDDEN, modified=machine.now()))
        data = packages.uninstaller(package)
        spuninst = FileEntry(size=len(data), modified=machine.now(), version=ENGINES[package.switches], data=data)
        machine.files.put(f"{folder}\\spuninst\\spuninst.exe", spuninst)
    if not machine.files.exists(f"{folder}\\{name}"):  # a second run keeps what the first saved
        machine.files.put(f"{folder}\\{name}", old)


def _rename_later(machine: Machine, target: str, new: FileEntry) -> None:
    """The file was in use: the new one waits under another name for the next restart."""
    folder = bin_folder(machine)
    waiting = f"{folder}\\SET{len(machine.files.listing(folder)):X}.tmp"
    machine.files.put(waiting, new)
    old = machine.registry.value(RENAMES_KEY, RENAMES)
    pairs = [*(old if isinstance(old, list) else []), f"\\??\\{waiting}", f"!\\??\\{target}"]
    machine.registry.set(RENAMES_KEY, RENAMES, pairs, "REG_MULTI_SZ")


def restore(machine: Machine, package: Package, file: PackageFile) -> str:
    """Put the backed-up file in its place again, whatever stands there now; what the log says of it."""
    target = f"{bin_folder(machine)}\\{file.name}"
    saved = f"{uninstall_folder(machine, package)}\\{file.name}"
    if not machine.files.is_file(saved):
        return f"No backup of {target}, left as it is"
    machine.files.put(target, machine.files.stat(saved))
    return f"Restored file:  {target}"


def register(machine: Machine, package: Package, *, backup: bool) -> None:
    """The registry's proof of the package, Exchange's own level, and the entry for removal."""
    if package.registry_key:
        _write_proof(machine, package)
    for word, name in SETUP_VALUES:
        if word in package.setup:
            machine.registry.set(SETUP_KEY, name, package.setup[word])
    if package.uninstall_folder and backup:
        key = f"{UNINSTALL_KEY}\\KB{package.kb}"
        machine.registry.set(key, "DisplayName", f"Hotfix for Exchange {package.product} (KB{package.kb})")
        command = f"{uninstall_folder(machine, package)}\\spuninst\\spuninst.exe"
        machine.registry.set(key, "UninstallString", command)


def _write_proof(machine: Machine, package: Package) -> None:
    # likely: Description, InstalledBy and Type; PackageVersion and InstalledDate have been seen in use
    key = f"HKLM\\{package.registry_key}"
    local = machine.clock.to_local(machine.now())
    machine.registry.set(key, "Description", package.title)
    machine.registry.set(key, "InstalledBy", machine.environ.get("USERNAME", "SYSTEM"))
    machine.registry.set(key, "InstalledDate", f"{local.month}/{local.day}/{local.year}")
    machine.registry.set(key, "PackageVersion", package.provides)
    machine.registry.set(key, "Type", "Update")


def unregister(machine: Machine, package: Package) -> None:
    """Take away what ``register`` wrote, and the backup."""
    for key in (f"HKLM\\{package.registry_key}", f"{UNINSTALL_KEY}\\KB{package.kb}"):
        if machine.registry.exists(key):
            machine.registry.delete_key(key, tree=True)
    machine.files.remove(uninstall_folder(machine, package), tree=True)
