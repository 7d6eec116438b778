"""Win32_Service, Win32_SystemDriver and what depends on what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from remediate.lab.com.base import text
from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import Act, Method, Values, WmiClass
from remediate.lab.com.wql import Query
from remediate.lab.errors import LabError
from remediate.lab.services import Service, ServiceTable, StartMode

STATES = MappingProxyType(
    {
        "running": "Running",
        "stopped": "Stopped",
        "start pending": "Start Pending",
        "stop pending": "Stop Pending",
        "paused": "Paused",
    }
)
MODES = MappingProxyType(
    {"auto": "Auto", "manual": "Manual", "disabled": "Disabled", "boot": "Boot", "system": "System"}
)
KINDS = MappingProxyType(
    {"own": "Own Process", "share": "Share Process", "kernel": "Kernel Driver", "filesystem": "File System Driver"}
)
NEW_MODES: Mapping[str, StartMode] = MappingProxyType(
    {"automatic": "auto", "manual": "manual", "disabled": "disabled", "boot": "boot", "system": "system"}
)
RETURN_CODES = MappingProxyType({1051: 3, 1056: 10, 1058: 14, 1060: 12, 1061: 5, 1062: 6, 1068: 13, 1052: 2})
"""Win32 error -> return value of the Win32_Service methods."""


def classes() -> tuple[WmiClass, ...]:
    methods = {
        "startservice": Method(name="StartService", takes=(), act=_act(lambda table, name: table.start(name))),
        "stopservice": Method(name="StopService", takes=(), act=_act(lambda table, name: table.stop(name))),
        "interrogateservice": Method(
            name="InterrogateService", takes=(), act=_act(lambda table, name: table.need(name))
        ),
        "changestartmode": Method(name="ChangeStartMode", takes=("StartMode",), act=_change_start_mode),
    }
    return (
        WmiClass(name="Win32_Service", rows=lambda run, _: _rows(run, drivers=False), methods=methods),
        WmiClass(
            name="Win32_SystemDriver",
            rows=lambda run, _: _rows(run, drivers=True),
            methods=methods,
            properties=("Name", "DisplayName", "State", "StartMode", "Started", "PathName", "ServiceType", "Status"),
        ),
        WmiClass(
            name="Win32_DependentService",
            rows=_dependencies,
            key=("Antecedent", "Dependent"),
            properties=("Antecedent", "Dependent"),
        ),
    )


def _rows(run: Run, *, drivers: bool) -> Iterable[Values]:
    return [_row(run, service) for service in run.machine.services.all(drivers=drivers)]


def _row(run: Run, service: Service) -> Values:
    row: Values = {
        "Name": service.name,
        "DisplayName": service.display,
        "Caption": service.display,
        "Description": service.description or service.display,
        "State": STATES[service.state],
        "Started": service.state not in ("stopped", "start pending"),
        "StartMode": MODES[service.start_mode],
        "Status": "OK",
        "PathName": service.path,
        "ServiceType": KINDS[service.kind],
        "AcceptStop": service.state == "running",
        "AcceptPause": False,
        "ErrorControl": "Normal",
        "ExitCode": service.exit_code,
        "ServiceSpecificExitCode": 0,
        "SystemName": run.environ.get("COMPUTERNAME", ""),
        "CreationClassName": "Win32_SystemDriver" if service.driver else "Win32_Service",
    }
    if not service.driver:
        row |= {"ProcessId": service.pid, "StartName": service.account, "CheckPoint": 0, "WaitHint": 0, "TagId": 0}
    return row


def _dependencies(run: Run, _: Query | None) -> Iterable[Values]:
    host = run.environ.get("COMPUTERNAME", "")
    for service in run.machine.services.all():
        for name in service.depends:
            yield {
                "Antecedent": f'\\\\{host}\\root\\cimv2:Win32_Service.Name="{name}"',
                "Dependent": f'\\\\{host}\\root\\cimv2:Win32_Service.Name="{service.name}"',
            }


def _act(work: Callable[[ServiceTable, str], object]) -> Act:
    def act(run: Run, values: Values, _: Values) -> Values:
        try:
            work(run.machine.services, text(values.get("Name")))
        except LabError as error:
            return {"ReturnValue": RETURN_CODES.get(error.number, 8)}
        return {"ReturnValue": 0}

    return act


def _change_start_mode(run: Run, values: Values, given: Values) -> Values:
    mode = NEW_MODES.get(text(given.get("startmode")).lower())
    if mode is None:
        return {"ReturnValue": 21}
    run.machine.services.config(text(values.get("Name")), start_mode=mode)
    return {"ReturnValue": 0}
