"""Change windows as gates: nothing begins outside, what was begun is finished, what does not fit is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediate.ledger.rows import NewRun, StepBegun, StepEnded
from remediate.ledger.store import open_ledger
from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_change_window import outcomes
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/gate.yml"
LAB = """
plugin: lab
password: not-a-word-17
speed: 20
hosts:
  early: {image: exchange2003-sp1, groups: [night], speed: 4}
  late: {image: exchange2003-sp1, vars: {change_window: later}}
  free: {image: exchange2003-sp2}
"""
GROUPS = "change_window: night\n"
WINDOWS = """
windows:
  night: {time_zone: Europe/Berlin, start: 2026-01-03 22:00, rule: FREQ=WEEKLY;BYDAY=SA, duration: 1h}
  later: {time_zone: Europe/Berlin, start: 2026-01-03 23:30, rule: FREQ=WEEKLY;BYDAY=SA, duration: 1h}
freezes:
  - {name: year end, from: 2026-12-19, to: 2027-01-06}
"""
KEY = "hotfix|KB870585 (KB870585-2003-SP1)"
EVENING = datetime(2026, 11, 28, 19, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 28, 21, 5, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    (made.folder / "inventory/windows.yml").write_text(WINDOWS)
    (made.folder / "inventory/group_vars").mkdir()
    (made.folder / "inventory/group_vars/night.yml").write_text(GROUPS)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def installed(office: Office) -> dict[str, int]:
    return {name: len(host["installers"]) for name, host in status(office.project, INVENTORY).items()}


def run_at(office: Office, moment: datetime, *words: str) -> tuple[int, object]:
    office.clock.set(moment)
    return office.json("run", PLAYBOOK, "-i", INVENTORY, *words)


def test_outside_the_window_nothing_begins(office: Office) -> None:
    code, document = run_at(office, EVENING)
    assert code == 2, document
    assert outcomes(document) == {"early": "deferred", "late": "deferred", "free": "compliant"}
    assert installed(office) == {"early": 0, "late": 0, "free": 0}
    code, said = run_at(office, EVENING, "-l", "early,late")
    assert code == 3
    assert "change window night is closed; it opens Sat 2026-11-28 22:00 CET (21:00 UTC)" in str(said)


def test_waiting_for_one_window_after_the_other(office: Office) -> None:
    code, document = run_at(office, EVENING, "--wait")
    assert code == 0, document
    assert outcomes(document) == {"early": "changed", "late": "changed", "free": "compliant"}
    assert installed(office) == {"early": 1, "late": 1, "free": 0}
    assert office.clock.now() >= datetime(2026, 11, 28, 22, 30, tzinfo=UTC)


def test_hosts_that_are_through_are_free_while_others_wait(office: Office) -> None:
    """Seen from another controller each time the run waits for a window."""
    locked: list[set[str]] = []
    wait = office.clock.wait

    def looking(stop: threading.Event, seconds: float) -> None:
        with open_ledger(office.ledger, now=office.clock.now) as ledger:
            locked.append({lock.host for lock in ledger.locks()})
        wait(stop, seconds)

    office.clock.wait = looking  # type: ignore[method-assign]
    code, document = run_at(office, EVENING, "--wait")
    assert code == 0, document
    assert {frozenset(names) for names in locked} == {frozenset({"early", "late"}), frozenset({"late"})}


def test_not_longer_than_allowed(office: Office) -> None:
    code, said = run_at(office, EVENING, "--wait", "--max-wait", "30m", "-l", "early,late")
    assert code == 3
    assert "--max-wait: night is closed" in str(said)
    assert installed(office) == {"early": 0, "late": 0, "free": 0}


def test_a_window_that_closes_during_the_installation(office: Office) -> None:
    """What was begun is finished and verified; the next host is not begun."""
    (office.project.folder / INVENTORY).write_text(LAB.replace("vars: {change_window: later}", "groups: [night]"))
    office.clock.set(NIGHT)
    after = datetime(2026, 11, 28, 22, 10, tzinfo=UTC)
    office.clock.when(lambda: office.project.installers(INVENTORY)[0], lambda: office.clock.set(after))
    code, document = office.json("run", PLAYBOOK, "-i", INVENTORY, "--forks", "1")
    assert code == 2, document
    assert outcomes(document) == {"early": "changed", "late": "deferred", "free": "compliant"}
    assert installed(office) == {"early": 1, "late": 0, "free": 0}
    assert not status(office.project, INVENTORY)["early"]["services_not_running"]


def test_what_takes_longer_by_experience_does_not_fit(office: Office) -> None:
    with open_ledger(office.ledger, now=office.clock.now) as ledger:
        run = ledger.begin_run(NewRun(kind="run", playbook="x", who="w", controller="c", pid=1, hosts=("other",)))
        for _ in range(3):
            begun = StepBegun(
                host="other", address="a", task="t", module="hotfix", key="hotfix|KB870585 (KB870585-2003-SP1)"
            )
            number = ledger.step_begun(run, begun)
            ledger.step_ended(run, "other", number, StepEnded(status="changed", seconds=4000.0))
    code, document = run_at(office, NIGHT, "-l", "early")
    assert code == 3, document
    assert outcomes(document) == {"early": "deferred"}
    assert "needs 67 min, night closes in" in str(document)


def test_override_with_a_reason(office: Office) -> None:
    code, document = run_at(
        office, datetime(2026, 12, 24, 20, 0, tzinfo=UTC), "-l", "early", "--override-window", "CHG-9"
    )
    assert (code, outcomes(document)) == (0, {"early": "changed"})
    assert "CHG-9" in office.remediate("runs", "report", "last").out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--override-window", " "), "--override-window needs a reason"),
        (("--max-wait", "3h"), "--max-wait is for --wait"),
        (("--wait", "--max-wait", "soon"), "'soon' is no length of time"),
    ],
)
def test_options_that_make_no_sense(office: Office, words: tuple[str, ...], error: str) -> None:
    code, said = run_at(office, NIGHT, *words)
    assert (code, error in str(said)) == (1, True), said
    assert not any(host["logons"] for host in status(office.project, INVENTORY).values())


def test_a_freeze_is_named(office: Office) -> None:
    code, said = run_at(office, datetime(2026, 12, 26, 21, 5, tzinfo=UTC), "-l", "early")
    assert code == 3
    assert "(freeze: year end); it opens Sat 2027-01-09 22:00 CET (21:00 UTC)" in str(said)


def test_a_run_is_resumed_inside_its_window_only(office: Office) -> None:
    code, document = run_at(office, EVENING)
    assert code == 2, document
    code, document = office.json("resume", "last")
    assert outcomes(document) == {"early": "deferred", "late": "deferred", "free": "compliant"}
    assert installed(office) == {"early": 0, "late": 0, "free": 0}
    office.clock.set(NIGHT)
    code, document = office.json("resume", "last")
    assert (code, outcomes(document)) == (2, {"early": "changed", "late": "deferred", "free": "compliant"})
    assert installed(office) == {"early": 1, "late": 0, "free": 0}


def test_a_window_that_a_file_of_variables_names(office: Office) -> None:
    (office.project.folder / "window.yml").write_text("change_window: night\n")
    (office.project.folder / "own.yml").write_text(
        "- hosts: free\n  vars_files: [window.yml]\n  tasks:\n    - win_file: {path: 'C:\\x', state: directory}\n"
    )
    office.clock.set(EVENING)
    done = office.remediate("run", "own.yml", "-i", INVENTORY)
    assert (done.code, "change window night is closed" in done.err) == (3, True), done


@pytest.mark.parametrize(
    ("group", "windows", "error"),
    [
        ("change_window: nigth\n", WINDOWS, "there is no change window 'nigth'"),
        (GROUPS, None, "there is no file of change windows"),
        (GROUPS, "windows: 3\n", "windows.yml:1:10"),
    ],
)
def test_mistakes_end_before_any_host_is_changed(office: Office, group: str, windows: str | None, error: str) -> None:
    folder = office.project.folder / "inventory"
    (folder / "group_vars/night.yml").write_text(group)
    (folder / "windows.yml").unlink()
    if windows is not None:
        (folder / "windows.yml").write_text(windows)
    code, said = run_at(office, NIGHT, "-l", "early")
    assert code == 1, said
    assert error in str(said)
    assert installed(office)["early"] == 0
