"""WMI classes about the system: Windows itself, the computer, zone, disks, hotfixes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import Values, WmiClass
from remediate.lab.com.wql import Query
from remediate.lab.errors import LabError

HOTFIX_KEY = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\HotFix"


def cim_time(run: Run, moment: datetime, *, fraction: bool = True) -> str:
    """``20041231235959.000000-300``: local time by the bias now in force, and that bias."""
    clock = run.machine.clock
    local = clock.to_local(moment)
    micro = f"{local.microsecond:06d}" if fraction else "000000"
    return f"{local:%Y%m%d%H%M%S}.{micro}{-clock.active_bias:+04d}"


def classes() -> tuple[WmiClass, ...]:
    return (
        WmiClass(name="Win32_OperatingSystem", rows=_operating_system),
        WmiClass(name="Win32_ComputerSystem", rows=_computer),
        WmiClass(name="Win32_TimeZone", rows=_time_zone, key=("StandardName",)),
        WmiClass(name="Win32_LogicalDisk", rows=_disks, key=("DeviceID",)),
        WmiClass(
            name="Win32_QuickFixEngineering",
            rows=_hotfixes,
            key=("HotFixID", "ServicePackInEffect"),
            properties=("HotFixID", "ServicePackInEffect", "Description", "InstalledBy", "InstalledOn", "CSName"),
        ),
    )


def _operating_system(run: Run, _: Query | None) -> Iterable[Values]:
    machine, os = run.machine, run.machine.os
    yield {
        "Name": f"{os.caption}|{os.system_root}|\\Device\\Harddisk0\\Partition1",
        "Caption": os.caption,
        "Version": os.version,
        "BuildNumber": os.build,
        "CSDVersion": os.csd or None,
        "ServicePackMajorVersion": os.service_pack,
        "ServicePackMinorVersion": 0,
        "OSLanguage": os.language,
        "Locale": f"{os.language:04x}",
        "CountryCode": "1",
        "CodeSet": "1252",
        "CSName": run.environ.get("COMPUTERNAME", machine.name.upper()),
        "LastBootUpTime": cim_time(run, machine.boot_time),
        "LocalDateTime": cim_time(run, machine.now()),
        "CurrentTimeZone": -machine.clock.active_bias,
        "SystemDirectory": f"{os.system_root}\\system32",
        "WindowsDirectory": os.system_root,
        "SystemDrive": "C:",
        "OSType": 18,
        "Status": "OK",
        "Primary": True,
        "Manufacturer": "Microsoft Corporation",
        "NumberOfProcesses": len(machine.processes.all()),
        "TotalVisibleMemorySize": "1048048",
        "FreePhysicalMemory": "412316",
    }


def _computer(run: Run, _: Query | None) -> Iterable[Values]:
    clock = run.machine.clock
    name = run.environ.get("COMPUTERNAME", run.machine.name.upper())
    yield {
        "Name": name,
        "Caption": name,
        "Domain": "contoso.local",
        "DomainRole": 3,
        "PartOfDomain": True,
        "Manufacturer": "lab",
        "Model": "lab",
        "NumberOfProcessors": 1,
        "SystemType": "X86-based PC",
        "TotalPhysicalMemory": "1073201152",
        "CurrentTimeZone": -clock.active_bias,
        "DaylightInEffect": clock.daylight,
        "EnableDaylightSavingsTime": True,
        "UserName": None,
        "Status": "OK",
    }


def _time_zone(run: Run, _: Query | None) -> Iterable[Values]:
    clock = run.machine.clock
    yield {
        "Bias": -clock.bias_minutes,
        "StandardBias": 0,
        "DaylightBias": -60,
        "StandardName": clock.standard_name,
        "DaylightName": clock.daylight_name,
        "Caption": clock.standard_name,
        "Description": clock.standard_name,
    }


def _disks(run: Run, _: Query | None) -> Iterable[Values]:
    for name in run.machine.files.drives():
        drive = run.machine.files.drive(name)
        yield {
            "DeviceID": name,
            "Name": name,
            "Caption": name,
            "Description": "Local Fixed Disk",
            "DriveType": 3,
            "FileSystem": "NTFS",
            "FreeSpace": str(drive.free),  # uint64 arrives in scripts as text
            "Size": str(drive.total),
            "VolumeName": "",
        }


def _hotfixes(run: Run, _: Query | None) -> Iterable[Values]:
    """The Windows hotfix key only: Exchange's fixes never show here (domain facts, 2.6)."""
    registry = run.machine.registry
    try:
        names = registry.subkeys(HOTFIX_KEY)
    except LabError:
        return
    for name in names:
        yield {
            "HotFixID": name,
            "ServicePackInEffect": f"SP{run.machine.os.service_pack + 1}",
            "Description": registry.value(f"{HOTFIX_KEY}\\{name}", "Fix Description") or "",
            "InstalledBy": registry.value(f"{HOTFIX_KEY}\\{name}", "Installed By") or "",
            "InstalledOn": registry.value(f"{HOTFIX_KEY}\\{name}", "Installed On") or "",
            "CSName": run.environ.get("COMPUTERNAME", ""),
        }
