"""``remediate resume`` where there is nothing to go on with, or somebody else still does; and of an applied plan."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediate.ledger.rows import FINISHED, INTERRUPTED, NewRun
from remediate.ledger.store import Ledger, open_ledger
from remediate.project.ledgers import controller
from tests.commands.test_plans import Desk

AT = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
TWO = """
- hosts: old
  tasks:
    - name: First
      win_file: {path: 'C:\\first', state: directory}
    - name: Wait for a go
      win_command: cmd /c if exist C:\\go (exit 0) else (exit 1)
    - name: Last
      win_file: {path: 'C:\\last', state: directory}
"""
LAST = "- {hosts: old, tasks: [{win_file: {path: 'C:\\last', state: directory}}]}\n"
GO = "- {hosts: old, tasks: [{win_file: {path: 'C:\\go', state: directory}}]}\n"


@pytest.fixture
def desk(lab: Path, tmp_path: Path) -> Desk:
    (lab / "two.yml").write_text(TWO, encoding="utf-8")
    (lab / "last.yml").write_text(LAST, encoding="utf-8")
    (lab / "go.yml").write_text(GO, encoding="utf-8")
    (lab / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    return Desk(lab, tmp_path / "ledger.sqlite3")


@pytest.fixture
def ledger(desk: Desk) -> Iterator[Ledger]:
    with open_ledger(str(desk.ledger), now=lambda: AT) as found:
        yield found


def begun(ledger: Ledger, pid: int) -> str:
    return ledger.begin_run(
        NewRun(kind="run", playbook="two.yml", who="ann", controller=controller(), pid=pid, hosts=("old",))
    )


def test_a_run_that_is_going_on(desk: Desk, ledger: Ledger) -> None:
    run = begun(ledger, os.getpid())
    done = desk("resume", run)
    assert done.code == 1
    assert f"run {run} is going on: ann on {controller()}, process {os.getpid()}" in done.err


def test_a_run_that_came_to_its_end(desk: Desk, ledger: Ledger) -> None:
    run = begun(ledger, os.getpid())
    ledger.end_run(run, status=FINISHED, exit_code=0, hosts=())
    done = desk("resume", run)
    assert (done.code, "nothing to resume" in done.out) == (0, True), done


def test_a_run_of_which_nobody_knows_how_it_was_asked_for(desk: Desk, ledger: Ledger) -> None:
    run = begun(ledger, os.getpid())
    ledger.end_run(run, status=INTERRUPTED, exit_code=130, hosts=())
    done = desk("resume", run)
    assert done.code == 1
    assert f"run {run} cannot be resumed: the ledger does not say how it was asked for" in done.err


def failed(desk: Desk) -> str:
    """A plan whose second step fails; its file."""
    assert desk("plan", "two.yml", "-o", "p.json").code in (2, 4)
    done = desk("apply", "p.json")
    assert done.code == 4, done
    return "p.json"


def test_an_applied_plan_goes_on_where_it_failed(desk: Desk) -> None:
    failed(desk)
    assert desk("run", "go.yml").code == 0
    with open_ledger(str(desk.ledger), now=lambda: AT) as ledger:
        run = next(row.id for row in ledger.runs(9) if row.kind == "apply")
    done = desk("resume", run)
    assert done.code == 0, done
    assert "First (done before)" in done.out
    proof = desk("plan", "last.yml", "--format", "json")
    assert proof.code == 0, "what came after the failed step was done"


def test_not_with_another_plan_under_its_name(desk: Desk) -> None:
    name = failed(desk)
    applied = desk("runs", "list", "--format", "json").out
    assert desk("plan", "two.yml", "-o", name, "--valid-for", "3d").code == 2
    assert desk("resume", "last").code == 4, "it goes on by the plan that was kept, and fails as before"
    first, later = (json.loads(desk("runs", "list", "--format", "json").out)[i]["plan_hash"] for i in (-1, 0))
    assert first == later == json.loads(applied)[-1]["plan_hash"]


RETRY = """
- hosts: old
  tasks:
    - name: Wait for a go
      win_command: cmd /c if exist C:\\go (exit 0) else (exit 1)
    - name: Say it
      debug: {msg: "retry is {{ retry | default(false) }}"}
"""


def test_another_try_is_part_of_what_was_asked_for(desk: Desk) -> None:
    """``--retry`` given to resume holds for those that go on with that run, too."""
    (desk.folder / "retry.yml").write_text(RETRY, encoding="utf-8")
    assert desk("run", "retry.yml").code == 4
    assert desk("resume", "last", "--retry").code == 4
    assert desk("run", "go.yml").code == 0
    runs = desk("runs", "list").out.splitlines()
    resumed = next(line.split()[0] for line in runs if " resume " in line)
    done = desk("resume", resumed)
    assert done.code == 0, done
    assert "retry is True" in done.out


def test_a_plan_is_not_given_another_try_behind_the_backs_of_those_who_approved_it(desk: Desk) -> None:
    assert desk("plan", "two.yml", "-o", "p.json").code == 2
    assert desk("apply", "p.json").code == 4
    done = desk("resume", "last", "--retry")
    assert done.code == 1
    assert "applied a plan, and --retry is no part of it" in done.err
    assert "remediate plan PLAYBOOK --retry -o FILE" in done.err


def test_a_plan_keeps_it(desk: Desk) -> None:
    (desk.folder / "said.yml").write_text(
        '- {hosts: old, tasks: [{win_file: {path: "C:\\\\retry-{{ retry | default(false) }}", state: directory}}]}\n'
    )
    assert desk("plan", "said.yml", "--retry", "-o", "p.json").code == 2
    done = desk("apply", "p.json")
    assert done.code == 0, done
    assert "C:\\retry-True" in done.out
