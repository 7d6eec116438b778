"""sc query, queryex, qc, config, start and stop, with its layouts and the service error as exit code."""

from __future__ import annotations

from types import MappingProxyType

from remediate.lab.errors import LabError
from remediate.lab.programs.call import Call
from remediate.lab.services import KIND_VALUES, START_VALUES, Service, StartMode

STATES = MappingProxyType(
    {
        "stopped": (1, "STOPPED"),
        "start pending": (2, "START_PENDING"),
        "stop pending": (3, "STOP_PENDING"),
        "running": (4, "RUNNING"),
        "paused": (7, "PAUSED"),
    }
)
KINDS = MappingProxyType(
    {
        "own": "WIN32_OWN_PROCESS",
        "share": "WIN32_SHARE_PROCESS",
        "kernel": "KERNEL_DRIVER",
        "filesystem": "FILE_SYSTEM_DRIVER",
    }
)
MODES = MappingProxyType(
    {
        "boot": "BOOT_START",
        "system": "SYSTEM_START",
        "auto": "AUTO_START",
        "manual": "DEMAND_START",
        "disabled": "DISABLED",
    }
)
NEW_MODES: MappingProxyType[str, StartMode] = MappingProxyType(
    {"boot": "boot", "system": "system", "auto": "auto", "demand": "manual", "disabled": "disabled"}
)


def sc(call: Call) -> int:
    words = call.argv
    verb = words[0].lower() if words else ""
    rest = words[1:]
    if verb in ("query", "queryex"):
        return _query(call, rest, extended=verb == "queryex")
    if verb == "qc" and rest:
        return _checked(call, "OpenService", rest[0], lambda service: _config_of(call, service))
    if verb == "start" and rest:
        return _start(call, rest[0])
    if verb == "stop" and rest:
        return _stop(call, rest[0])
    if verb == "config" and rest:
        return _config(call, rest[0], rest[1:])
    return call.refuse(f"sc {verb}")


def _failed(call: Call, what: str, number: int) -> int:
    call.out(f"[SC] {what} FAILED {number}:")
    call.out()
    call.out(LabError(number).text)
    call.out()
    return number


def _checked(call: Call, what: str, name: str, work: object) -> int:
    service = call.machine.services.get(name)
    if service is None:
        return _failed(call, what, 1060)
    if callable(work):
        work(service)
    return 0


def _query(call: Call, words: list[str], *, extended: bool) -> int:
    if not words or words[0].lower() in ("state=", "type="):
        return _query_all(call, words, extended=extended)
    service = call.machine.services.get(words[0])
    if service is None:
        return _failed(call, "EnumQueryServicesStatus:OpenService", 1060)
    _status(call, service, extended=extended)
    return 0


def _query_all(call: Call, words: list[str], *, extended: bool) -> int:
    options = dict(zip((w.lower() for w in words[::2]), (w.lower() for w in words[1::2]), strict=False))
    if set(options) - {"state=", "type="} or len(words) % 2:
        return call.refuse(f"sc query {' '.join(words)}")
    state, kind = options.get("state=", "active"), options.get("type=", "service")
    if state not in ("active", "all", "inactive") or kind not in ("service", "driver"):
        return call.refuse(f"sc query {' '.join(words)}")
    for service in call.machine.services.all(drivers=kind == "driver"):
        active = service.state != "stopped"
        if state == "all" or active == (state == "active"):
            _status(call, service, extended=extended, display=True)
    return 0


def _status(call: Call, service: Service, *, extended: bool, display: bool = False) -> None:
    number, word = STATES[service.state]
    accepts = "STOPPABLE,NOT_PAUSABLE,ACCEPTS_SHUTDOWN" if service.state == "running" else ""
    call.out()
    call.out(f"SERVICE_NAME: {service.name}")
    if display:
        call.out(f"DISPLAY_NAME: {service.display}")
    call.out(f"        TYPE               : {KIND_VALUES[service.kind]:x}  {KINDS[service.kind]} ")
    call.out(f"        STATE              : {number}  {word} ")
    call.out(f"                                ({accepts or 'NOT_STOPPABLE,NOT_PAUSABLE,IGNORES_SHUTDOWN'})")
    call.out(f"        WIN32_EXIT_CODE    : {service.exit_code}  (0x{service.exit_code:x})")
    call.out("        SERVICE_EXIT_CODE  : 0  (0x0)")
    call.out("        CHECKPOINT         : 0x0")
    call.out(f"        WAIT_HINT          : 0x{'7530' if 'pending' in service.state else '0'}")
    if extended:
        call.out(f"        PID                : {service.pid}")
        call.out("        FLAGS              : ")


def _config_of(call: Call, service: Service) -> None:
    start = START_VALUES[service.start_mode]
    call.out("[SC] QueryServiceConfig SUCCESS")
    call.out()
    call.out(f"SERVICE_NAME: {service.name}")
    call.out(f"        TYPE               : {KIND_VALUES[service.kind]:x}  {KINDS[service.kind]} ")
    call.out(f"        START_TYPE         : {start}   {MODES[service.start_mode]}")
    call.out("        ERROR_CONTROL      : 1   NORMAL")
    call.out(f"        BINARY_PATH_NAME   : {service.path}  ")
    call.out("        LOAD_ORDER_GROUP   :   ")
    call.out("        TAG                : 0  ")
    call.out(f"        DISPLAY_NAME       : {service.display}  ")
    for place, name in enumerate(service.depends or ("",)):
        call.out(f"        {'DEPENDENCIES' if place == 0 else '':19}: {name}  ")
    call.out(f"        SERVICE_START_NAME : {'' if service.driver else service.account}  ")


def _start(call: Call, name: str) -> int:
    try:
        call.machine.services.start(name)
    except LabError as error:
        step = "OpenService" if error.number == 1060 else ""
        return _failed(call, f"StartService{': ' + step if step else ''}", error.number)
    _status(call, call.machine.services.need(name), extended=True)
    return 0


def _stop(call: Call, name: str) -> int:
    try:
        call.machine.services.stop(name)
    except LabError as error:
        return _failed(call, "OpenService" if error.number == 1060 else "ControlService", error.number)
    _status(call, call.machine.services.need(name), extended=False)
    return 0


def _config(call: Call, name: str, words: list[str]) -> int:
    service = call.machine.services.get(name)
    if service is None:
        return _failed(call, "OpenService", 1060)
    if len(words) != 2 or words[0].lower() != "start=" or words[1].lower() not in NEW_MODES:
        return call.refuse(f"sc config {' '.join(words)}")
    call.machine.services.config(name, start_mode=NEW_MODES[words[1].lower()])
    call.out("[SC] ChangeServiceConfig SUCCESS")
    return 0
