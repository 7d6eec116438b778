"""A package that is exchanged on this side after planning, between two hosts, or before a resume: sent to nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from remediate.change.samefiles import SameFiles
from remediate.lab import packages
from remediate.model import State, Step
from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/swap.yml"
SP1 = "KB870585-2003-SP1"
DATA = packages.content(packages.catalogue()[SP1])
LAB = """
plugin: lab
password: not-a-word-17
speed: 50
packages: []
hosts:
  one: {image: exchange2003-sp1}
  two: {image: exchange2003-sp1}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def give(office: Office, *, recorded: bool) -> Path:
    """The right package, with or without its hash; its file."""
    path = office.project.folder / "p.exe"
    path.write_bytes(DATA)
    folder = office.project.folder / "inventory/group_vars"
    folder.mkdir(exist_ok=True)
    digest = f"    sha256: {hashlib.sha256(DATA).hexdigest()}\n" if recorded else ""
    (folder / "all.yml").write_text(f"packages:\n  {SP1}:\n    file: {path}\n{digest}")
    return path


def untouched(office: Office) -> bool:
    return not any(host["installers"] or host["refusals"] for host in status(office.project, INVENTORY).values())


def logons(office: Office) -> int:
    return sum(host["logons"] for host in status(office.project, INVENTORY).values())


def test_apply_after_a_swap(office: Office) -> None:
    """With a recorded hash it is the operator's line that is wrong; without one the plan rests on another file."""
    path = give(office, recorded=True)
    assert office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json").code == 2
    before = logons(office)
    path.write_bytes(DATA + b"x")
    done = office.remediate("apply", "p.json")
    assert done.code == 1, done
    assert f"inventory/group_vars/all.yml:4:13: packages: {SP1}: " in done.err
    assert "is not the file recorded" in done.err
    path = give(office, recorded=False)
    assert office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json").code == 2
    planned = logons(office)
    path.write_bytes(DATA + b"x")
    done = office.remediate("apply", "p.json")
    assert (done.code, "the package file p.exe is another one now" in done.err) == (3, True), done
    path.write_bytes(packages.content(packages.catalogue()["KB870585-2003-RTM"]))
    done = office.remediate("apply", "p.json")
    assert done.code == 1, done
    assert f"inventory/group_vars/all.yml:3:11: packages: {SP1}: " in done.err
    assert (logons(office), untouched(office), planned > before) == (planned, True, True)


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "unrecorded"])
def test_resume_after_a_swap(office: Office, recorded: bool) -> None:
    path = give(office, recorded=recorded)
    plug = office.project.folder / "playbooks/first.yml"
    plug.write_text(
        "- hosts: all\n  tasks:\n    - {name: Go, win_command: 'cmd /c if exist C:\\go (exit 0) else (exit 1)'}\n"
        "- import_playbook: kb870585.yml\n"
    )
    done = office.remediate("run", "playbooks/first.yml", "-i", INVENTORY)
    assert done.code == 4, done
    before = logons(office)
    path.write_bytes(DATA + b"x")
    done = office.remediate("resume", "last")
    if recorded:
        assert (done.code, f"all.yml:4:13: packages: {SP1}: " in done.err) == (1, True), done
    else:
        assert (done.code, "the package file p.exe is another one now" in done.err) == (3, True), done
    assert (logons(office), untouched(office)) == (before, True)


def test_exchanged_between_two_hosts(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second host gets neither: what the run began with is not there any more, and nobody looked at the new one."""
    path = give(office, recorded=False)
    first: list[str] = []

    def observe(_: SameFiles, step: Step, inspect: Callable[[], State]) -> State:
        if step.module == "package_staged" and step.host not in first:
            if first:
                path.write_bytes(DATA + b"x")
            first.append(step.host)
        return inspect()

    monkeypatch.setattr(SameFiles, "observe", observe)
    code, document = office.json("run", PLAYBOOK, "-i", INVENTORY, "--forks", "1")
    assert code == 4, document
    outcomes = {host["host"]: host["outcome"] for host in document["hosts"]}
    assert outcomes == {first[0]: "changed", first[1]: "blocked"}, document
    blocked = next(host for host in document["hosts"] if host["outcome"] == "blocked")
    assert "was exchanged on this side after the run began" in blocked["reason"]
    after = status(office.project, INVENTORY)[first[1]]
    assert (after["installers"], after["build"]) == ([], "6.5.7226.0")
