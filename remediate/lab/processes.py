"""The host's process table: who runs, until when, and the exit codes of those that ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from remediate.lab.clock import from_iso, iso
from remediate.lab.errors import LabError
from remediate.lab.paths import fold
from remediate.model import Json

if TYPE_CHECKING:
    from remediate.lab.machine import Machine

EXITS_KEPT = 200
RUN_FROM_COPIES = ("spuninst.exe",)
"""Programs that go on from a copy of themselves, so that they can remove the original. Likely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One running process. ``work`` is what a detached command line has still to do (plain JSON, see interpreter)."""

    pid: int
    image: str
    """File name: ``store.exe``."""
    command: str = ""
    path: str = ""
    """Full path of the executable when it is known."""
    parent: int = 0
    started: datetime
    """UTC."""
    user: str = "SYSTEM"
    threads: int = 4
    memory_kb: int = 3400
    work: dict[str, Json] | None = field(default=None, compare=False)


class Processes:
    """Processes by pid. Ids are multiples of 4, never reused in the life of a machine's state."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._running: dict[int, Process] = {}
        self._visitors: dict[int, Process] = {}
        self._exits: dict[int, int] = {}
        self._next = 4

    def create(
        self,
        image: str,
        command: str = "",
        seconds: float | None = None,
        parent: int = 0,
        *,
        path: str = "",
        user: str = "SYSTEM",
    ) -> Process:
        """Start a process. With ``seconds`` (model time) it ends by itself with code 0; else call ``exit``."""
        pid, self._next = self._next, self._next + 4
        process = Process(
            pid=pid,
            image=image,
            command=command or image,
            path=path,
            parent=parent,
            started=self._machine.now(),
            user=user,
        )
        self._running[pid] = process
        if seconds is not None:
            self._machine.schedule(seconds, "process_exit", {"pid": pid, "code": 0})
        self._machine.touch()
        return process

    @contextmanager
    def visitor(self, image: str, command: str, parent: int = 0) -> Iterator[int]:
        """A process of the time one access takes (a shell, the script host): seen by others, never saved."""
        with self._machine.lock:
            pid, self._next = self._next, self._next + 4
            self._visitors[pid] = Process(
                pid=pid, image=image, command=command, parent=parent, started=self._machine.now(), user="Administrator"
            )
        try:
            yield pid
        finally:
            with self._machine.lock:
                self._visitors.pop(pid, None)

    def visitors(self) -> tuple[Process, ...]:
        return tuple(self._visitors.values())

    def all(self) -> tuple[Process, ...]:
        """In the order of their ids."""
        return tuple(self._running[pid] for pid in sorted(self._running))

    def named(self, image: str) -> tuple[Process, ...]:
        return tuple(p for p in self.all() if p.image.lower() == image.lower())

    def get(self, pid: int) -> Process | None:
        return self._running.get(pid)

    def update(self, process: Process) -> None:
        """Replace what is known of a running process."""
        if process.pid not in self._running:
            raise LabError(87)
        self._running[process.pid] = process
        self._machine.touch()

    def set_work(self, pid: int, work: dict[str, Json] | None) -> None:
        """Keep what a detached command line has still to do."""
        self.update(replace(self._running[pid], work=work))

    def exit(self, pid: int, code: int = 0) -> None:
        """The process ends; who waits for it goes on. Nothing happens when it is not there any more."""
        if self._running.pop(pid, None) is None:
            return
        self._exits[pid] = code
        for process in self._running.values():
            if process.work is not None and process.work.get("waits_for") == pid:
                self._machine.schedule(0, "shell_step", {"pid": process.pid})
        for old in list(self._exits)[:-EXITS_KEPT]:
            del self._exits[old]
        self._machine.touch()

    def holds(self, path: str) -> int:
        """0, or how deleting ``path`` fails: 5 it is a running program, 32 a detached shell writes to it."""
        key = fold(path)
        for process in self._running.values():
            if process.path and fold(process.path) == key and process.image.lower() not in RUN_FROM_COPIES:
                return 5
            targets = process.work.get("targets") if process.work else None
            if isinstance(targets, dict) and any(fold(str(target)) == key for target in targets.values()):
                return 32
        return 0

    def exit_code(self, pid: int) -> int | None:
        """The code an ended process left; None while it runs or when it is long forgotten."""
        return self._exits.get(pid)

    def kill(self, pid: int, code: int = 1) -> None:
        """End a process by force, and tell its service. LabError 87 when there is none, 5 for the system's."""
        process = self._running.get(pid)
        if process is None:
            raise LabError(87)
        if process.image.lower() in ("system", "system idle process", "smss.exe", "csrss.exe", "winlogon.exe"):
            raise LabError(5)
        self.exit(pid, code)
        self._machine.services.process_died(pid)

    def clear(self) -> None:
        """All processes are gone, as at a restart."""
        self._running.clear()
        self._machine.touch()

    def to_json(self) -> dict[str, Json]:
        rows: list[Json] = [_to_json(process) for process in self.all()]
        return {"next": self._next, "running": rows, "exits": {str(k): v for k, v in self._exits.items()}}

    def load(self, saved: Json) -> None:
        assert isinstance(saved, dict)
        rows, exits = saved["running"], saved["exits"]
        assert isinstance(rows, list)
        assert isinstance(exits, dict)
        self._running = {p.pid: p for p in map(_from_json, rows)}
        self._exits = {int(k): int(str(v)) for k, v in exits.items()}
        self._next = int(str(saved["next"]))


def _to_json(process: Process) -> dict[str, Json]:
    return {
        "pid": process.pid,
        "image": process.image,
        "command": process.command,
        "path": process.path,
        "parent": process.parent,
        "started": iso(process.started),
        "user": process.user,
        "threads": process.threads,
        "memory_kb": process.memory_kb,
        "work": process.work,
    }


def _from_json(row: Json) -> Process:
    assert isinstance(row, dict)
    work = row["work"]
    return Process(
        pid=int(str(row["pid"])),
        image=str(row["image"]),
        command=str(row["command"]),
        path=str(row["path"]),
        parent=int(str(row["parent"])),
        started=from_iso(str(row["started"])),
        user=str(row["user"]),
        threads=int(str(row["threads"])),
        memory_kb=int(str(row["memory_kb"])),
        work=work if isinstance(work, dict) else None,
    )
