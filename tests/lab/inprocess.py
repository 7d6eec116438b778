"""Labs that run in the process of the tests: the same ports and files, and no process to start."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from remediate.lab import control
from remediate.lab.clock import from_iso, iso
from remediate.lab.daemon import Daemon
from remediate.lab.folder import LabFolder, read_json, write_json
from remediate.lab.machine import Machine
from remediate.model import Json

NOBODY = 2**30
"""The process of such a lab, as it is told: there is none of that number to be ended."""
_running: dict[LabFolder, Daemon] = {}
_start = control._start


def machines(folder: LabFolder) -> Mapping[str, Machine]:
    """The hosts of a lab that runs here."""
    return {name: served.machine for name, served in _running[folder].keeper.served.items()}


def machines_under(folder: Path) -> list[Machine]:
    """The hosts of every lab of a project that runs here."""
    daemons = [daemon for lab, daemon in dict(_running).items() if folder in lab.root.parents]
    return [served.machine for daemon in daemons for served in list(daemon.keeper.served.values())]


def move_history(machine: Machine, by: timedelta) -> None:
    """What its processes and its event log tell of the past."""
    logs = machine.eventlog.to_json()
    for rows in logs.values():
        for row in cast("list[list[Json]]", rows):
            row[4] = iso(from_iso(str(row[4])) + by)
    machine.eventlog.load(logs)
    running = machine.processes._running
    running |= {pid: replace(process, started=process.started + by) for pid, process in running.items()}


def serve(folder: LabFolder) -> Json:
    """In place of starting a process: its notes."""
    lock = (folder.root / "daemon.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    daemon = Daemon(folder)
    notes = daemon.begin()
    write_json(folder.daemon, {**read_json(folder.daemon), "pid": NOBODY}, mode=0o600)
    _running[folder] = daemon

    def wait() -> None:
        with lock:
            daemon.wait()
            del _running[folder]
            for served in daemon.keeper.served.values():
                for line in list(served.connections):
                    line.cut()

    threading.Thread(target=wait, name=f"lab {folder.root.name}", daemon=True).start()
    return list(notes)


@pytest.fixture(autouse=True, scope="package")
def labs_in_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "_start", serve)
        yield


@pytest.fixture
def labs_of_their_own() -> Iterator[None]:
    """For tests that fork."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "_start", _start)
        yield
