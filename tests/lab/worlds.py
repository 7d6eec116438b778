"""Hosts of the lab for tests: any image, on a clock the test moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from remediate.lab import hostspec, images, installation, installer, packages
from remediate.lab.images import Library
from remediate.lab.installation import Installation
from remediate.lab.machine import Machine


@cache
def library() -> Library:
    return images.library(packages.catalogue())


class World:
    """One host and its time; seconds pass only in ``pass_time``."""

    def __init__(self, image: str, **declared: object) -> None:
        self.now = datetime(2004, 10, 1, 12, 0, tzinfo=UTC)
        self.spec = hostspec.parse("ex1", {"image": image, **declared})
        self.machine: Machine = images.build(self.spec, library(), clock_source=lambda: self.now)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.machine.advance()

    def stage(self, package: str, name: str = "") -> str:
        """Put a package's file on the host; its path."""
        found = library().packages[package]
        path = f"C:\\pkg\\{name or found.file_name}"
        self.machine.files.make_folders("C:\\pkg")
        self.machine.files.write(path, packages.content(found))
        return path

    def start(self, path: str, switches: str = "/u /q /z") -> int:
        """Start a program; its process id."""
        return installer.launch(self.machine, path, [path, *switches.split()]).pid

    def install(self, package: str, switches: str = "/u /q /z", *, limit: float = 30.0) -> int | None:
        """Run a package to its end; the exit code, or None when it has not ended in ``limit`` seconds."""
        return self.finish(self.start(self.stage(package), switches), limit=limit)

    def finish(self, pid: int, *, limit: float = 30.0) -> int | None:
        end = self.now + timedelta(seconds=limit)
        while self.machine.processes.exit_code(pid) is None and self.now < end:
            self.pass_time(0.05)
        return self.machine.processes.exit_code(pid)

    # looking

    def version(self, name: str) -> str:
        return self.machine.files.stat(f"{installation.bin_folder(self.machine)}\\{name}").version

    def state(self, service: str) -> str:
        return self.machine.services.need(service).state

    def states(self) -> Mapping[str, str]:
        return {service.name: service.state for service in self.machine.services.all()}

    def log(self, name: str = "KB870585.log") -> str:
        return self.machine.files.read(f"{self.machine.os.system_root}\\{name}").decode()

    @property
    def runs(self) -> list[Installation]:
        return installation.all_of(self.machine)
