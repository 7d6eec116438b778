"""Ledger and report say of each task what the run itself said: judged, not as its step happened to end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.project import Project

INVENTORY = "inventory/one.yml"
BOOK = """
- hosts: all
  tasks:
    - {name: judged failed, win_command: cmd /c echo bad, failed_when: "'bad' in stdout", ignore_errors: true}
    - {name: judged fine, win_command: cmd /c exit 3, failed_when: false, changed_when: false}
    - {name: tolerated, win_command: cmd /c exit 3, ignore_errors: true}
    - {name: as it ended, win_command: cmd /c echo x}
    - {name: seen and judged, win_command: cmd /c echo x, check_mode: true, failed_when: true, ignore_errors: true}
    - {name: kept, set_fact: {x: 1}}
    - {name: shown, debug: {msg: "it is {{ x }}"}}
    - {name: held, assert: {that: [x == 1]}}
    - {name: a while, pause: {seconds: 0.01}}
    - {name: left out, win_command: cmd /c echo x, when: x == 2}
    - {name: the end of it, assert: {that: [1 == 2]}}
"""
SAID = {
    "judged failed": ("failed", True),
    "judged fine": ("ok", False),
    "tolerated": ("failed", True),
    "as it ended": ("changed", False),
    "seen and judged": ("failed", True),
    "kept": ("ok", False),
    "shown": ("ok", False),
    "held": ("ok", False),
    "a while": ("ok", False),
    "the end of it": ("failed", False),
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text("plugin: lab\nhosts:\n  one: {image: exchange2003-sp2}\n")
    (made.folder / "book.yml").write_text(BOOK)
    made.lab("up", "-i", INVENTORY)
    yield made
    made.close(INVENTORY)


def test_the_record_is_what_was_said(project: Project) -> None:
    code, told = project.json("run", "book.yml", "-i", INVENTORY)
    assert code == 4
    steps = {step["task"]: (step["status"], step["ignored"]) for step in told["hosts"][0]["steps"]}
    assert {task: steps[task] for task in SAID} == SAID
    _, shown = project.json("runs", "show", "last")
    kept = {step["task"]: (step["status"], step["ignored"]) for step in shown["hosts"][0]["steps"]}
    assert kept == SAID
    assert len(shown["hosts"][0]["steps"]) == len(SAID), "each of them once"
    assert project.run("runs", "verify").returncode == 0
    report = project.run("runs", "report", "last").stdout
    assert report.count("failed \\(ignored\\)") == 3
    assert "the end of it" in report
