"""The service control manager: services, their states by the clock, start types and dependencies."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from remediate.lab.errors import LabError
from remediate.lab.paths import fold
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

StartMode = Literal["boot", "system", "auto", "manual", "disabled"]
ServiceState = Literal["stopped", "start pending", "stop pending", "running", "paused"]
Kind = Literal["own", "share", "kernel", "filesystem"]

START_VALUES: dict[StartMode, int] = {"boot": 0, "system": 1, "auto": 2, "manual": 3, "disabled": 4}
"""The registry's ``Start`` value."""
KIND_VALUES: dict[Kind, int] = {"kernel": 1, "filesystem": 2, "own": 16, "share": 32}
"""The registry's ``Type`` value."""
SERVICES_KEY = "HKLM\\SYSTEM\\CurrentControlSet\\Services"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service or driver as the service control manager knows it."""

    name: str
    display: str = ""
    path: str = ""
    """Command line of its executable; services of kind ``share`` with the same one share a process."""
    start_mode: StartMode = "auto"
    state: ServiceState = "stopped"
    depends: tuple[str, ...] = ()
    kind: Kind = "own"
    account: str = "LocalSystem"
    description: str = ""
    start_seconds: float = 1.0
    stop_seconds: float = 1.0
    pid: int = 0
    exit_code: int = 1077
    """Win32ExitCode; 1077: never started since the last boot."""

    @property
    def driver(self) -> bool:
        return self.kind in ("kernel", "filesystem")

    @property
    def image(self) -> str:
        """File name of its executable."""
        path = self.path.strip()
        path = path[1:].partition('"')[0] if path.startswith('"') else path.partition(" -")[0]
        return path.strip().replace("/", "\\").rpartition("\\")[2] or f"{self.name}.exe"


class ServiceTable:
    """Services by name, without regard to case. Errors are LabError with the numbers ``sc`` and ``net`` print."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._services: dict[str, Service] = {}

    # looking

    def get(self, name: str) -> Service | None:
        return self._services.get(fold(name))

    def need(self, name: str) -> Service:
        found = self.get(name)
        if found is None:
            raise LabError(1060)
        return found

    def find(self, text: str) -> Service | None:
        """By name, else by display name, as ``net`` does."""
        wanted = fold(text)
        shown = (s for s in self._services.values() if fold(s.display) == wanted)
        return self.get(text) or next(shown, None)

    def all(self, *, drivers: bool = False) -> tuple[Service, ...]:
        """All services, or with ``drivers`` all drivers, sorted by name."""
        return tuple(s for _, s in sorted(self._services.items()) if s.driver == drivers)

    def dependents(self, name: str, *, active: bool = True) -> tuple[Service, ...]:
        """Services that need ``name``, directly or not, in the order in which they have to be stopped."""
        found: list[Service] = []
        for service in self._services.values():
            if fold(name) in map(fold, service.depends):
                for each in (*self.dependents(service.name, active=active), service):
                    if each not in found and (not active or each.state != "stopped"):
                        found.append(each)
        return tuple(found)

    # changing

    def add(self, service: Service) -> None:
        """Register a service (or replace it) and write its registry key; a running one gets its process."""
        self._set(replace(service, display=service.display or service.name))
        self._write_registry(self.need(service.name))
        if service.state == "running":
            self._set(replace(self.need(service.name), state="stopped"))
            self._became_running(self.need(service.name))

    def remove(self, name: str) -> None:
        self.need(name)
        del self._services[fold(name)]
        if self._machine.registry.exists(f"{SERVICES_KEY}\\{name}"):
            self._machine.registry.delete_key(f"{SERVICES_KEY}\\{name}", tree=True)
        self._machine.touch()

    def config(self, name: str, *, start_mode: StartMode | None = None) -> None:
        """Change the start type; the state stays."""
        service = self.need(name)
        if start_mode is not None:
            self._set(replace(service, start_mode=start_mode))
            self._write_registry(self.need(name))

    def start(self, name: str) -> None:
        """Ask for a start, starting what it depends on first; returns at once, the service is then START_PENDING.

        LabError 1056 already running, 1058 disabled, 1060 unknown, 1061 busy, 1068 a dependency cannot start.
        """
        service = self.need(name)
        if service.state == "running":
            raise LabError(1056)
        if service.state != "stopped":
            raise LabError(1056 if service.state == "start pending" else 1061)
        if service.start_mode == "disabled":
            raise LabError(1058)
        for needed in service.depends:
            self._start_needed(needed)
        self._set(replace(service, state="start pending", exit_code=0))
        self._machine.schedule(self._start_seconds(service), "service_started", {"name": service.name})

    def _start_needed(self, name: str) -> None:
        needed = self.get(name)
        if needed is None or needed.state in ("stop pending", "paused"):
            raise LabError(1068)
        if needed.state == "stopped":
            try:
                self.start(name)
            except LabError as error:
                raise LabError(1068) from error

    def _start_seconds(self, service: Service) -> float:
        late = self._machine.faults.service_late
        more = late.seconds if late and fold(late.name) == fold(service.name) else 0.0
        return service.start_seconds + more

    def stop(self, name: str) -> None:
        """Ask for a stop; returns at once. LabError 1051 others need it, 1052 cannot be stopped, 1062 not started."""
        service = self.need(name)
        if service.state == "stopped":
            raise LabError(1062)
        if service.state not in ("running", "paused"):
            raise LabError(1061)
        if self.dependents(name):
            raise LabError(1051)
        self._set(replace(service, state="stop pending"))
        self._machine.schedule(service.stop_seconds, "service_stopped", {"name": service.name})

    # what happens later

    def started(self, name: str) -> None:
        """A pending start is through: it runs, fails, or goes on waiting for what it depends on."""
        service = self.get(name)
        if service is None or service.state != "start pending":
            return
        needed = [found for found in map(self.get, service.depends) if found is not None]
        if any(each.state == "start pending" for each in needed):
            self._machine.schedule(0.25, "service_started", {"name": name})
        elif any(each.state != "running" for each in needed):
            self._failed(service, 1068)
        elif fold(self._machine.faults.service_fails) == fold(name):
            self._failed(service, 1067)
        else:
            self._became_running(service)

    def _became_running(self, service: Service) -> None:
        pid = 0 if service.driver else self._process_for(service)
        self._set(replace(service, state="running", pid=pid, exit_code=0))

    def _process_for(self, service: Service) -> int:
        if service.kind == "share":
            for process in self._machine.processes.all():
                if fold(process.command) == fold(service.path):
                    return process.pid
        scm = self._machine.processes.named("services.exe")
        command = service.path or service.image
        path = command.strip('"') if " -" not in command else command.partition(" -")[0].strip('"')
        made = self._machine.processes.create(
            service.image, command, parent=scm[0].pid if scm else 0, path=path, user=service.account
        )
        return made.pid

    def _failed(self, service: Service, code: int) -> None:
        self._set(replace(service, state="stopped", pid=0, exit_code=code))
        text = LabError(code).text
        event = 7001 if code == 1068 else 7023
        message = f"The {service.display} service terminated with the following error: {text}"
        self._machine.eventlog.add("System", "Service Control Manager", event, "Error", message)

    def stopped(self, name: str) -> None:
        """A pending stop is through."""
        service = self.get(name)
        if service is None or service.state != "stop pending":
            return
        self._set(replace(service, state="stopped", pid=0, exit_code=0))
        process = self._machine.processes.get(service.pid)
        if process and process.parent and not any(s.pid == service.pid for s in self._services.values()):
            self._machine.processes.exit(service.pid)

    def process_died(self, pid: int) -> None:
        """A process was ended by force: the services it carried are stopped, and the System log says so."""
        for service in [s for s in self._services.values() if s.pid == pid]:
            self._set(replace(service, state="stopped", pid=0, exit_code=1067))
            message = f"The {service.display} service terminated unexpectedly.  It has done this 1 time(s)."
            self._machine.eventlog.add("System", "Service Control Manager", 7031, "Error", message)

    def halt(self) -> None:
        """All services and drivers are down, as at a restart."""
        for service in list(self._services.values()):
            self._set(replace(service, state="stopped", pid=0, exit_code=1077))

    def boot(self) -> None:
        """Start as after a restart: start types are read from the registry, auto services start."""
        for service in list(self._services.values()):
            self._set(replace(service, start_mode=self._mode_in_registry(service)))
        for service in list(self._services.values()):
            if service.driver and service.start_mode in ("boot", "system", "auto"):
                self._became_running(self.need(service.name))
        for service in list(self._services.values()):
            if not service.driver and service.start_mode == "auto" and self.need(service.name).state == "stopped":
                try:
                    self.start(service.name)
                except LabError as error:
                    self._failed(self.need(service.name), error.number)

    def _mode_in_registry(self, service: Service) -> StartMode:
        value = self._machine.registry.value(f"{SERVICES_KEY}\\{service.name}", "Start")
        return next((mode for mode, number in START_VALUES.items() if number == value), service.start_mode)

    def _set(self, service: Service) -> None:
        before = self._services.get(fold(service.name))
        self._services[fold(service.name)] = service
        self._machine.touch()
        if before is None or before.state != service.state:
            self._machine.databases.follow(service.name, service.state)

    def _write_registry(self, service: Service) -> None:
        registry, key = self._machine.registry, f"{SERVICES_KEY}\\{service.name}"
        registry.set(key, "Type", KIND_VALUES[service.kind])
        registry.set(key, "Start", START_VALUES[service.start_mode])
        registry.set(key, "ErrorControl", 1)
        registry.set(key, "ImagePath", service.path, "REG_EXPAND_SZ")
        registry.set(key, "DisplayName", service.display)
        if service.depends:
            registry.set(key, "DependOnService", list(service.depends))
        if not service.driver:
            registry.set(key, "ObjectName", service.account)

    def to_json(self) -> list[Json]:
        return [_to_json(service) for _, service in sorted(self._services.items())]

    def load(self, saved: Json) -> None:
        assert isinstance(saved, list)
        self._services = {fold(s.name): s for s in map(_from_json, saved)}


def _to_json(service: Service) -> Json:
    row: dict[str, Json] = {f.name: getattr(service, f.name) for f in fields(service) if f.name != "depends"}
    return row | {"depends": list(service.depends)}


def _from_json(row: Json) -> Service:
    assert isinstance(row, dict)
    values: dict[str, object] = dict(row)
    depends = row["depends"]
    assert isinstance(depends, list)
    values["depends"] = tuple(str(name) for name in depends)
    return Service(**values)  # type: ignore[arg-type]
