"""Hooks around a real run: told before and after, and able to keep it from beginning."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/hooks.yml"
LAB = """
plugin: lab
speed: 50
hosts:
  one: {image: exchange2003-sp1}
  node: {image: exchange2003-rtm, override: {cluster: true}}
"""
HOOKS = """
[[notify]]
name = "kept"
on = ["before", "after", "failed"]
command = ["/bin/sh", "-c", "cat >> told; echo >> told"]

[[notify]]
name = "gate"
on = ["before"]
command = ["/bin/sh", "-c", "test ! -e stop"]
on_error = "fatal"
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    with (made.folder / "remediate.toml").open("a") as settings:
        settings.write(HOOKS)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def told(office: Office) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (office.project.folder / "told").read_text().splitlines() if line]


def test_before_after_and_failed(office: Office) -> None:
    done = office.remediate("run", PLAYBOOK, "-i", INVENTORY)
    assert done.code == 4, done
    heard = told(office)
    assert [one["kind"] for one in heard] == ["before", "after", "failed"]
    assert {one["run"] for one in heard} == {heard[0]["run"]}
    assert heard[1]["counts"] == {"changed": 1, "blocked": 1}
    assert heard[1]["exit_code"] == 4


def test_a_hook_that_must_succeed_keeps_the_change_from_beginning(office: Office) -> None:
    (office.project.folder / "stop").touch()
    done = office.remediate("run", PLAYBOOK, "-i", INVENTORY)
    assert done.code == 3
    assert "hook gate failed: " in done.err
    assert "nothing was begun" in done.err
    assert [one["kind"] for one in told(office)] == ["before", "failed"]
    assert not any(host["installers"] for host in status(office.project, INVENTORY).values())
    assert not office.remediate("runs", "list").out.count("running")
