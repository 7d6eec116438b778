"""kill -9 of the controller in each phase of an installer, on each road: `resume` waits for it, and says what is so."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.driver import remediate
from tests.e2e.project import Project
from tests.e2e.test_kills import start
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.patience import until

INVENTORY = "inventory/phase.yml"
LAB = """
plugin: lab
speed: 0.5
hosts:
  mail: {{image: {image}, {road} vars: {{install_prerequisites: true}}}}
"""
ROADS = {"ssh": "", "winrm": "connection: winrm,", "psrp": "connection: psrp,"}
PHASES = ("stop", "files", "register", "start")
IMAGES = {
    "exchange2003-sp1": ["KB870585-2003-SP1"],
    "exchange2000-sp3": ["KB870540-2000", "KB870585-2000"],
}


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    image, road = request.param
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB.format(image=image, road=ROADS[road]))
    made.lab("up", "-i", INVENTORY)
    yield made
    made.close(INVENTORY)


def kill_in(project: Project, phase: str) -> None:
    """Run the playbook until its first installer is in that phase, then kill the controller."""
    child = start(project, "run", PLAYBOOK, "-i", INVENTORY)

    def there() -> bool:
        runs = status(project, INVENTORY)["mail"]["installers"]
        if runs and runs[0]["phase"] == phase:
            return True
        found, _ = os.waitpid(child, os.WNOHANG)
        assert not found, (project.folder / "said").read_text()
        assert not runs or runs[0]["phase"] in ("check", *PHASES[: PHASES.index(phase)]), f"{phase} was missed"
        return False

    until(there)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def cases() -> Iterator[Any]:
    for image in IMAGES:
        for road in ROADS:
            for phase in PHASES:
                everyday = (image, road, phase) == ("exchange2003-sp1", "ssh", "start")
                marks = [] if everyday else [pytest.mark.faults]
                yield pytest.param((image, road), phase, marks=marks, id=f"{image}-{road}-{phase}")


@pytest.mark.parametrize(("project", "phase"), list(cases()), indirect=["project"])
def test_resume_waits_for_the_installer_and_says_what_is_so(project: Project, phase: str) -> None:
    kill_in(project, phase)
    before = status(project, INVENTORY)["mail"]
    assert before["installers"][0]["ended"] == "", "it runs on without its controller"
    done = remediate("resume", "last", "--format", "json", folder=project.folder)
    host = status(project, INVENTORY)["mail"]
    wanted = next(packages for image, packages in IMAGES.items() if host["image"] == image)
    assert done.code == 0, done.out + done.err
    (told,) = json.loads(done.out)["hosts"]
    assert (told["outcome"], told["columns"]["after"]) == ("changed", host["build"])
    assert [run["package"] for run in host["installers"]] == wanted
    assert [run["ended"] for run in host["installers"]].count("") == 0
    assert host["services_not_running"] == []
