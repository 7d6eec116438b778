"""Nothing outlives the tests: not when they end, not when they are killed, not when the guard is killed with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import until
from tests.wine import guard, tools
from tests.wine.host import HOSTS, sweep

PROGRAM = """
import sys
from tests.wine.host import WineHost, WineSpec
host = WineHost("stop", WineSpec(image="windows2003"))
print(host.folder, flush=True)
sys.stdin.read()
"""
ADDR_NO_RANDOMIZE = "00040000\n"
pytestmark = [pytest.mark.xdist_group("faults")]


def owner() -> tuple[subprocess.Popen[str], Path]:
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=tools.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    return started, Path(started.stdout.readline().strip())


def end(started: subprocess.Popen[str]) -> None:
    started.kill()
    started.communicate()


def gone(folder: Path) -> bool:
    return not folder.exists() and not guard.processes(folder)


def test_no_process_of_a_host_has_its_heap_where_wine_needs_a_page() -> None:
    """The page of data all processes share is at 0x7ffe0000; a heap that lies there ends a program before it starts."""
    started, folder = owner()
    settings = {found for pid in guard.processes(folder) if (found := personality(pid))}
    end(started)
    refused = tools.wine()[0] == tools.program("wine")
    assert settings == {Path("/proc/self/personality").read_text() if refused else ADDR_NO_RANDOMIZE}


def personality(pid: int) -> str:
    """Of a program of Wine; "" for others, and for those that have ended meanwhile."""
    process = Path(f"/proc/{pid}")
    try:
        return (
            (process / "personality").read_text() if str((process / "exe").readlink()) == tools.program("wine") else ""
        )
    except OSError:
        return ""


def test_after_the_tests_are_killed() -> None:
    started, folder = owner()
    assert folder.parent == HOSTS
    assert len(guard.processes(folder)) > 5
    end(started)
    until(lambda: gone(folder))


def test_after_the_guard_is_killed_as_well() -> None:
    started, folder = owner()
    os.kill(int((folder / "guard.pid").read_text()), signal.SIGKILL)
    end(started)
    assert guard.processes(folder)
    sweep()
    assert gone(folder)
