"""The hosts of a running lab: loaded or built, served, saved, reset and described."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from remediate.lab import drops, images, installation, restart
from remediate.lab.fingerprint import toolkit
from remediate.lab.folder import LabFolder
from remediate.lab.ground import key_kind, winrm_port
from remediate.lab.hostkeys import host_key
from remediate.lab.ssh_server import Served
from remediate.lab.store import Store
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.hostspec import HostSpec
    from remediate.lab.images import Library
    from remediate.lab.machine import Machine
    from remediate.lab.winrm.host import WinrmHost

Execute = Callable[..., tuple[bytes, bytes, int]]

log = logging.getLogger(__name__)


class Keeper:
    """All hosts of one lab."""

    def __init__(self, folder: LabFolder, known: Library, execute: Execute) -> None:
        self._folder = folder
        self._known = known
        self._execute = execute
        self._store = Store(folder)
        self._lock = threading.RLock()
        self._specs: dict[str, HostSpec] = {}
        self._prints: dict[str, str] = {}
        self.served: dict[str, Served] = {}
        self.winrm: dict[str, WinrmHost] = {}
        """WinRM of the hosts that have it, by the name of its port."""

    def declare(self, specs: Iterable[HostSpec]) -> tuple[list[str], list[str]]:
        """Take over a declaration: hosts that changed are built anew, those not named any more forgotten.

        Names of the hosts that are new or gone from the wire, and notes for people.
        """
        with self._lock:
            wanted = {spec.name: spec for spec in specs}
            moved, notes = [], []
            for name in [*self.served, *self._store.names()]:
                if name not in wanted:
                    self._forget(name)
                    notes.append(f"{name}: not declared any more, its state is gone")
                    moved.append(name)
            for name, spec in wanted.items():
                fingerprint = images.fingerprint(spec, self._known)
                if self._prints.get(name) != fingerprint:
                    note = self._take(spec, fingerprint)
                    notes += [f"{name}: built anew, {note}"] if note else []
                    moved.append(name)
            return list(dict.fromkeys(moved)), list(dict.fromkeys(notes))

    def _take(self, spec: HostSpec, fingerprint: str) -> str:
        """Load or build one host; why it was built although there was state, or ""."""
        known_before = spec.name in self.served
        found = self._store.load(spec.name, fingerprint)
        self._specs[spec.name], self._prints[spec.name] = spec, fingerprint
        self._put(spec, images.build(spec, self._known) if isinstance(found, str) else found)
        return found if isinstance(found, str) and (found or known_before) else ""

    def _put(self, spec: HostSpec, machine: Machine) -> None:
        old = self.served.get(spec.name)
        self.served[spec.name] = Served(
            machine=machine,
            drops=drops.Drops(machine),
            key=host_key(self._folder.keys, spec.name, key_kind(spec)),
            user=spec.user,
            password=spec.password,
            authorized=frozenset(line.split()[1] for line in spec.authorized_keys),
            sftp=spec.override.sftp and spec.faults.sftp == "works",
            legacy=spec.override.ssh == "legacy",
            execute=self._execute,
            save=lambda: self._store.save(machine, self._prints[spec.name]),
        )
        self._cut(old)
        self._stop_winrm(spec.name)
        if spec.winrm is not None:
            from remediate.lab.winrm.host import WinrmHost

            self.winrm[winrm_port(spec.name)] = WinrmHost(self.served[spec.name], spec.winrm, self._folder.keys)
        self.served[spec.name].save()

    def _stop_winrm(self, name: str) -> None:
        winrm = self.winrm.pop(winrm_port(name), None)
        if winrm is not None:
            winrm.service.close_all()

    def _forget(self, name: str) -> None:
        self._cut(self.served.pop(name, None))
        self._stop_winrm(name)
        self._specs.pop(name, None)
        self._prints.pop(name, None)
        self._store.forget(name)

    def _cut(self, served: Served | None) -> None:
        for connection in list(served.connections) if served else []:
            connection.cut()

    def reset(self, names: Iterable[str] = ()) -> list[str]:
        """Build hosts (all unless named) as their images say; their connections are cut. The names."""
        with self._lock:
            chosen = [name for name in names if name in self._specs] or list(self._specs)
            for name in chosen:
                spec = self._specs[name]
                self._put(spec, images.build(spec, self._known))
            return chosen

    def save_all(self) -> None:
        for served in list(self.served.values()):
            served.save()

    @property
    def busy(self) -> bool:
        """Somebody is connected."""
        return any(served.connections for served in list(self.served.values()))

    def status(self) -> list[Json]:
        with self._lock:
            found = [describe(self._specs[name], served.machine, served) for name, served in self.served.items()]
        self.save_all()
        return list(found)


def describe(spec: HostSpec, machine: Machine, served: Served | None = None) -> dict[str, Json]:
    """What ``remediate lab status`` tells of a host."""
    with machine.lock:
        machine.advance()
        runs = installation.all_of(machine)
        services = machine.services.all()
        return {
            "name": spec.name,
            "image": spec.image,
            "build": build_of(machine),
            "services_running": sum(service.state == "running" for service in services),
            "services_not_running": [s.name for s in services if s.start_mode == "auto" and s.state != "running"],
            "installers_started": len(runs),
            "installers": [_run(run, machine) for run in runs],
            "files": versions_of(machine),
            "services": {s.name: [s.state, s.start_mode] for s in services},
            "stores": {store.full: store.state for store in machine.databases.all()},
            "restart_due": restart.due(machine),
            "dropped": list(drops.struck(machine)),
            "refusals": list(machine.refusals),
            "fingerprint": machine.fingerprint(),
            "toolkit": toolkit(machine),
            "logons": served.logons if served else 0,
            "executions": served.executions if served else 0,
        }


def _run(run: installation.Installation, machine: Machine) -> dict[str, Json]:
    return {
        "package": run.package.id,
        "removes": run.removes,
        "command": run.command,
        "phase": run.phase if run.ended or run.active(machine) else "killed",
        "started": run.started,
        "ended": run.ended,
        "exit_code": run.exit_code if run.ended and run.phase != "killed" else None,
    }


def versions_of(machine: Machine) -> dict[str, Json]:
    """Version of each program of Exchange by its lower-case name; empty where there is no Exchange."""
    folder = installation.bin_folder(machine)
    names = machine.files.listing(folder) if machine.files.is_folder(folder) else []
    paths = {name.lower(): f"{folder}\\{name}" for name in names}
    return {name: machine.files.stat(path).version for name, path in paths.items() if machine.files.is_file(path)}


def build_of(machine: Machine) -> str:
    """Version of store.exe; "" where there is none."""
    path = f"{installation.bin_folder(machine)}\\store.exe"
    return machine.files.stat(path).version if machine.files.is_file(path) else ""
