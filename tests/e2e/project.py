"""A user's project in a temporary folder, driven through the real command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from remediate.lab import control, installation
from remediate.lab.clock import real_time
from remediate.lab.folder import lab_folder
from remediate.lab.machine import Machine
from tests.commands.driver import remediate
from tests.lab import inprocess

REPOSITORY = Path(__file__).parents[2]
LABS = ".remediate/lab"
SHIPPED = ("inventory", "playbooks", "roles", "modules", "remediate.toml")


class Project:
    """A copy of the checkout's content with its own lab."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in SHIPPED:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "remediate", *words]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, "NO_COLOR": "1", "COLUMNS": "140"}

    def status(self, inventory: str) -> dict[str, dict[str, Any]]:
        """What the lab of an inventory says of its hosts."""
        rows: Any = control.status(self.folder / inventory, self.folder / LABS)["hosts"]
        return {row["name"]: row for row in rows}

    def run(self, *words: str, **environ: str) -> CompletedProcess[str]:
        """One command to its end, in this process."""
        done = remediate(*words, folder=self.folder, environ={**self.environment(), **environ})
        return CompletedProcess(words, done.code, done.out, done.err)

    def lab(self, *words: str) -> str:
        """What a command of the lab prints, run in this process: the lab is not what is tested here."""
        done = remediate("lab", *words, folder=self.folder)
        assert done.code == 0, done.err
        return done.out

    def json(self, *words: str) -> tuple[int, Any]:
        """Exit code and the JSON document of a command that prints one."""
        done = self.run(*words, "--format", "json")
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no JSON from {words}: {done}") from None

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """A command in a process of its own; the caller ends it."""
        return subprocess.Popen(self.command(*words), cwd=self.folder, env={**self.environment(), **environ},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip

    def machines(self, inventory: str) -> Mapping[str, Machine]:
        """The hosts of a lab, as they are in this process."""
        return inprocess.machines(lab_folder(self.folder / inventory, self.folder / LABS))

    def installers(self, inventory: str) -> list[int]:
        """How many were ever started, host by host."""
        return [installation.started(machine) for machine in self.machines(inventory).values()]

    @contextmanager
    def standing_still(self, inventory: str) -> Iterator[None]:
        """The time of the hosts does not go on before the end of this: what was started there is not over before."""
        machines = self.machines(inventory)
        moment = datetime.now(UTC)
        for machine in machines.values():
            machine.clock.source = lambda: moment
        try:
            yield
        finally:
            for machine in machines.values():
                machine.clock.source = real_time

    def close(self, *inventories: str) -> None:
        for inventory in inventories:
            self.lab("down", "-i", inventory)


def await_line(running: subprocess.Popen[str], begin: str) -> str:
    """What it says up to a line that begins so."""
    assert running.stdout is not None
    said = ""
    for line in running.stdout:
        said += line
        if line.startswith(begin):
            break
    return said
