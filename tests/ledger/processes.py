"""Starts controllers and reads what they say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def controller(url: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """One controller; killed at the end where it still runs."""
    command = [sys.executable, "-m", "tests.ledger.controller", url, *words]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    with process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    """The next line it says."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def cut_off(process: subprocess.Popen[str], told: list[str]) -> None:
    """Kill it; ``told`` grows by what it had said in full. The last line may be cut off."""
    process.kill()
    assert process.stdout is not None
    rest = process.stdout.read()
    told += [word for word in rest[: rest.rfind("\n") + 1].splitlines() if word]


def tell(process: subprocess.Popen[str], text: str = "go") -> None:
    assert process.stdin is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()
