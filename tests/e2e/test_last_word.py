"""The document and the record have the last word: the exit code the process ends with, and why hosts were cut short."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediate.change.rounds import Told
from remediate.events import Event, StepFinished
from remediate.reports.plain import Plain
from tests.e2e.office import Office
from tests.e2e.project import Project

INVENTORY = "inventory/word.yml"
LAB = """
plugin: lab
speed: 50
hosts:
  one: {image: exchange2003-sp1}
  two: {image: exchange2003-sp1}
  three: {image: exchange2003-sp1}
"""
BOOK = """
- hosts: all
  serial: 1
  tasks:
    - {name: first, win_file: {path: 'C:\\mark', state: directory}}
    - {name: second, win_command: 'cmd /c echo two'}
"""
FATAL = """
[[notify]]
name = "cannot"
on = ["after"]
command = ["/bin/false"]
on_error = "fatal"
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    (made.folder / "small.yml").write_text(BOOK)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def marked(office: Office) -> set[str]:
    found = office.project.machines(INVENTORY)
    return {name for name, machine in found.items() if machine.files.exists("C:\\mark")}


def lose_the_ledger(office: Office) -> None:
    office.clock.when(lambda: marked(office) == {"one"}, Path(office.ledger).unlink)


def test_a_ledger_that_is_lost_is_in_the_document_and_the_reason(office: Office) -> None:
    """Nobody interrupted anything."""
    lose_the_ledger(office)
    code, document = office.json("run", "small.yml", "-i", INVENTORY)
    assert (code, document["exit_code"], document["interrupted"]) == (4, 4, False)
    hosts = {host["host"]: host for host in document["hosts"]}
    for name in ("two", "three"):
        assert hosts[name]["outcome"] == "failed"
        assert hosts[name]["reason"].startswith("ledger lost: "), hosts[name]
        assert "its file is gone" in hosts[name]["reason"]
    assert "nterrupted" not in str(document["hosts"])
    assert marked(office) == {"one"}


def test_a_hook_that_must_succeed_is_in_the_document(office: Office) -> None:
    with (office.project.folder / "remediate.toml").open("a") as settings:
        settings.write(FATAL)
    code, document = office.json("run", "small.yml", "-i", INVENTORY)
    assert (code, document["exit_code"]) == (1, 1)
    assert {host["outcome"] for host in document["hosts"]} == {"changed"}


def test_a_run_that_broke_off_is_in_the_document(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Told.receive

    def receive(self: Told, event: Event) -> None:
        usual(self, event)
        if isinstance(event, StepFinished):
            raise ZeroDivisionError("a fault")

    monkeypatch.setattr(Told, "receive", receive)
    done = office.remediate("run", "small.yml", "-i", INVENTORY, "--format", "json")
    assert done.code == 4
    assert json.loads(done.out)["exit_code"] == 4


@pytest.mark.parametrize("command", ["run", "verify", "plan"])
def test_it_is_what_the_process_ends_with(office: Office, command: str) -> None:
    code, document = office.json(command, "small.yml", "-i", INVENTORY)
    assert code == document["exit_code"]


def test_part_of_the_output_that_fails_stands_in_the_ledger(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def receive(_: Plain, event: Event) -> None:
        if isinstance(event, StepFinished):
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Plain, "receive", receive)
    done = office.remediate("run", "small.yml", "-i", INVENTORY)
    assert done.code == 0, done
    shown = office.json("runs", "show", "last")[1]
    (lost,) = [one for one in shown["remarks"] if one["kind"] == "output lost"]
    assert lost["data"] == {"what": "what is shown", "why": "Input/output error"}
    assert shown["run"]["started"] <= lost["at"] < shown["run"]["finished"]
    for view in ("show", "report"):
        assert "output lost" in office.remediate("runs", view, "last").out
