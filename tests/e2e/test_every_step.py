"""Every gate of a run is asked again at every step: one that shuts after the first keeps the second from beginning.

What was begun and is not finished is failed, not blocked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.lab import packages
from remediate.ledger.rows import NewRun, StepEnded
from remediate.ledger.store import Ledger
from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import status

INVENTORY = "inventory/steps.yml"
SP1 = "KB870585-2003-SP1"
DATA = packages.content(packages.catalogue()[SP1])
LAB = """
plugin: lab
password: not-a-word-17
speed: 50
packages: []
hosts:
  mail: {image: exchange2003-sp1, vars: {change_window: night}}
"""
WINDOWS = """
windows:
  night: {time_zone: UTC, start: 2026-01-03 21:00, rule: FREQ=WEEKLY;BYDAY=SA, duration: 1h}
"""
FIRST = "- hosts: mail\n  tasks:\n    - {name: First, win_file: {path: 'C:\\first', state: directory}}\n"
COPY = FIRST + "    - {name: Second, win_copy: {dest: 'C:\\second.txt', content: as planned}}\n"
INSTALL = FIRST + "- import_playbook: kb870585.yml\n"
NIGHT = datetime(2026, 11, 28, 21, 5, tzinfo=UTC)
CLOSES = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    (made.folder / "inventory/windows.yml").write_text(WINDOWS)
    (made.folder / "inventory/group_vars").mkdir()
    package = made.folder / "p.exe"
    package.write_bytes(DATA)
    (made.folder / "inventory/group_vars/all.yml").write_text(f"packages:\n  {SP1}: {{file: {package}}}\n")
    made.lab("up", "-i", INVENTORY)
    office = Office(made, str(tmp_path / "ledger.sqlite3"))
    office.clock.set(NIGHT)
    yield office
    made.close(INVENTORY)


def closed(office: Office) -> None:
    office.clock.set(CLOSES + timedelta(hours=1))


def nearly_closed(office: Office) -> None:
    office.clock.set(CLOSES - timedelta(seconds=5))


def package_exchanged(office: Office) -> None:
    (office.project.folder / "p.exe").write_bytes(DATA + b"x")


def ledger_gone(office: Office) -> None:
    Path(office.ledger).unlink()


def changed_by_hand(office: Office) -> None:
    office.project.machines(INVENTORY)["mail"].files.write("C:\\second.txt", b"somebody else's")


GATES: dict[str, tuple[Callable[[Office], None], str, str]] = {
    "the window closes": (closed, "deferred", "change window night is closed"),
    "the rest of the window is too short": (nearly_closed, "deferred", "does not fit"),
    "the package is exchanged": (package_exchanged, "failed", "was exchanged on this side after the run began"),
    "the ledger is gone": (ledger_gone, "failed", "not begun: the ledger "),
}


def after_the_first(monkeypatch: pytest.MonkeyPatch, then: Callable[[Ledger, str], None]) -> list[str]:
    """``then`` happens when the ledger has written down that the first step which changed something ended."""
    real, done = Ledger.step_ended, list[str]()

    def step_ended(self: Ledger, run: str, host: str, number: int, ended: StepEnded) -> None:
        real(self, run, host, number, ended)
        if not done:
            done.append(ended.status)
            then(self, run)

    monkeypatch.setattr(Ledger, "step_ended", step_ended)
    return done


@pytest.mark.parametrize("gate", GATES)
def test_a_gate_that_shuts(office: Office, monkeypatch: pytest.MonkeyPatch, gate: str) -> None:
    shut, outcome, reason = GATES[gate]
    (office.project.folder / "playbooks/two.yml").write_text(INSTALL)
    first = after_the_first(monkeypatch, lambda *_: shut(office))
    _, document = office.json("run", "playbooks/two.yml", "-i", INVENTORY)
    (host,) = document["hosts"]
    assert first == ["changed"]
    assert (host["outcome"], reason in host["reason"]) == (outcome, True), host
    assert status(office.project, INVENTORY)["mail"]["installers"] == []


@pytest.mark.parametrize("book", [COPY, INSTALL], ids=["a copy", "an installation"])
def test_the_host_is_taken_over(office: Office, monkeypatch: pytest.MonkeyPatch, book: str) -> None:
    def taken_over(ledger: Ledger, run: str) -> None:
        new = NewRun(kind="run", playbook="other", who="anna", controller="elsewhere", pid=1, hosts=("mail",))
        (lock,) = ledger.locks()
        assert ledger.take_over(ledger.begin_run(new), lock)

    (office.project.folder / "playbooks/two.yml").write_text(book)
    after_the_first(monkeypatch, taken_over)
    code, document = office.json("run", "playbooks/two.yml", "-i", INVENTORY)
    assert (code, document["hosts"][0]["outcome"]) == (4, "failed"), document
    assert "(anna on elsewhere) now" in document["hosts"][0]["reason"]
    mail = office.project.machines(INVENTORY)["mail"]
    assert not mail.files.exists("C:\\second.txt")
    assert status(office.project, INVENTORY)["mail"]["installers"] == []


def test_a_planned_change_is_another_one_now(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    (office.project.folder / "two.yml").write_text(COPY)
    assert office.remediate("plan", "two.yml", "-i", INVENTORY, "-o", "p.json").code == 2
    after_the_first(monkeypatch, lambda *_: changed_by_hand(office))
    code, document = office.json("apply", "p.json")
    assert (code, document["hosts"][0]["outcome"]) == (4, "failed"), document
    assert "C:\\second.txt: 15 bytes" in document["hosts"][0]["reason"]
    mail = office.project.machines(INVENTORY)["mail"]
    assert mail.files.exists("C:\\first")
    assert mail.files.read("C:\\second.txt") == b"somebody else's"
