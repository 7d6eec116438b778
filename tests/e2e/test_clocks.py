"""The hosts' clocks against this machine's: who is warned of, who is put off, and that nobody else is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_change_window import outcomes

INVENTORY = "inventory/clocks.yml"
DEAD_BATTERY = "faults: {clock: {skew_seconds: -730000000}}"
LAB = """
plugin: lab
password: not-a-word-17
vars: {change_window: night}
hosts:
  ex1: {image: exchange2003-sp1, FIRST}
  ex2: {image: exchange2003-sp1, connection: winrm, SECOND}
  ex3: {image: exchange2003-sp1, THIRD}
"""
WINDOWS = """
windows:
  night: {time_zone: UTC, start: 2026-01-03 21:00, rule: FREQ=WEEKLY;BYDAY=SA, duration: 4h}
"""
NIGHT = datetime(2026, 11, 28, 21, 5, tzinfo=UTC)
BOOK = "- hosts: all\n  tasks:\n    - win_file: {path: 'C:\\mark', state: directory}\n"
LATE = timedelta(hours=3)


def office_with(tmp_path: Path, *faults: str) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    text = LAB
    for word, fault in zip(("FIRST", "SECOND", "THIRD"), (*faults, "", "", ""), strict=False):
        text = text.replace(f", {word}", f", {fault}" if fault else "")
    (made.folder / INVENTORY).write_text(text)
    (made.folder / "inventory/windows.yml").write_text(WINDOWS)
    (made.folder / "mark.yml").write_text(BOOK)
    made.lab("up", "-i", INVENTORY)
    office = Office(made, str(tmp_path / "ledger.sqlite3"))
    office.clock.set(NIGHT)
    yield office
    made.close(INVENTORY)


@pytest.fixture
def office(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    yield from office_with(tmp_path, *getattr(request, "param", ()))


def marked(office: Office) -> set[str]:
    found = office.project.machines(INVENTORY)
    return {name for name, machine in found.items() if machine.files.exists("C:\\mark")}


def run(office: Office, *words: str) -> tuple[int, dict[str, str]]:
    code, document = office.json("run", "mark.yml", "-i", INVENTORY, *words)
    assert isinstance(document, dict), document
    return code, outcomes(document)


ONE_OFF = [(DEAD_BATTERY,), ("", DEAD_BATTERY), ("", "", "faults: {clock: {skew_seconds: 7200}}")]


@pytest.mark.parametrize("office", ONE_OFF, indirect=True)
@pytest.mark.parametrize("forks", ["1", "50"])
def test_one_host_with_a_wrong_clock_stops_nobody(office: Office, forks: str) -> None:
    """Not even itself, whichever of the hosts is asked first: the others have this machine's time."""
    code, found = run(office, "--forks", forks)
    assert (code, found) == (0, dict.fromkeys(("ex1", "ex2", "ex3"), "changed"))
    assert marked(office) == {"ex1", "ex2", "ex3"}


@pytest.mark.parametrize("office", [(DEAD_BATTERY,)], indirect=True)
@pytest.mark.parametrize("command", ["run", "plan", "verify"])
def test_it_is_warned_of(office: Office, command: str) -> None:
    done = office.remediate(command, "mark.yml", "-i", INVENTORY)
    warned = [line for line in (done.out + done.err).splitlines() if line.startswith("warning:")]
    assert [line.partition(": Kerberos")[0] for line in warned] == [
        "warning: ex1: its clock is 8449 days behind this machine's"
    ]


@pytest.mark.parametrize("behind", [True, False])
def test_a_clock_all_hosts_contradict_opens_no_window(office: Office, behind: bool) -> None:
    """Three hours behind, a window that closed long ago looks open; so it does the other way round."""
    office.clock.wrong = -LATE if behind else LATE
    code, found = run(office)
    assert (code, found) == (3, dict.fromkeys(("ex1", "ex2", "ex3"), "deferred"))
    assert marked(office) == set()
    said = office.remediate("run", "mark.yml", "-i", INVENTORY)
    where = "behind" if behind else "ahead of"
    assert f"the clock of this machine is 3 hours {where} that of ex1" in said.out
    assert "`w32tm /resync`" in said.out
    office.clock.set(NIGHT)
    office.clock.wrong = timedelta()
    assert run(office) == (0, dict.fromkeys(("ex1", "ex2", "ex3"), "changed"))


def test_waiting_for_a_window_does_not_help_a_clock_that_is_wrong(office: Office) -> None:
    office.clock.wrong = -LATE
    code, found = run(office, "--wait")
    assert (code, found) == (3, dict.fromkeys(("ex1", "ex2", "ex3"), "deferred"))


@pytest.mark.parametrize("office", [(DEAD_BATTERY,)], indirect=True)
def test_the_only_host_is_put_off_and_an_override_goes_ahead(office: Office) -> None:
    """Nobody can tell whose clock it is. Another host is not stopped by it."""
    assert run(office, "-l", "ex1") == (3, {"ex1": "deferred"})
    assert run(office, "-l", "ex2") == (0, {"ex2": "changed"})
    assert run(office, "-l", "ex1", "--override-window", "battery") == (0, {"ex1": "changed"})


def test_a_plan_is_not_valid_by_a_clock_that_was_set_back(office: Office) -> None:
    """A new ledger knows nothing of the time that has gone by; the hosts do."""
    done = office.remediate("plan", "mark.yml", "-i", INVENTORY, "-o", "p.json", "--valid-for", "1h")
    assert done.code == 2, done
    office.clock.wrong = -LATE
    office.ledger = office.ledger.replace("ledger", "another")
    code, document = office.json("apply", "p.json", "--override-window", "because")
    assert (code, outcomes(document)) == (3, dict.fromkeys(("ex1", "ex2", "ex3"), "deferred"))
    assert marked(office) == set()


def test_a_clock_that_is_set_in_the_middle_begins_no_further_host(office: Office) -> None:
    """What was begun is finished; the next host has another time than this machine, as everybody it asks."""

    def set_back() -> None:
        office.clock.set(office.clock.at - LATE)
        office.clock.wrong = -LATE

    office.clock.when(lambda: marked(office) == {"ex1"}, set_back)
    code, found = run(office, "--forks", "1")
    assert (code, found) == (2, {"ex1": "changed", "ex2": "deferred", "ex3": "deferred"})


def test_a_play_without_windows_is_only_warned(office: Office) -> None:
    office.clock.wrong = -LATE
    inventory = office.project.folder / INVENTORY
    inventory.write_text(inventory.read_text().replace("vars: {change_window: night}\n", ""))
    done = office.remediate("run", "mark.yml", "-i", INVENTORY)
    assert (done.code, done.out.count("warning: ex")) == (0, 3), done
