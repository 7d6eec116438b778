"""A run that another version began: finished where it was begun, with the files it began with; nothing new is begun."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediate.project import content
from tests.commands.test_kept import given, is_there, unfinished
from tests.commands.test_plans import Desk

WHERE = "remediate."
NAMES = (
    "change.carry.__version__",
    "change.newplan.__version__",
    "change.otherversion.__version__",
    "change.of_plan.__version__",
)
BOOK = """
- hosts: old,fine
  serial: 1
  tasks:
    - win_file: {path: 'C:\\first', state: directory}
    - {win_stat: {path: 'C:\\go'}, register: go}
    - assert: {that: go.stat.exists}
    - win_file: {path: 'C:\\last', state: directory}
"""
COMMAND = "    - win_command: cmd /c echo new > C:\\new.txt\n"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is shipped, as a copy that can be another one after an upgrade."""
    home, found = tmp_path / "program", content.shipped()
    assert found is not None
    shutil.copytree(found / "modules", home / "modules")
    (home / "playbooks").mkdir()
    (home / "playbooks/work.yml").write_text(BOOK, encoding="utf-8")
    for place in ("project.project.shipped", "change.otherversion.shipped"):
        monkeypatch.setattr(WHERE + place, lambda: home)
    return home


@pytest.fixture
def desk(lab: Path, tmp_path: Path) -> Iterator[Desk]:
    (lab / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    yield Desk(lab, tmp_path / "ledger.sqlite3")
    (lab / "p.json").unlink(missing_ok=True)


def begun(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, planned: bool = False) -> str:
    """A run of an earlier version that failed on its first host."""
    with monkeypatch.context() as earlier:
        for name in NAMES:
            earlier.setattr(WHERE + name, "0.0.9")
        earlier.setattr("remediate.__version__", "0.0.9")
        if planned:
            assert desk("plan", "playbooks/work.yml", "-o", "p.json").code in (2, 4)
            assert desk("apply", "p.json").code == 4
        else:
            assert desk("run", "playbooks/work.yml").code == 4
    return unfinished(desk, "work.yml")


def upgraded(program: Path) -> None:
    with (program / "modules/win_file.py").open("a") as module:
        module.write("\n# of the new version\n")
    with (program / "playbooks/work.yml").open("a") as book:
        book.write("    - win_file: {path: 'C:\\smuggled', state: directory}\n")


@pytest.mark.parametrize("planned", [False, True])
def test_what_was_begun_is_finished(planned: bool, desk: Desk, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if planned:  # a plan's walk must not fail in the check run
        sure = "- {assert: {that: go.stat.exists}, when: not ansible_check_mode}"
        book = BOOK.replace("- assert: {that: go.stat.exists}", sure)
        (program / "playbooks/work.yml").write_text(book, encoding="utf-8")
    run = begun(desk, monkeypatch, planned=planned)
    given(desk, "go")
    upgraded(program)
    done = desk("resume", run)
    assert f"run {run} was begun by version 0.0.9, this is 0.1.0" in done.err
    assert "left alone, for nothing was begun there: fine" in done.err
    assert done.code == 0, done
    assert is_there(desk, "last")
    assert not is_there(desk, "smuggled")


def test_nothing_new_is_begun(desk: Desk, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (program / "playbooks/work.yml").write_text(BOOK + COMMAND, encoding="utf-8")
    run = begun(desk, monkeypatch)
    given(desk, "go")
    done = desk("resume", run)
    assert (done.code, "begun by version 0.0.9, this is 0.1.0" in done.out) == (4, True), done
    assert not is_there(desk, "new.txt")


def test_where_nothing_was_begun_nothing_is(desk: Desk, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = "- hosts: old\n  tasks: [{fail: {msg: 'no'}}, {win_file: {path: 'C:\\first', state: directory}}]\n"
    (program / "playbooks/work.yml").write_text(book, encoding="utf-8")
    run = begun(desk, monkeypatch)
    done = desk("resume", run)
    assert (done.code, "and nothing was begun on any host" in done.err) == (3, True), done


def test_the_same_version_with_other_modules_is_refused(desk: Desk, program: Path) -> None:
    assert desk("run", "playbooks/work.yml").code == 4
    upgraded(program)
    done = desk("resume", unfinished(desk, "work.yml"))
    assert (done.code, "modules/win_file.py is another one now" in done.err) == (3, True), done


def test_a_file_of_the_project_must_be_the_same_all_the_same(
    desk: Desk, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del program
    (desk.folder / "playbooks").mkdir(exist_ok=True)
    (desk.folder / "playbooks/work.yml").write_text(BOOK, encoding="utf-8")
    run = begun(desk, monkeypatch)
    (desk.folder / "playbooks/work.yml").write_text(BOOK + COMMAND, encoding="utf-8")
    done = desk("resume", run)
    shutil.rmtree(desk.folder / "playbooks")
    assert (done.code, "playbooks/work.yml is another one now" in done.err) == (3, True), done
