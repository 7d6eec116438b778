"""Makes a prefix the twin of a host of the embedded lab: same files, registry and services, but real ones."""

from __future__ import annotations

import shutil
from pathlib import Path, PureWindowsPath

from remediate.lab import images, packages
from remediate.lab.hostspec import HostSpec
from remediate.lab.installation import SETUP_KEY, UNINSTALL_KEY
from remediate.lab.machine import Machine
from remediate.lab.registry import RegValue
from remediate.lab.services import SERVICES_KEY, START_VALUES, Service
from tests.wine import prefix, programs

WINNT = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
LANGUAGE = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\Language"
TREES = (SETUP_KEY, "HKLM\\SOFTWARE\\Microsoft\\Updates", f"{UNINSTALL_KEY}\\Microsoft Exchange", WINNT, LANGUAGE)
SHARED = "C:\\windows\\system32\\inetsrv\\inetinfo.exe"


def furnish(target: Path, spec: HostSpec, services: dict[str, dict[str, int]], faults: dict[str, int]) -> None:
    """``services``: StartMs, StopMs, StartsLeft of some; ``faults``: what installer.c reads below HKLM\\SOFTWARE."""
    machine = images.build(spec, images.library(packages.catalogue()))
    keys = {key: dict(values) for tree in TREES for key, values in _below(machine, tree)}
    keys[WINNT].pop("SystemRoot", None)
    for service in (*machine.services.all(), *machine.services.all(drivers=True)):
        if service.path and _of_exchange(service):
            _add_service(target, keys, service, services.get(service.name, {}))
    keys["HKLM\\SOFTWARE\\RemediateLab"] = {name: RegValue("REG_DWORD", value) for name, value in faults.items()}
    _files(target, machine)
    prefix.write_registry(target, {_below_hklm(key): values for key, values in keys.items()})


def _below_hklm(key: str) -> str:
    """Wine's file begins below HKLM, and knows System and Software in this spelling."""
    rest = key.removeprefix("HKLM\\")
    return rest.replace("SOFTWARE", "Software", 1).replace("SYSTEM", "System", 1)


def _below(machine: Machine, key: str) -> list[tuple[str, dict[str, RegValue]]]:
    if not machine.registry.exists(key):
        return []
    found = [(key, machine.registry.values(key))]
    for name in machine.registry.subkeys(key):
        found += _below(machine, f"{key}\\{name}")
    return found


def _of_exchange(service: Service) -> bool:
    return "inetinfo" in service.path or "Exch" in service.path or service.name in ("W3SVC", "EXIFS", "MSSEARCH")


def _add_service(target: Path, keys: dict[str, dict[str, RegValue]], service: Service, changed: dict[str, int]) -> None:
    """All are programs of their own: Wine loads no file system driver, and its svchost none of these."""
    path = service.path if service.path.startswith('"') else SHARED
    key = f"{SERVICES_KEY}\\{service.name}"
    keys[key] = {
        "DisplayName": RegValue("REG_SZ", service.display),
        "ErrorControl": RegValue("REG_DWORD", 1),
        "ImagePath": RegValue("REG_EXPAND_SZ", path),
        "ObjectName": RegValue("REG_SZ", "LocalSystem"),
        "Start": RegValue("REG_DWORD", START_VALUES[service.start_mode]),
        "Type": RegValue("REG_DWORD", 16),
        "DependOnService": RegValue("REG_MULTI_SZ", list(service.depends)),
    }
    times = {"StartMs": int(service.start_seconds * 1000), "StopMs": int(service.stop_seconds * 1000), **changed}
    keys[f"{key}\\Parameters"] = {name: RegValue("REG_DWORD", value) for name, value in times.items()}
    program = unix(target, path.strip('"'))
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(programs.compiled() / "service.exe", program)


def unix(target: Path, path: str) -> Path:
    """Where a path of the host is on this machine; Wine's own folder is spelt windows."""
    parts = PureWindowsPath(path).parts[1:]
    spelt = ("windows", *parts[1:]) if parts[0].lower() in ("windows", "winnt") else parts
    return target.joinpath("drive_c", *spelt)


def _files(target: Path, machine: Machine) -> None:
    """The programs of Exchange, and what packages keep to take themselves off."""
    for path, entry in machine.files.walk():
        if entry.folder or not ("Exchsrvr" in path or "$\\" in path):
            continue
        there = unix(target, path)
        if path.endswith("spuninst.exe"):
            told = packages.read(entry.data or b"")
            assert told is not None
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(programs.package(told.package))
        else:
            programs.put(there, entry.version, entry.size, entry.modified)
