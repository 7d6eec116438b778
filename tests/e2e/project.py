"""A user's project in a temporary folder, driven through the real command line in its own processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.commands.driver import remediate

REPOSITORY = Path(__file__).parents[2]
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

    def run(self, *words: str, timeout: float = 120, **environ: str) -> subprocess.CompletedProcess[str]:
        """One command to its end; output captured."""
        return subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env={**self.environment(), **environ},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def lab(self, *words: str) -> str:
        """What a command of the lab prints, run in this process: the lab is not what is tested here."""
        done = remediate("lab", *words, folder=self.folder)
        assert done.code == 0, done.err
        return done.out

    def json(self, *words: str, timeout: float = 120) -> tuple[int, Any]:
        """Exit code and the JSON document of a command that prints one."""
        done = self.run(*words, "--format", "json", timeout=timeout)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"no JSON from {words}: {done.stdout}\n{done.stderr}") from None

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """A command that goes on; the caller ends it."""
        return subprocess.Popen(self.command(*words), cwd=self.folder, env={**self.environment(), **environ},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip

    def close(self, *inventories: str) -> None:
        for inventory in inventories:
            self.lab("down", "-i", inventory)
