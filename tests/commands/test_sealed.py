"""A plan is what was read for it: nothing it rests on is left out, nothing else is carried out, whenever it appears."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.commands.cli import run
from remediate.project.outside import Outside
from tests.commands.driver import Done, Screen
from tests.commands.test_plans import Desk, desk_with
from tests.commands.test_read_once import BOOK, FILES
from tests.e2e.office import Clock

TASK = "    - win_file: {path: 'C:\\smuggled', state: directory}\n"
WINDOWS = "windows:\n  night: {time_zone: UTC, start: 2026-01-03 22:00, rule: FREQ=DAILY, duration: 4h}\n"
LATER = """
- hosts: old
  tasks:
    - win_command: cmd /c echo late
      register: said
    - name: What it said
      include_tasks: "{{ said.stdout | trim }}.yml"
"""


@pytest.fixture
def desk(lab: Path, tmp_path: Path) -> Iterator[Desk]:
    every = {
        **FILES,
        "roles/made/README.md": "about",
        "later.yml": LATER,
        "windows.yml": WINDOWS,
        "late.yml": "late: 1\n",
    }
    with desk_with(lab, tmp_path / "ledger.sqlite3", every) as made:
        yield made


def planned(desk: Desk, *words: str) -> None:
    done = desk("plan", "site.yml", "-o", "p.json", *words)
    assert done.code == 2, done


@pytest.mark.parametrize(
    ("name", "word"),
    [("chosen.yml", "playbook"), ("fixed.yml", "playbook"), ("words.txt", "lookup"), ("late.yml", "variables"),
     ("more.yml", "variables"), ("host_vars/old.yml", "variables"), ("roles/made/defaults/main.yml", "role")],
)  # fmt: skip
def test_all_that_was_read_is_in_the_fingerprint(name: str, word: str, desk: Desk) -> None:
    planned(desk)
    path = desk.folder / name
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept + "\n# more\n", encoding="utf-8")
    done = desk("apply", "p.json")
    assert (done.code, f"the {word} file {name} is another one now" in done.err) == (3, True), done
    path.unlink()
    gone = desk("apply", "p.json")
    assert gone.code in (1, 3), gone
    path.write_text(kept, encoding="utf-8")
    assert desk("apply", "p.json").code == 0


@pytest.mark.parametrize(
    "name", ["host_vars/fine.yml", "group_vars/repair.yml", "roles/made/vars/main.yml", "group_vars/all/x.yml"]
)
def test_what_was_looked_for_and_not_there(name: str, desk: Desk) -> None:
    if name.startswith("group_vars/all/"):
        (desk.folder / "group_vars/all.yml").unlink()
    planned(desk)
    path = desk.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("where: 'C:\\elsewhere'\n", encoding="utf-8")
    done = desk("apply", "p.json")
    path.unlink()
    if name.startswith("group_vars/all/"):
        path.parent.rmdir()
    assert (done.code, f"file {name} is new" in done.err) == (3, True), done


def test_what_nobody_reads_is_no_part_of_it(desk: Desk) -> None:
    planned(desk)
    (desk.folder / "roles/made/README.md").write_text("about it", encoding="utf-8")
    assert desk("apply", "p.json").code == 0


def test_a_file_nobody_could_know_is_said_beforehand_and_not_carried_out(desk: Desk) -> None:
    (desk.folder / "late.yml").write_text("- win_file: {path: 'C:\\late', state: directory}\n", encoding="utf-8")
    done = desk("plan", "later.yml", "-o", "p.json")
    assert done.code == 2, done
    assert "What it said: what it includes is known after apply" in "".join(desk.plan().warnings)
    assert "What it said: what it includes is known after apply" in done.err
    done = desk("apply", "p.json")
    assert (done.code, "late.yml was not read when the plan was made: it is no part of it" in done.out) == (4, True), (
        done
    )
    assert desk("run", "later.yml", "-l", "fine").code == 0
    (desk.folder / "proof.yml").write_text(
        "- {hosts: old, tasks: [{win_file: {path: 'C:\\late', state: directory}}]}\n"
    )
    assert desk("plan", "proof.yml").code == 2, "it was not made"


def at_the_window(desk: Desk, *words: str, meanwhile: Callable[[], object]) -> Done:
    """A command that waits for its window; something is done while it does."""
    clock, out, err = Clock(datetime(2026, 11, 28, 20, 0, tzinfo=UTC)), Screen(), Screen()

    def wait(stop: object, seconds: float) -> None:
        meanwhile()
        clock.set(clock.now() + timedelta(seconds=seconds))

    outside = Outside(stdin=io.StringIO(), stdout=out, stderr=err, folder=desk.folder, now=clock.now, wait=wait,
                      environ={"REMEDIATE_LEDGER": str(desk.ledger)})  # fmt: skip
    return Done(run(words, outside), out.getvalue(), err.getvalue())


@pytest.mark.parametrize(
    "name", ["site.yml", "fixed.yml", "chosen.yml", "roles/made/tasks/main.yml", "host_vars/fine.yml"]
)
def test_what_is_added_while_it_waits_is_never_carried_out(name: str, desk: Desk) -> None:
    (desk.folder / "site.yml").write_text(BOOK.replace("vars: {", "vars: {change_window: night, "), encoding="utf-8")
    more = {"site.yml": TASK, "host_vars/fine.yml": "where: 'C:\\smuggled'\n"}.get(name, TASK[4:])

    def smuggle() -> None:
        path = desk.folder / name
        path.write_text((path.read_text(encoding="utf-8") if path.exists() else "") + more, encoding="utf-8")

    def plan() -> Done:
        return at_the_window(desk, "plan", "site.yml", "-o", "p.json", meanwhile=lambda: None)

    assert plan().code == 2
    done = at_the_window(desk, "apply", "p.json", "--wait", meanwhile=smuggle)
    assert (done.code, "waiting for change window night" in done.err) == (3, True), done
    assert "not what was planned any more" in done.err
    (desk.folder / "host_vars/fine.yml").unlink(missing_ok=True)
    proof = "- {hosts: 'old,fine', tasks: [{win_file: {path: 'C:\\smuggled', state: directory}}]}\n"
    (desk.folder / "site.yml").write_text(proof, encoding="utf-8")
    assert desk("plan", "site.yml", "--format", "json").out.count('"outcome": "pending"') == 2, "it was not made"
