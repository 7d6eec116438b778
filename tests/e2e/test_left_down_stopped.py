"""Ctrl-C in the middle of an installer: once brings back what it stopped, twice says what is down."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.patience import LIMIT, some_time, until

INVENTORY = "inventory/stopped.yml"
Make = Callable[..., Project]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A project whose lab has one host, as declared."""
    made: list[Project] = []

    def new(**declared: Any) -> Project:
        project = Project(tmp_path / "project")
        lab = {"plugin": "lab", "hosts": {"one": {"image": "exchange2003-sp1", **declared}}}
        (project.folder / INVENTORY).write_text(yaml.safe_dump(lab))
        project.lab("up", "-i", INVENTORY)
        made.append(project)
        return project

    yield new
    for project in made:
        project.close(INVENTORY)


def interrupted(project: Project, times: int) -> tuple[int, dict[str, Any], str]:
    """A run that hears Ctrl-C while its installer is at work: exit code, the host's document, the screen."""
    running = project.start("run", PLAYBOOK, "-i", INVENTORY, "--format", "json")
    until(lambda: status(project, INVENTORY)["one"]["services_not_running"])
    for _ in range(times):
        running.send_signal(signal.SIGINT)
        some_time(0.5)
    said = running.communicate(timeout=LIMIT)[0]
    begin = said.index("\n{\n") + 1
    (host,) = json.loads(said[begin : said.rindex("\n}\n") + 2])["hosts"]
    return running.returncode, host, said


def test_once(make: Make) -> None:
    """The installer ends, and the service it left disabled is brought back; nothing else is begun."""
    project = make(speed=0.2, faults={"service_disabled": "MSExchangeMTA"})
    code, host, said = interrupted(project, 1)
    assert code == 130, said
    assert "what must always be done after them is done, too" in said
    assert host["reason"] == "interrupted before it was done"
    assert [s["task"] for s in host["steps"]][-2:] == ["Bring back the services it stopped", "Last look"]
    assert host["now"]["line"] == "services as before; store.exe 6.5.7232.35, mdbmsg.dll 6.5.7232.35"
    assert status(project, INVENTORY)["one"]["services_not_running"] == []
    resumed = project.run("resume", "last")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "1 host: 1 changed" in resumed.stdout, "by the run before"
    assert "Install the hotfix" not in resumed.stdout
    assert len(status(project, INVENTORY)["one"]["installers"]) == 1


@pytest.mark.parametrize("road", [{}, {"connection": "winrm"}, {"connection": "psrp"}], ids=["ssh", "winrm", "psrp"])
def test_twice(make: Make, road: dict[str, str]) -> None:
    """The installer goes on; the host is read by a line of its own before the run ends."""
    project = make(faults={"installer_hangs": True}, **road)
    code, host, said = interrupted(project, 2)
    assert code == 130, said
    down = status(project, INVENTORY)["one"]["services_not_running"]
    assert sorted(host["now"]["data"]["services_down"]) == sorted(down)
    assert down
    line = host["now"]["line"]
    assert line.startswith("an installer still runs: job KB870585-2003-SP1-")
    assert "; DOWN NOW: MSExchangeSA, MSExchangeIS, MSExchangeMTA; store.exe 6.5.7226.0" in line
    assert f"\n    {line}\n" in said
    shown = json.loads(project.run("runs", "show", "last", "--format", "json").stdout)
    assert shown["hosts"][0]["now"] == host["now"]
    unknown = [step["task"] for step in shown["hosts"][0]["steps"] if not step["status"]]
    assert unknown == ["Install the hotfix"], "its end is not known; a last look does not stand in for it"
