"""A lab host that can have jobs: the installer given to it hangs, and each start of a quick one is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from remediate.connections.base import Job, JobPhase
from remediate.connections.ssh import SshSession
from remediate.lab import packages
from tests.connections.labhost import LabHost, lab_host

JOBS = "C:\\WINDOWS\\Temp\\remediate\\jobs"
COUNT = "C:\\count.txt"
QUICK = f"echo x>> {COUNT}"
LONG = '"C:\\fix.exe" /u /q /z'
"""An installer that hangs on these hosts; its update.exe runs as long as it does."""


@contextmanager
def hanging(folder: Path, **faults: Any) -> Iterator[LabHost]:
    with lab_host(folder, faults={"installer_hangs": True, **faults}) as made:
        package = packages.catalogue()["KB870585-2003-SP1"]
        made.machine.files.write("C:\\fix.exe", packages.content(package))
        yield made


def start(session: SshSession, command: str = LONG, **more: Any) -> Job:
    return session.detach("kb1", command, guard=more.get("guard", {}), record=more.get("record", {}))


def finished(session: SshSession) -> Job:
    for _ in range(100):
        job = session.poll("kb1")
        if job.phase is not JobPhase.RUNNING:
            return job
        session.wait(1)
    raise AssertionError("the job does not end")


def runs(host: LabHost) -> int:
    return len(host.machine.files.read(COUNT).splitlines()) if host.machine.files.exists(COUNT) else 0


def images(host: LabHost) -> list[str]:
    return [process.image.lower() for process in host.machine.processes.all()]


def write(host: LabHost, name: str, text: str) -> None:
    folder = f"{JOBS}\\kb1"
    path = ""
    for part in folder.split("\\"):
        path = f"{path}\\{part}" if path else part
        if not host.machine.files.exists(path) and len(path) > 2:
            host.machine.files.make_folder(path)
    if name:
        host.machine.files.write(f"{folder}\\{name}", text.encode())
