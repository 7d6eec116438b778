"""Between the gate and the deed time passes: a ledger hangs, a host is silent, a controller stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from remediate.connections import execute
from remediate.kb import following
from remediate.ledger.rows import NewRun, StepBegun
from remediate.ledger.store import Ledger, open_ledger
from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/late.yml"
LAB = """
plugin: lab
password: not-a-word-17
hosts:
  mail: {image: exchange2003-sp1, connection: ROAD, vars: {change_window: night}}
"""
WINDOWS = """
windows:
  night: {time_zone: UTC, start: 2026-01-03 21:00, rule: FREQ=WEEKLY;BYDAY=SA, duration: 1h}
  noon: {time_zone: UTC, start: 2026-01-04 12:00, rule: FREQ=DAILY, duration: 1h}
"""
NIGHT = datetime(2026, 11, 28, 21, 5, tzinfo=UTC)
CLOSED = NIGHT + timedelta(hours=2)
COMMAND = "- hosts: mail\n  tasks:\n    - win_command: 'cmd /c echo x>> C:\\mark.txt'\n"


@pytest.fixture(params=["ssh", "winrm", "psrp"])
def office(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    yield from office_on(tmp_path, request.param)


@pytest.fixture
def by_ssh(tmp_path: Path) -> Iterator[Office]:
    yield from office_on(tmp_path, "ssh")


def office_on(tmp_path: Path, road: str) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB.replace("ROAD", road))
    (made.folder / "inventory/windows.yml").write_text(WINDOWS)
    (made.folder / "command.yml").write_text(COMMAND)
    made.lab("up", "-i", INVENTORY)
    office = Office(made, str(tmp_path / "ledger.sqlite3"))
    office.clock.set(NIGHT)
    yield office
    made.close(INVENTORY)


def when_begun(monkeypatch: pytest.MonkeyPatch, module: str, then: Callable[[Ledger, str], None]) -> None:
    """``then`` happens once, when the ledger has written down that a step of this module begins."""
    real, left = Ledger.step_begun, [module]

    def step_begun(self: Ledger, run: str, begun: StepBegun) -> int:
        number = real(self, run, begun)
        if begun.module in left:
            left.clear()
            then(self, run)
        return number

    monkeypatch.setattr(Ledger, "step_begun", step_begun)


def run(office: Office, playbook: str = PLAYBOOK, *words: str) -> tuple[int, Any]:
    return office.json("run", playbook, "-i", INVENTORY, *words)


def marked(office: Office) -> bool:
    """Whether the command was carried out."""
    return office.project.machines(INVENTORY)["mail"].files.exists("C:\\mark.txt")


@pytest.mark.parametrize("module", ["package_staged", "hotfix"])
def test_a_window_that_closes_while_the_ledger_hangs(
    office: Office, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    when_begun(monkeypatch, module, lambda *_: office.clock.set(CLOSED))
    code, document = run(office)
    (host,) = document["hosts"]
    assert (code, host["outcome"]) == (3 if module == "package_staged" else 2, "deferred"), document
    assert "change window night is closed" in host["reason"]
    assert status(office.project, INVENTORY)["mail"]["installers"] == []
    if module == "package_staged":
        assert "remediate" not in str(status(office.project, INVENTORY)["mail"]["toolkit"]), "nothing was laid there"


def test_a_window_that_closes_while_the_host_is_silent(by_ssh: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = execute.open_channel
    armed: list[bool] = []

    def silent(*given: Any) -> Any:
        if armed:
            by_ssh.clock.set(CLOSED)
        return real(*given)

    monkeypatch.setattr(execute, "open_channel", silent)
    when_begun(monkeypatch, "win_command", lambda *_: armed.append(True))
    code, document = run(by_ssh, "command.yml")
    assert (code, document["hosts"][0]["outcome"]) == (3, "deferred"), document
    assert not marked(by_ssh)


def taken_over(ledger: Ledger, run: str) -> None:
    """As another controller does with a run whose own is thought dead."""
    new = NewRun(kind="run", playbook="other", who="anna", controller="elsewhere", pid=1, hosts=("mail",))
    other = ledger.begin_run(new)
    (lock,) = ledger.locks()
    assert ledger.take_over(other, lock)


def test_a_controller_whose_host_was_taken_over_does_nothing_there(
    by_ssh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    when_begun(monkeypatch, "win_command", taken_over)
    monkeypatch.setattr("remediate.change.held.FRESH", -1.0)
    code, document = run(by_ssh, "command.yml")
    assert code == 4, document
    assert "is held by run" in document["hosts"][0]["reason"]
    assert "(anna on elsewhere) now" in document["hosts"][0]["reason"]
    assert not marked(by_ssh)


def test_a_controller_that_loses_its_host_while_the_installer_runs_leaves_it_to_the_other(
    by_ssh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = following.look, [True]

    def look(*given: Any) -> Any:
        seen = real(*given)
        if left and by_ssh.project.installers(INVENTORY)[0]:
            left.clear()
            with open_ledger(by_ssh.ledger, now=by_ssh.clock.now) as ledger:
                taken_over(ledger, ledger.locks()[0].run)
        return seen

    monkeypatch.setattr("remediate.change.held.KNOWN", -1.0)
    monkeypatch.setattr(following, "look", look)
    code, document = run(by_ssh)
    assert code == 4, document
    (host,) = document["hosts"]
    assert host["outcome"] == "failed", host
    assert "what was started goes on, and is left to that run" in host["reason"], host
    assert len(status(by_ssh.project, INVENTORY)["mail"]["installers"]) == 1


ADDED = "    - win_command: 'cmd /c echo x>> C:\\mark.txt'\n"


def test_nothing_that_was_added_while_it_waited_is_carried_out(by_ssh: Office) -> None:
    book = by_ssh.project.folder / "file.yml"
    book.write_text("- hosts: mail\n  tasks:\n    - win_file: {path: 'C:\\folder', state: directory}\n")
    by_ssh.clock.set(NIGHT - timedelta(days=1))
    assert by_ssh.remediate("plan", "file.yml", "-i", INVENTORY, "-o", "p.json").code == 2
    wait = by_ssh.clock.wait

    def meanwhile(stop: Any, seconds: float) -> None:
        book.write_text(book.read_text().split(ADDED)[0] + ADDED)
        wait(stop, seconds)

    by_ssh.clock.wait = meanwhile  # type: ignore[method-assign]
    done = by_ssh.remediate("apply", "p.json", "--wait")
    assert done.code == 3, done
    assert "not what was planned any more: the playbook file file.yml is another one now" in done.err
    assert not marked(by_ssh)


def test_a_plan_that_expires_while_it_waits_is_not_carried_out(by_ssh: Office) -> None:
    by_ssh.clock.set(NIGHT - timedelta(days=1))
    plan = by_ssh.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json", "--valid-for", "2h")
    assert plan.code == 2, plan
    done = by_ssh.remediate("apply", "p.json", "--wait")
    assert (done.code, "the plan was valid until 2026-11-27 23:05 UTC" in done.err) == (3, True), done
    assert status(by_ssh.project, INVENTORY)["mail"]["installers"] == []


def test_a_plan_that_expires_before_the_host_has_its_turn(by_ssh: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    by_ssh.clock.set(NIGHT)
    plan = by_ssh.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json", "--valid-for", "20m")
    assert plan.code == 2, plan
    when_begun(monkeypatch, "package_staged", lambda *_: by_ssh.clock.set(NIGHT + timedelta(minutes=21)))
    code, document = by_ssh.json("apply", "p.json")
    assert code == 4, document
    assert "not begun: the plan was valid until 2026-11-28 21:25 UTC" in document["hosts"][0]["reason"]
    assert status(by_ssh.project, INVENTORY)["mail"]["installers"] == []


# Bindings: added to, never taken away.

LOOSENED = {
    "by the command line": (("-e", "change_window="), ""),
    "to another window": (("-e", "change_window=noon"), ""),
    "by the play": ((), "  vars: {change_window: noon}\n"),
    "by another file": (("--windows", "other.yml"), ""),
}


@pytest.mark.parametrize("way", LOOSENED)
def test_a_binding_of_the_inventory_is_not_lifted(by_ssh: Office, way: str) -> None:
    words, play = LOOSENED[way]
    folder = by_ssh.project.folder
    (folder / "other.yml").write_text(
        "windows:\n  night: {time_zone: UTC, start: 2026-01-03 00:00, rule: FREQ=DAILY, duration: 23h}\n"
    )
    (folder / "loose.yml").write_text(COMMAND.replace("  tasks:", f"{play}  tasks:"))
    by_ssh.clock.set(datetime(2026, 11, 27, 12, 5, tzinfo=UTC))
    done = by_ssh.remediate("run", "loose.yml", "-i", INVENTORY, *words)
    assert done.code == 3, done
    assert "change window night" in done.err
    assert not marked(by_ssh)
    done = by_ssh.remediate("run", "loose.yml", "-i", INVENTORY, *words, "--override-window", "CHG-9")
    assert done.code == 0, done
    assert marked(by_ssh)


def test_a_play_that_only_looks_is_let_in(by_ssh: Office) -> None:
    (by_ssh.project.folder / "look.yml").write_text("- hosts: mail\n  tasks:\n    - win_service_info: {}\n")
    by_ssh.clock.set(CLOSED)
    assert run(by_ssh, "look.yml")[0] == 0


@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_never_fits_is_said(by_ssh: Office, command: str) -> None:
    (by_ssh.project.folder / "inventory/windows.yml").write_text(WINDOWS.replace("duration: 1h", "duration: 5m"))
    more = ("-o", "p.json") if command == "plan" else ("--wait",)
    done = by_ssh.remediate(command, PLAYBOOK, "-i", INVENTORY, *more)
    assert done.code == (2 if command == "plan" else 3), done
    assert "no opening of night is that long: the longest to come is 5 min" in done.err
    assert status(by_ssh.project, INVENTORY)["mail"]["installers"] == []


def test_a_window_that_is_not_there_ends_the_plan(by_ssh: Office) -> None:
    done = by_ssh.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-e", "change_window=nigth")
    assert (done.code, "there is no change window 'nigth'" in done.err) == (1, True), done
    assert not status(by_ssh.project, INVENTORY)["mail"]["logons"]


# Clocks

BEHIND = "the clock of this machine says 2026-11-28 21:05:0"


def test_a_clock_that_was_set_back_opens_no_window(by_ssh: Office) -> None:
    by_ssh.clock.set(NIGHT + timedelta(hours=3))
    assert run(by_ssh, "command.yml", "--override-window", "CHG-9")[0] == 0
    by_ssh.clock.set(NIGHT)
    done = by_ssh.remediate("run", PLAYBOOK, "-i", INVENTORY)
    assert (done.code, BEHIND in done.err) == (3, True), done
    assert status(by_ssh.project, INVENTORY)["mail"]["installers"] == []


def test_a_clock_that_was_set_back_makes_no_plan_valid(by_ssh: Office) -> None:
    assert by_ssh.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json", "--valid-for", "1h").code == 2
    by_ssh.clock.set(NIGHT + timedelta(hours=3))
    assert run(by_ssh, "command.yml", "--override-window", "CHG-9")[0] == 0
    assert "the plan was valid until" in by_ssh.remediate("apply", "p.json").err
    by_ssh.clock.set(NIGHT)
    done = by_ssh.remediate("apply", "p.json", "--override-window", "CHG-9")
    assert (done.code, BEHIND in done.err) == (3, True), done


def test_windows_that_are_never_open_together(by_ssh: Office) -> None:
    done = by_ssh.remediate("run", PLAYBOOK, "-i", INVENTORY, "-e", "change_window=noon")
    assert done.code == 3
    assert "change window night and noon is closed; it does not open again" in done.err
    assert "--override-window REASON goes ahead without" in done.err
    assert "--wait" not in done.err


def left_half(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that laid its package on the host, and was kept from installing it."""
    when_begun(monkeypatch, "hotfix", lambda *_: office.clock.set(CLOSED))
    code, document = run(office)
    assert code == 2, document


def test_what_was_begun_is_finished_though_the_clock_is_behind(by_ssh: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    left_half(by_ssh, monkeypatch)
    by_ssh.clock.set(NIGHT)
    done = by_ssh.remediate("resume", "last")
    assert done.code == 4, done
    assert "what was begun is finished, nothing new is begun" in done.err
    assert "would be new work" in done.out
    assert status(by_ssh.project, INVENTORY)["mail"]["installers"] == []


def test_what_was_begun_is_finished_though_only_plans_may_begin(
    by_ssh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_half(by_ssh, monkeypatch)
    by_ssh.policy = by_ssh.project.folder / "policy"
    by_ssh.policy.mkdir()
    (by_ssh.policy / "policy.toml").write_text("only_plans = true\n")
    assert run(by_ssh)[0:1] == (3,)
    by_ssh.clock.set(NIGHT + timedelta(days=7))
    done = by_ssh.remediate("resume", by_ssh.json("runs", "list")[1][-1]["id"])
    assert done.code == 4, done
    assert "only saved plans change mail" in done.err
    assert "what was begun is finished, nothing new is begun" in done.err
    assert status(by_ssh.project, INVENTORY)["mail"]["installers"] == []


@pytest.mark.parametrize("value", ["{a: 1}", "3", "[night, 3]", "false"])
def test_what_is_no_name_of_a_window(by_ssh: Office, value: str) -> None:
    (by_ssh.project.folder / "bound.yml").write_text(
        COMMAND.replace("  tasks:", f"  vars: {{change_window: {value}}}\n  tasks:")
    )
    done = by_ssh.remediate("plan", "bound.yml", "-i", INVENTORY)
    assert (done.code, "bound.yml:2:" in done.err) == (1, True), done
    assert "change_window is the name of a window, or a list of names" in done.err


def test_an_override_does_not_go_by_a_misspelt_window(by_ssh: Office) -> None:
    words = ("-i", INVENTORY, "-e", "change_window=nigth", "--override-window", "CHG-9")
    done = by_ssh.remediate("run", "command.yml", *words)
    assert (done.code, "there is no change window 'nigth'" in done.err) == (1, True), done
    assert not marked(by_ssh)


def test_what_was_begun_is_finished_though_the_windows_are_gone(
    by_ssh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_half(by_ssh, monkeypatch)
    (by_ssh.project.folder / "inventory/windows.yml").unlink()
    assert by_ssh.remediate("resume", "last").code == 1
    done = by_ssh.remediate("resume", "last", "--override-window", "CHG-9")
    assert done.code == 0, done
    assert "the windows are not looked at: there is no file of change windows" in done.err
    assert len(status(by_ssh.project, INVENTORY)["mail"]["installers"]) == 1
