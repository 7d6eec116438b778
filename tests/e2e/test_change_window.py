"""A change as a person does it: planned on Tuesday, approved, applied on Saturday, interrupted, resumed, reported.

On SQLite and on PostgreSQL, over SSH and WinRM, with a clock of its own; nothing else is simulated.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.approvals.people import PLANNER, Board
from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.patience import until

INVENTORY = "inventory/saturday.yml"
LAB = """
plugin: lab
password: not-a-word-17
hosts:
  # packages take about ten minutes each, says the advisory; service pack 2 takes forty
  berlin1: {image: exchange2003-sp1, speed: 4, vars: {change_window: saturday_night}}
  berlin2: {image: exchange2003-rtm, speed: 20, connection: winrm, vars: {change_window: saturday_night}}
  drifted: {image: exchange2000-sp3-rollup, speed: 20, vars: {change_window: saturday_night}}
  toolong: {image: exchange2003-rtm, speed: 20, vars: {change_window: saturday_night, route: service_pack}}
  fine: {image: exchange2003-sp2, speed: 20, connection: winrm, vars: {change_window: saturday_night}}
"""
WINDOWS = """
windows:
  saturday_night:
    time_zone: Europe/Berlin
    start: 2026-01-03 22:00
    rule: FREQ=WEEKLY;BYDAY=SA
    duration: 35m
"""
DRIFT = """
- hosts: drifted
  tasks:
    - win_service: {name: SMTPSVC, state: stopped}
"""
SATURDAY = datetime(2026, 11, 28, 21, 2, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path, url: str) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    (made.folder / "inventory/windows.yml").write_text(WINDOWS)
    (made.folder / "drift.yml").write_text(DRIFT)
    made.lab("up", "-i", INVENTORY)
    board = Board.at(tmp_path)
    board.allow("anna", "ben")
    yield Office(made, url, account=PLANNER, policy=board.folder)
    made.close(INVENTORY)


def press_ctrl_c(office: Office) -> None:
    """At the console; whoever presses it goes on when he has been heard."""
    os.kill(os.getpid(), signal.SIGINT)
    until(office.console.heard)


def outcomes(document: Any) -> dict[str, str]:
    return {host["host"]: host["outcome"] for host in document["hosts"]}


def test_from_tuesday_to_the_report(office: Office) -> None:
    # Tuesday: the plan, looked at and approved
    done = office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "saturday.json", "--require-approval", "1")
    assert done.code == 2, done
    shown = office.remediate("show", "saturday.json").out
    assert re.search(r"toolong .*KB836993-2003-SP2 .*pending +saturday_night +40 min", shown), shown
    refused = office.remediate("apply", "saturday.json")
    assert (refused.code, "0 of 1 approvals are there" in refused.err) == (3, True), refused
    anna = Board.at(office.policy.parent).person("anna")
    assert office.remediate("approve", "saturday.json", "--reason", "CHG-17", HOME=str(anna)).code == 0
    units = office.remediate("window", "timer", "saturday.json", "-i", INVENTORY, "-o", "units")
    assert units.code == 0, units
    (timer,) = (office.project.folder / "units").glob("*.timer")
    assert "OnCalendar=2026-11-28 21:00:00 UTC" in timer.read_text()
    early = office.remediate("apply", "saturday.json")
    assert (early.code, "saturday_night is closed; it opens Sat 2026-11-28 22:00 CET (21:00 UTC)" in early.err) == (
        3,
        True,
    ), early

    # meanwhile somebody works on one of the servers
    assert office.remediate("run", "drift.yml", "-i", INVENTORY, "--override-window", "a test").code == 0

    # Saturday night: applied, and stopped with Ctrl-C while the first installer runs
    office.clock.set(SATURDAY)
    office.clock.when(lambda: office.project.installers(INVENTORY)[0], lambda: press_ctrl_c(office))  # berlin1
    code, document = office.json("apply", "saturday.json")
    assert code == 130, document
    assert document["interrupted"] is True

    # resumed in the same night
    code, document = office.json("resume", "last")
    assert code == 4, document
    assert outcomes(document) == {
        "berlin1": "changed", "berlin2": "changed", "drifted": "blocked", "toolong": "deferred",
    }  # fmt: skip
    reasons = {host["host"]: host["reason"] for host in document["hosts"]}
    assert "SMTPSVC state was running when planned, is stopped" in reasons["drifted"]
    assert "needs 40 min, saturday_night closes in" in reasons["toolong"]

    # what really happened on the hosts
    hosts = status(office.project, INVENTORY)
    installed = {name: [one["package"] for one in host["installers"]] for name, host in hosts.items()}
    assert installed == {
        "berlin1": ["KB870585-2003-SP1"], "berlin2": ["KB870585-2003-RTM"], "drifted": [], "toolong": [], "fine": [],
    }  # fmt: skip
    assert office.remediate("verify", PLAYBOOK, "-i", INVENTORY, "-l", "berlin1,berlin2,fine").code == 0

    # the report
    report = office.remediate("runs", "report", "last")
    assert report.code == 0, report
    for words in ("berlin1", "6.5.7232.35", "anna", "CHG-17", "SMTPSVC state was running"):
        assert words in report.out, words
    assert office.remediate("runs", "verify").code == 0
