"""kill -9 of the controller during an install: the next run finds the installer, waits, and starts no second one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.patience import LIMIT, some_time, until

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


def installing(project: Project) -> bool:
    return project.installers(INVENTORY) == [1]


def test_killed_when_the_installer_was_just_started(project: Project) -> None:
    with project.standing_still(INVENTORY):
        running = project.start("run", PLAYBOOK, "-i", INVENTORY)
        until(lambda: installing(project) or running.poll() is not None)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    check_that_the_next_run_finishes(project)


@pytest.mark.faults
@pytest.mark.parametrize("delay", [0.0, 0.7, 1.5])
def test_killed_during_the_install(project: Project, delay: float) -> None:
    running = project.start("run", PLAYBOOK, "-i", INVENTORY)
    until(lambda: installing(project) or running.poll() is not None)
    some_time(delay)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    check_that_the_next_run_finishes(project)


def check_that_the_next_run_finishes(project: Project) -> None:
    code, document = project.json("run", PLAYBOOK, "-i", INVENTORY)
    host = status(project, INVENTORY)["mail1"]
    assert code == 0, document["hosts"]
    assert [r["package"] for r in host["installers"]] == ["KB870585-2003-SP1"]
    assert host["build"] == "6.5.7232.35"
    assert host["services_not_running"] == []
    code, document = project.json("run", PLAYBOOK, "-i", INVENTORY)
    assert (code, document["hosts"][0]["outcome"]) == (0, "compliant")


def test_two_controllers_at_once_start_one_installer(project: Project) -> None:
    """They have no ledger in common: one starts the installer, the other finds it and waits."""
    both = [
        project.start("run", PLAYBOOK, "-i", INVENTORY, REMEDIATE_LEDGER=str(project.folder / name))
        for name in ("one", "other")
    ]
    said = [one.communicate(timeout=LIMIT)[0] for one in both]
    assert [r["package"] for r in status(project, INVENTORY)["mail1"]["installers"]] == ["KB870585-2003-SP1"], said
    assert [one.returncode for one in both] == [0, 0], "\n".join(said)


def test_a_second_controller_of_the_same_ledger_is_told_who_is_at_work(project: Project) -> None:
    with project.standing_still(INVENTORY):
        first = project.start("run", PLAYBOOK, "-i", INVENTORY)
        until(lambda: installing(project) or first.poll() is not None)
        second = project.run("run", PLAYBOOK, "-i", INVENTORY)
    said = first.communicate(timeout=LIMIT)[0]
    assert (first.returncode, second.returncode) == (0, 3), (said, second)
    assert "every host is locked; mail1 is held by run" in second.stdout + second.stderr
    assert [r["package"] for r in status(project, INVENTORY)["mail1"]["installers"]] == ["KB870585-2003-SP1"], said
