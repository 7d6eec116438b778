"""However a server is left: its line on screen, JSON, ledger, report and hooks say what is down now, and it is so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/left.yml"
CASES: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases/left_down.yml").read_text())
LAB = {
    "plugin": "lab",
    "speed": 8,
    "vars": {"services_timeout": 20, "job_timeout": 1, "stores_timeout": 4},
    "hosts": {name: case["host"] for name, case in CASES.items()},
}
HOOK = """
[[notify]]
name = "kept"
on = ["failed"]
command = ["/bin/sh", "-c", "cat > told"]
"""


@dataclass
class Ran:
    """One run over all of them, as everybody who hears of it hears it."""

    code: int
    hosts: dict[str, Any]
    screen: list[str]
    shown: dict[str, Any]
    report: str
    heard: dict[str, Any]
    lab: dict[str, Any]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    project = Project(tmp_path_factory.mktemp("left"))
    (project.folder / INVENTORY).write_text(yaml.safe_dump(LAB))
    with (project.folder / "remediate.toml").open("a") as settings:
        settings.write(HOOK)
    office = Office(project, str(project.folder / "ledger.sqlite3"))
    done = office.remediate("run", PLAYBOOK, "-i", INVENTORY, "--format", "json")
    after = status(project, INVENTORY)
    shown = office.json("runs", "show", "last")[1]
    report = office.remediate("runs", "report", "last", "--format", "md").out
    heard = json.loads((project.folder / "told").read_text())
    yield Ran(done.code, _by_name(json.loads(done.out)), done.err.splitlines(), _by_name(shown), report,
              _by_name(heard), after)  # fmt: skip
    project.close(INVENTORY)


def _by_name(document: dict[str, Any]) -> dict[str, Any]:
    return {host["host"]: host for host in document["hosts"]}


def pattern(text: str) -> str:
    """``{time}`` and ``{job}`` stand for what no test can know beforehand."""
    found = re.escape(text)
    return found.replace(r"\{time\}", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ").replace(r"\{job\}", r"KB870585-[\w-]+")


def test_the_run_ends_4(ran: Ran) -> None:
    assert ran.code == 4


@pytest.mark.parametrize("name", CASES)
def test_how_it_ends(ran: Ran, name: str) -> None:
    case, host = CASES[name], ran.hosts[name]
    assert host["outcome"] == case["outcome"], host["reason"]
    assert re.match(pattern(case.get("reason", "")), host["reason"]), host["reason"]
    assert re.search(pattern(case.get("says", "")), host["reason"]), host["reason"]
    if "build" in case:
        cells = [host["columns"].get(cell, "") for cell in ("before", "after")]
        assert " -> ".join(dict.fromkeys(cells)) == case["build"]
    if case["outcome"] != "changed":
        assert host["remedy"]
        assert case.get("remedy", host["remedy"]) == host["remedy"]


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "line" in case])
def test_everybody_hears_how_it_is_left(ran: Ran, name: str) -> None:
    case, now = CASES[name], ran.hosts[name]["now"]
    line = now["line"]
    assert re.fullmatch(pattern(case["line"].strip()), line), line
    assert now["data"]["services_down"] == case.get("down", [])
    assert ran.shown[name]["now"] == now, "the ledger keeps all of it"
    assert ran.heard[name]["standing"]["line"] == line, "hooks get all of it"
    said = "; ".join(now["alerts"]) if case["outcome"] == "changed" else line
    assert said == case.get("shown", "" if case["outcome"] == "changed" else line)
    if said:
        assert ran.heard[name]["now"] == said
        assert any(one.strip() == said or one.endswith(f"{name}: changed: {said}") for one in ran.screen)
        assert _plain(line) in _plain(ran.report)


def _plain(text: str) -> str:
    """Without what Markdown adds and escapes."""
    return re.sub(r"[\\\s]+", "", text)


@pytest.mark.parametrize("name", CASES)
def test_the_host_itself_is_as_it_is_told(ran: Ran, name: str) -> None:
    case, host = CASES[name], ran.lab[name]
    assert host["refusals"] == [], "the lab was asked for something it does not know"
    if "unread" in case:
        now = ran.hosts[name]["now"]
        assert case["unread"] in now["unread"]
        assert any(one.strip() == f"could not be read: {now['unread']}" for one in ran.screen)
        assert ran.heard[name]["now"] == f"could not be read: {now['unread']}"
        return
    assert sorted(host["services_not_running"]) == sorted(case.get("down", []))
    assert ran.hosts[name]["now"]["data"]["files"]["store.exe"] == host["build"]
    assert len(host["installers"]) == (0 if case["outcome"] == "blocked" else 1)


@pytest.mark.parametrize("name", CASES)
def test_what_is_told_as_made_was_made(ran: Ran, name: str) -> None:
    """In ledger and report; an installer that failed has tried."""
    for step in ran.shown[name]["steps"]:
        fates = {change["fate"] for change in step["changes"]}
        assert fates <= ({"done"} if step["status"] == "changed" else {"tried", "not begun", "done"}), step
        if step["module"] == "hotfix" and step["changes"]:
            assert ("done" in fates) == (step["status"] == "changed"), step
