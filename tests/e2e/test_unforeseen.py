"""What nobody foresaw, in the middle of a change: hosts were touched, so it is no mistake of the user's."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remediate.change.carry import _Change
from remediate.change.gate import Gate
from remediate.change.rounds import Told
from remediate.errors import LedgerLost, UserError
from remediate.events import Event, StepFinished
from remediate.reports.plain import Plain
from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_hooks import HOOKS, INVENTORY, told
from tests.patience import LIMIT

LAB = """
plugin: lab
speed: 50
hosts:
  one: {image: exchange2003-sp1}
  two: {image: exchange2003-sp1}
"""
BOOK = """
- hosts: all
  tasks:
    - {name: first, win_command: 'cmd /c echo one'}
    - {name: second, win_command: 'cmd /c echo two'}
"""
Broken = Callable[[BaseException], None]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    (made.folder / "small.yml").write_text(BOOK)
    with (made.folder / "remediate.toml").open("a") as settings:
        settings.write(HOOKS)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


@pytest.mark.parametrize("error", [KeyError("luck"), OSError(28, "No space left on device"), UserError("gone")])
def test_an_error_between_walks_is_no_mistake_of_the_users(
    error: Exception, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> bool:
        raise error

    monkeypatch.setattr(Gate, "wait_for_more", broken)
    done = office.remediate("run", "small.yml", "-i", INVENTORY)
    assert done.code == 4, done
    assert "Traceback" not in done.err
    assert "one : ok=2" in done.out.replace("  ", " "), "the recap is told all the same"
    assert [one["kind"] for one in told(office)] == ["before", "after", "failed"]
    assert told(office)[-1]["exit_code"] == 4
    assert {host["outcome"] for host in told(office)[-1]["hosts"]} == {"changed"}
    _, rows = office.json("runs", "list")
    assert [(row["status"], row["exit_code"]) for row in rows] == [("interrupted", 4)]


def test_an_error_before_any_host_was_told_of_is_told_to_the_hooks_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LedgerLost("away", hint="mend it")

    monkeypatch.setattr(_Change, "_control", broken)
    done = office.remediate("run", "small.yml", "-i", INVENTORY)
    assert done.code == 4
    assert [one["kind"] for one in told(office)] == ["before", "after", "failed"]
    assert {host["host"] for host in told(office)[-1]["hosts"]} == {"one", "two"}


def test_a_report_that_fails_at_one_event_loses_that_event(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Plain.receive

    def receive(self: Plain, event: Event) -> None:
        if isinstance(event, StepFinished) and event.result.host == "one":
            raise ZeroDivisionError("a fault")
        usual(self, event)

    monkeypatch.setattr(Plain, "receive", receive)
    done = office.remediate("run", "small.yml", "-i", INVENTORY)
    assert done.code == 0, done
    assert "one : ok=2" in done.out.replace("  ", " ")
    assert done.err.count("ZeroDivisionError") == 1


def test_a_fault_of_the_run_itself_is_raised_when_all_is_done(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Told.receive

    def receive(self: Told, event: Event) -> None:
        usual(self, event)
        if isinstance(event, StepFinished):
            raise ZeroDivisionError("a fault")

    monkeypatch.setattr(Told, "receive", receive)
    done = office.remediate("run", "small.yml", "-i", INVENTORY)
    assert done.code == 4
    assert "details are in" in done.err
    rows = office.json("runs", "show", office.json("runs", "list")[1][0]["id"])[1]
    assert "second" in json.dumps(rows)


FULL, CLOSED = "No space left on device", "it was closed when this program began"


@pytest.mark.parametrize(
    ("words", "shell", "code", "lost"),
    [
        (["run", "small.yml"], "{} > /dev/full", 0, [FULL]),
        (["run", "small.yml", "--format", "json"], "{} > /dev/full", 0, [FULL]),
        (["run", "small.yml"], "{} >&-", 0, [CLOSED]),
        (["run", "small.yml"], "{} > /dev/full 2>&1", 0, [FULL]),
        (["run", "small.yml"], "{} >&- 2>&- <&-", 0, [CLOSED, CLOSED]),
        (["run", "small.yml"], "{}", 0, []),
        (["version"], "{} > /dev/full", 1, []),
        (["version"], "{} | true", 0, []),
    ],
)
def test_a_screen_that_is_gone_ends_no_run_and_stands_in_the_ledger(
    words: list[str], shell: str, code: int, lost: list[str], tmp_path: Path, labs_of_their_own: None
) -> None:
    project = Project(tmp_path / "project")
    (project.folder / INVENTORY).write_text(LAB)
    (project.folder / "small.yml").write_text(BOOK)
    more = ["-i", INVENTORY] if words[0] == "run" else []
    command = shell.format(" ".join(project.command(*words, *more)))
    ledger = str(tmp_path / "ledger.sqlite3")
    environ = {**os.environ, "REMEDIATE_LEDGER": ledger, "NO_COLOR": "1"}
    try:
        done = subprocess.run(["/bin/sh", "-c", command], cwd=project.folder, env=environ, timeout=LIMIT, check=False,
                              capture_output=True, text=True)  # fmt: skip
        assert done.returncode == code, done
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        if words[0] == "run":
            rows = json.loads(project.run("runs", "list", "--format", "json", REMEDIATE_LEDGER=ledger).stdout)
            assert [row["status"] for row in rows] == ["finished"]
            shown = json.loads(project.run("runs", "show", "last", "--format", "json", REMEDIATE_LEDGER=ledger).stdout)
            assert [one["data"]["why"] for one in shown["remarks"] if one["kind"] == "output lost"] == lost
            for view in ("show", "report"):
                text = project.run("runs", view, "last", REMEDIATE_LEDGER=ledger).stdout
                assert all(why in text for why in lost)
                assert ("output lost" in text) is bool(lost)
        if "full" in shell and "2>" not in shell:
            assert "standard output is lost: No space left on device" in done.stderr
    finally:
        project.close(INVENTORY)
