"""A bare Windows server: folders, system programs, registry, system processes and base services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from remediate.lab.clock import Clock
from remediate.lab.faults import Faults
from remediate.lab.files import FOLDER, HIDDEN, FileEntry
from remediate.lab.machine import Machine
from remediate.lab.osinfo import OsInfo
from remediate.lab.services import Service

ALMOST_FULL = 96 * 1024
"""Bytes free on a host with the ``disk_full`` fault: a script still fits, no package does."""
GIGABYTE = 2**30

_CORE = ("cmd.exe", "cscript.exe", "wscript.exe", "net.exe", "net1.exe", "attrib.exe", "find.exe", "findstr.exe")
_CORE_2 = ("hostname.exe", "ping.exe", "regedt32.exe", "xcopy.exe", "sort.exe", "more.com", "netstat.exe")
_ONLY_2003 = ("sc.exe", "reg.exe", "tasklist.exe", "taskkill.exe", "shutdown.exe", "whoami.exe", "certutil.exe")
_SYSTEM_PROCESSES = ("smss.exe", "csrss.exe", "winlogon.exe", "services.exe", "lsass.exe")

_BOOT_INI = (
    "[boot loader]\r\ntimeout=30\r\ndefault=multi(0)disk(0)rdisk(0)partition(1)\\{folder}\r\n"
    '[operating systems]\r\nmulti(0)disk(0)rdisk(0)partition(1)\\{folder}="{name}" /fastdetect\r\n'
)


def bare_windows(
    name: str,
    os: OsInfo,
    *,
    faults: Faults | None = None,
    bias_minutes: int = 300,
    daylight: bool = False,
    speed: float = 1.0,
    free_bytes: int = 6 * GIGABYTE,
    clock_source: Callable[[], datetime] | None = None,
) -> Machine:
    """A running server without any product on it, with the faults of disk and clock already in force."""
    clock = Clock(bias_minutes=bias_minutes, daylight=daylight)
    if clock_source is not None:
        clock.source = clock_source
    fault = faults.clock if faults else None
    if fault is not None:
        clock.skew_seconds = fault.skew_seconds
        if fault.bias_minutes is not None:
            clock.bias_minutes, clock.daylight = fault.bias_minutes, False
    machine = Machine(name, os, faults=faults, clock=clock, speed=speed)
    machine.files.add_drive("C", total=16 * GIGABYTE, free=12 * GIGABYTE)
    machine.boot_time = (clock.utc_now() - timedelta(days=11, hours=3, minutes=20)).replace(microsecond=0)
    _environment(machine)
    _folders(machine)
    _registry(machine)
    _processes(machine)
    _services(machine)
    machine.files.set_free("C:", ALMOST_FULL if machine.faults.disk_full else free_bytes)
    return machine


def _environment(machine: Machine) -> None:
    root = machine.os.system_root
    user = f"C:\\Documents and Settings\\Administrator.{machine.name.upper()}"
    machine.environ = {
        "ALLUSERSPROFILE": "C:\\Documents and Settings\\All Users",
        "APPDATA": f"{user}\\Application Data",
        "CommonProgramFiles": "C:\\Program Files\\Common Files",
        "COMPUTERNAME": machine.name.upper()[:15],
        "ComSpec": f"{root}\\system32\\cmd.exe",
        "HOMEDRIVE": "C:",
        "HOMEPATH": user[2:],
        "NUMBER_OF_PROCESSORS": "1",
        "OS": "Windows_NT",
        "Path": f"{root}\\system32;{root};{root}\\System32\\Wbem",
        "PATHEXT": ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH",
        "PROCESSOR_ARCHITECTURE": "x86",
        "ProgramFiles": "C:\\Program Files",
        "PROMPT": "$P$G",
        "SystemDrive": "C:",
        "SystemRoot": root,
        "TEMP": f"{root}\\Temp",
        "TMP": f"{root}\\Temp",
        "USERDOMAIN": machine.name.upper()[:15],
        "USERNAME": "Administrator",
        "USERPROFILE": user,
        "windir": root,
    }


def _folders(machine: Machine) -> None:
    root, files = machine.os.system_root, machine.files
    dated = datetime(2003, 3, 25, 12, 0, tzinfo=UTC)
    plain = FileEntry(attributes=FOLDER, modified=dated)
    for folder in (f"{root}\\Temp", f"{root}\\system32\\wbem", f"{root}\\system32\\drivers", "C:\\Program Files"):
        files.put(folder, plain)
    files.put(machine.environ["USERPROFILE"], plain)
    files.put("C:\\Documents and Settings\\All Users", plain)
    boot = _BOOT_INI.format(folder=root[3:], name=machine.os.caption.replace("(R)", "")).encode("ascii")
    files.put("C:\\boot.ini", FileEntry(size=len(boot), data=boot, modified=dated, attributes=HIDDEN | 4))
    version = f"{machine.os.version}.{3959 if machine.os.service_pack > 1 else 1830}"
    tools = (*_CORE, *_CORE_2, *(_ONLY_2003 if machine.os.has_dos_tools else ()))
    for tool in (*tools, "ntdll.dll", "kernel32.dll"):
        files.put(f"{root}\\system32\\{tool}", FileEntry(size=40_960, modified=dated, version=version))


def _registry(machine: Machine) -> None:
    registry, os = machine.registry, machine.os
    key = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
    registry.set(key, "ProductName", "Microsoft Windows 2000" if os.release == "2000" else "Windows Server 2003")
    registry.set(key, "CurrentVersion", os.version.rpartition(".")[0])
    registry.set(key, "CurrentBuildNumber", os.build)
    registry.set(key, "SystemRoot", os.system_root)
    if os.csd:
        registry.set(key, "CSDVersion", os.csd)
    registry.set("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion", "ProgramFilesDir", "C:\\Program Files")
    registry.create("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall")
    control = "HKLM\\SYSTEM\\CurrentControlSet\\Control"
    registry.set(f"{control}\\ComputerName\\ComputerName", "ComputerName", machine.environ["COMPUTERNAME"])
    registry.set(f"{control}\\Nls\\Language", "InstallLanguage", f"{os.language:04x}")
    registry.set(f"{control}\\Nls\\Language", "Default", f"{os.language:04x}")
    registry.set(f"{control}\\ProductOptions", "ProductType", "ServerNT")
    registry.set(f"{control}\\Windows", "CSDVersion", os.service_pack << 8)
    registry.create(f"{control}\\Session Manager")
    environment = f"{control}\\Session Manager\\Environment"
    for name in ("ComSpec", "Path", "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "windir"):
        registry.set(environment, name, machine.environ[name], "REG_EXPAND_SZ")
    machine.set_time_zone()


def _processes(machine: Machine) -> None:
    system32 = f"{machine.os.system_root}\\system32"
    machine.processes.create("System")
    for image in _SYSTEM_PROCESSES:
        machine.processes.create(image, f"{system32}\\{image}", path=f"{system32}\\{image}")


def system_processes(machine: Machine) -> None:
    """The processes every boot brings, before any service."""
    _processes(machine)


def _services(machine: Machine) -> None:
    system32 = f"{machine.os.system_root}\\system32"
    netsvcs = f"{system32}\\svchost.exe -k netsvcs"
    rpcss = f"{system32}\\svchost.exe -k rpcss"
    rows: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
        ("Eventlog", "Event Log", f"{system32}\\services.exe", ()),
        ("PlugPlay", "Plug and Play", f"{system32}\\services.exe", ()),
        ("RpcSs", "Remote Procedure Call (RPC)", rpcss, ()),
        ("SamSs", "Security Accounts Manager", f"{system32}\\lsass.exe", ("RpcSs",)),
        ("LanmanServer", "Server", netsvcs, ()),
        ("LanmanWorkstation", "Workstation", netsvcs, ()),
        ("Schedule", "Task Scheduler", netsvcs, ("RpcSs",)),
        ("winmgmt", "Windows Management Instrumentation", netsvcs, ("RpcSs", "Eventlog")),
        ("RemoteRegistry", "Remote Registry", f"{system32}\\svchost.exe -k regsvc", ("RpcSs",)),
        ("NtLmSsp", "NT LM Security Support Provider", f"{system32}\\lsass.exe", ()),
        ("sshd", "SSH Server", "C:\\Program Files\\SSH\\sshd.exe", ()),
    )
    for name, display, path, depends in rows:
        service = Service(name=name, display=display, path=path, depends=depends, kind="share", state="running")
        machine.services.add(service)
    machine.services.add(
        Service(name="Messenger", display="Messenger", path=netsvcs, start_mode="disabled", kind="share")
    )
