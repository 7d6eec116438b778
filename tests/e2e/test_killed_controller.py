"""kill -9 of the controller during an install: the next run finds the installer, waits, and starts no second one."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/one.yml"
LAB = """
plugin: lab
hosts:
  mail1: {image: exchange2003-sp1}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    (tmp_path / INVENTORY).write_text(LAB)
    made.lab("up", "-i", INVENTORY)
    yield made
    made.close(INVENTORY)


def wait_for_installer(project: Project, running: Any) -> None:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        if status(project, INVENTORY)["mail1"]["installers_started"]:
            return
        assert running.poll() is None, running.stdout.read()
    raise AssertionError("no installer was started")


@pytest.mark.timeout(150)
@pytest.mark.parametrize("delay", [0.7, *(pytest.param(delay, marks=pytest.mark.faults) for delay in (0.0, 1.5))])
def test_killed_during_the_install(project: Project, delay: float) -> None:
    running = project.start("run", PLAYBOOK, "-i", INVENTORY)
    wait_for_installer(project, running)
    time.sleep(delay)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    code, document = project.json("run", PLAYBOOK, "-i", INVENTORY)
    host = status(project, INVENTORY)["mail1"]
    assert code == 0, document["hosts"]
    assert [r["package"] for r in host["installers"]] == ["KB870585-2003-SP1"]
    assert host["build"] == "6.5.7232.35"
    assert host["services_not_running"] == []
    code, document = project.json("run", PLAYBOOK, "-i", INVENTORY)
    assert (code, document["hosts"][0]["outcome"]) == (0, "compliant")


@pytest.mark.timeout(150)
@pytest.mark.parametrize(("ledgers", "codes"), [(("one", "one"), [0, 3]), (("one", "other"), [0, 0])])
def test_two_controllers_at_once_start_one_installer(
    project: Project, ledgers: tuple[str, str], codes: list[int]
) -> None:
    """With a ledger in common the second one is told who is at work; without one it finds the installer and waits."""
    both = [
        project.start("run", PLAYBOOK, "-i", INVENTORY, REMEDIATE_LEDGER=str(project.folder / name)) for name in ledgers
    ]
    said = [one.communicate(timeout=120)[0] for one in both]
    host = status(project, INVENTORY)["mail1"]
    assert [r["package"] for r in host["installers"]] == ["KB870585-2003-SP1"], said
    assert sorted(one.returncode for one in both) == codes, "\n".join(said)
    assert sum("every host is locked; mail1 is held by run" in text for text in said) == codes.count(3)
