"""Win32_Process: the list, Create, Terminate, GetOwner."""

from __future__ import annotations

from collections.abc import Iterable

from remediate.lab.com.base import integer, text
from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import Method, Values, WmiClass
from remediate.lab.com.wmi_system import cim_time
from remediate.lab.com.wql import Query
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.processes import Process

NAMES = ("Name", "Caption", "ProcessId", "ParentProcessId", "CommandLine", "ExecutablePath", "CreationDate", "Handle")
STARTUP = ("CreateFlags", "EnvironmentVariables", "PriorityClass", "ShowWindow", "Title", "WinstationDesktop", "X", "Y")
RETURN_CODES = {2: 9, 3: 9, 5: 2, 87: 21}
"""Win32 error -> return value of Create: 2 access denied, 8 unknown failure, 9 path not found, 21 invalid parameter."""


def classes(*, release: str) -> tuple[WmiClass, ...]:
    methods = {
        "create": Method(
            name="Create", takes=("CommandLine", "CurrentDirectory", "ProcessStartupInformation"), act=_create
        ),
        "terminate": Method(name="Terminate", takes=("Reason",), act=_terminate),
        "getowner": Method(name="GetOwner", takes=(), act=_owner),
    }
    lacks = frozenset({"commandline"}) if release == "2000" else frozenset[str]()
    return (
        WmiClass(name="Win32_Process", rows=_rows, key=("Handle",), properties=NAMES, lacks=lacks, methods=methods),
        WmiClass(name="Win32_ProcessStartup", rows=lambda _run, _query: (), key=(), properties=STARTUP),
    )


def _rows(run: Run, _: Query | None) -> Iterable[Values]:
    table = run.machine.processes
    return [_row(run, process) for process in (*table.all(), *table.visitors())]


def _row(run: Run, process: Process) -> Values:
    row: Values = {
        "Name": process.image,
        "Caption": process.image,
        "Description": process.image,
        "Handle": str(process.pid),
        "ProcessId": process.pid,
        "ParentProcessId": process.parent,
        "CommandLine": process.command,
        "ExecutablePath": process.path or None,
        "CreationDate": cim_time(run, process.started),
        "ThreadCount": process.threads,
        "HandleCount": 60,
        "SessionId": 0,
        "Priority": 8,
        "WorkingSetSize": str(process.memory_kb * 1024),
        "CSName": run.environ.get("COMPUTERNAME", ""),
    }
    if run.machine.os.release == "2000":  # the property came with XP
        del row["CommandLine"]
    return row


def _create(run: Run, _: Values, given: Values) -> Values:
    from remediate.lab import shell

    folder = text(given.get("currentdirectory")) or f"{run.machine.os.system_root}\\system32"
    try:
        pid = shell.start(
            run.machine, text(given.get("commandline")), folder=folder, environ=dict(run.machine.environ), parent=0
        )
    except LabError as error:
        if isinstance(error, NotModelled):
            run.refuse(error.text)
        return {"ReturnValue": RETURN_CODES.get(error.number, 8), "ProcessId": None}
    return {"ReturnValue": 0, "ProcessId": pid}


def _terminate(run: Run, values: Values, given: Values) -> Values:
    try:
        run.machine.processes.kill(integer(values.get("ProcessId")), integer(given.get("reason")))
    except LabError as error:
        return {"ReturnValue": 2 if error.number == 5 else 9}
    return {"ReturnValue": 0}


def _owner(run: Run, values: Values, _: Values) -> Values:
    process = run.machine.processes.get(integer(values.get("ProcessId")))
    user = "SYSTEM" if process is None or process.user == "LocalSystem" else process.user
    domain = "NT AUTHORITY" if user == "SYSTEM" else run.environ.get("USERDOMAIN", "")
    return {"ReturnValue": 0, "User": user, "Domain": domain}
