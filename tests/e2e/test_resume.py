"""Going on with a run: what was registered and notified is there again, what was done is not done again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from remediate.ledger.rows import NewRun, StepBegun
from remediate.ledger.store import open_ledger
from tests.e2e.office import Office
from tests.e2e.project import Project

INVENTORY = "inventory/resume.yml"
LAB = """
plugin: lab
speed: 50
hosts:
  one: {image: exchange2003-sp1}
"""
WORK = """
- hosts: one
  tasks:
    - name: Count
      win_command: cmd /c echo x>> C:\\count.txt
      register: counted
      notify: Tell
    - name: Remember
      set_fact: {seen: "{{ counted.rc }}"}
    - name: Wait for a go
      win_command: cmd /c if exist C:\\go (exit 0) else (exit 1)
    - name: Use what was registered
      win_file: {path: "C:\\\\done-{{ counted.rc }}-{{ seen }}", state: directory}
  handlers:
    - name: Tell
      win_command: cmd /c echo h>> C:\\told.txt
"""
GO = "- {hosts: one, tasks: [{win_file: {path: 'C:\\go', state: directory}}]}\n"
PROOF = """
- hosts: one
  tasks:
    - {win_stat: {path: 'C:\\count.txt'}, register: count}
    - {win_stat: {path: 'C:\\told.txt'}, register: told}
    - {win_stat: {path: 'C:\\done-0-0'}, register: done}
    - {assert: {that: ["count.stat.size == 3", "told.stat.size == 3", "done.stat.isdir"]}}
"""
ALWAYS = """
- hosts: one
  tasks:
    - block:
        - name: Count [each time]
          win_command: cmd /c echo x>> C:\\count.txt
        - name: Wait [for] a go
          win_command: cmd /c if exist C:\\go (exit 0) else (exit 1)
      always:
        - name: Tidy up
          win_command: cmd /c echo t>> C:\\tidy.txt & if exist C:\\go (exit 0) else (exit 1)
"""
ALWAYS_PROOF = """
- hosts: one
  tasks:
    - {win_stat: {path: 'C:\\count.txt'}, register: count}
    - {win_stat: {path: 'C:\\tidy.txt'}, register: tidy}
    - {assert: {that: ["count.stat.size == 3", "tidy.stat.size == 6"]}}
"""
STATE = """
- hosts: one
  tasks:
    - name: A folder that is there already
      win_file: {path: 'C:\\kept', state: directory}
    - name: Wait for a go
      win_command: cmd /c if exist C:\\go (exit 0) else (exit 1)
"""
MORE = (("always", ALWAYS), ("always_proof", ALWAYS_PROOF), ("state", STATE))
SECRET = """
- hosts: one
  tasks:
    - name: Say the secret
      win_command: cmd /c echo {{ api_token }}
      register: told
    - name: Fail
      win_command: cmd /c exit 1
    - debug: {msg: "{{ told.stdout }}"}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    for name, text in (("work", WORK), ("go", GO), ("proof", PROOF), ("secret", SECRET), *MORE):
        (made.folder / f"{name}.yml").write_text(text)
    (made.folder / INVENTORY).write_text(LAB)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def fail_first(office: Office, playbook: str = "work.yml") -> str:
    """A run that fails at its third task; its id."""
    done = office.remediate("run", playbook, "-i", INVENTORY)
    assert done.code == 4, done
    with open_ledger(office.ledger, now=office.clock.now) as ledger:
        return ledger.run("last").id


def test_a_failed_run_goes_on_where_it_failed(office: Office) -> None:
    run = fail_first(office)
    again = office.remediate("resume", run)
    assert again.code == 4, again
    assert "one  Count (done before)" in again.out
    assert office.remediate("run", "go.yml", "-i", INVENTORY).code == 0
    with open_ledger(office.ledger, now=office.clock.now) as ledger:
        (newest,) = ledger.resumed_by(run)
    done = office.remediate("resume", newest)
    assert done.code == 0, done
    proof = office.remediate("run", "proof.yml", "-i", INVENTORY)
    assert proof.code == 0, proof.out
    nothing = office.remediate("resume", "last")
    assert nothing.code == 0
    assert "nothing to resume" in nothing.out


def test_what_was_done_for_a_failure_is_done_again_with_it(office: Office) -> None:
    """Names with brackets, and an ``always`` that failed as well: both causes mended, both are done."""
    run = fail_first(office, "always.yml")
    assert office.remediate("run", "go.yml", "-i", INVENTORY).code == 0
    done = office.remediate("resume", run)
    assert done.code == 0, done
    assert "Count [each time] (done before)" in done.out
    proof = office.remediate("run", "always_proof.yml", "-i", INVENTORY)
    assert proof.code == 0, proof.out


def test_a_host_that_has_gone_back_since_is_found_out(office: Office) -> None:
    kept = "- {hosts: one, tasks: [{win_file: {path: 'C:\\\\kept', state: %s}}]}\n"
    (office.project.folder / "make.yml").write_text(kept % "directory")
    (office.project.folder / "take.yml").write_text(kept % "absent")
    assert office.remediate("run", "make.yml", "-i", INVENTORY).code == 0
    run = fail_first(office, "state.yml")
    for playbook in ("take.yml", "go.yml"):
        assert office.remediate("run", playbook, "-i", INVENTORY).code == 0
    done = office.remediate("resume", run)
    assert (done.code, "C:\\kept: absent -> folder" in done.out) == (0, True), done.out


def test_a_ledger_that_was_tampered_with_makes_nobody_compliant(office: Office) -> None:
    run = fail_first(office)
    with closing(sqlite3.connect(office.ledger)) as db, db:
        db.execute("UPDATE steps SET status = 'changed' WHERE status = 'failed'")
    done = office.remediate("resume", run)
    assert (done.code, "the ledger was tampered with" in done.err) == (3, True), done


def test_the_last_run_is_the_newest_of_this_account_and_project_and_no_older_one(office: Office) -> None:
    run = fail_first(office)
    assert office.remediate("run", "go.yml", "-i", INVENTORY, "-l", "nobody").code == 1
    with open_ledger(office.ledger, now=office.clock.now) as ledger:
        gone: dict[str, Any] = {"who": "else", "controller": "ctl9", "pid": 1, "hosts": ("one",), "kind": "run"}
        others = ledger.begin_run(NewRun(playbook="theirs.yml", request={"project": "/elsewhere", "uid": 7}, **gone))
        ledger.end_run(others, status="interrupted", exit_code=130, hosts=())
        refused = ledger.begin_run(NewRun(playbook="work.yml", request=ledger.run(run).request, **gone))
        ledger.end_run(refused, status="stopped", exit_code=3, hosts=())
    failing = office.remediate("resume", "last")
    assert f"going on with run {run}: run work.yml, begun 2026-11-24 09:00 UTC" in failing.err
    assert office.remediate("run", "go.yml", "-i", INVENTORY).code == 0
    with open_ledger(office.ledger, now=office.clock.now) as ledger:
        newest, older = ledger.runs(1)[0].id, ledger.resumed_by(run)[-1]
    unnamed = office.remediate("resume", "last")
    assert (unnamed.code, unnamed.out) == (1, "")
    assert f"run {newest} (go.yml), the newest of this account and project, is done; left unfinished" in unnamed.err
    assert f"remediate resume {older}" in unnamed.err
    assert others not in unnamed.err
    assert office.remediate("run", "work.yml", "-i", INVENTORY, "-e", "other=1").code == 0
    assert f"remediate resume {older}" in office.remediate("resume", "last").err, "other variables, other work"
    assert office.remediate("run", "work.yml", "-i", INVENTORY).code == 0, "the same work, done by a later run"
    nothing = office.remediate("resume", "last")
    assert nothing.code == 1
    assert f"no run of this account and project was left unfinished; of others: {others} (theirs.yml" in nothing.err
    assert f"remediate resume {others}" in nothing.err


def test_a_run_is_resumed_once(office: Office) -> None:
    run = fail_first(office)
    office.remediate("resume", run)
    twice = office.remediate("resume", run)
    assert twice.code == 1
    assert f"run {run} was resumed by" in twice.err


def test_not_after_the_playbook_was_changed(office: Office) -> None:
    run = fail_first(office)
    with (office.project.folder / "work.yml").open("a") as file:
        file.write("# changed\n")
    done = office.remediate("resume", run)
    assert done.code == 3
    assert f"not what run {run} was working from any more: the playbook file work.yml is another one now" in done.err


@pytest.mark.parametrize("repeat", [False, True])
def test_a_command_whose_end_nobody_knows(office: Office, repeat: bool) -> None:
    """As a controller leaves it that was killed while the command ran."""
    run = fail_first(office)
    with open_ledger(office.ledger, now=office.clock.now) as ledger:
        before = ledger.run(run)
        gone: dict[str, Any] = {"who": "w", "controller": before.controller, "pid": 2**22 - 3}
        kept = NewRun(kind="run", playbook=before.playbook, request=before.request, hosts=("one",), **gone)
        killed = ledger.begin_run(kept)
        first = ledger.journal(run)["one"][0]
        ledger.step_begun(killed, StepBegun(host="one", address=first.address, task=first.task, module=first.module))
    assert office.remediate("run", "go.yml", "-i", INVENTORY).code == 0
    done = office.remediate("resume", killed, *(["--repeat-unfinished"] if repeat else []))
    assert done.code == (0 if repeat else 4), done
    assert ("its end is not known" in done.out) is not repeat


def test_secrets_are_not_kept_and_not_made_up(office: Office) -> None:
    token = "tok-en-4711"
    words = ("secret.yml", "-i", INVENTORY, "-e", f"api_token={token}")
    assert office.remediate("run", *words).code == 4
    for file in Path(office.ledger).parent.glob("ledger.sqlite3*"):
        assert token.encode() not in file.read_bytes()
    lacking = office.remediate("resume", "last")
    assert lacking.code == 1
    assert "the value of api_token is a secret and was not kept" in lacking.err
    done = office.remediate("resume", "last", "-e", f"api_token={token}")
    assert done.code == 4
    assert "what it gave back is a secret and was not kept" in done.out
    assert token not in done.out + done.err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("resume", "nonsense"), "there is no run"),
        (("resume",), "RUN is missing"),
        (("resume", "last", "--max-wait", "3"), "--max-wait"),
    ],
)
def test_mistakes(office: Office, words: tuple[str, ...], error: str) -> None:
    fail_first(office)
    done = office.remediate(*words)
    assert done.code == 1
    assert error in done.err
