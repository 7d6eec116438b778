"""A step for ex1 on dc1: whatever watches over a run asks for the host that is touched."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.change.admission import Admission, Unforeseen
from remediate.change.durations import Durations
from remediate.change.held import Held
from remediate.change.journal import Journal
from remediate.change.several import Several
from remediate.change.validity import Validity
from remediate.change_windows import Joint, load
from remediate.engine.control import Control, Intent
from remediate.errors import Blocked, Deferred, LockLost
from remediate.ledger.rows import NewRun
from remediate.ledger.store import open_ledger
from remediate.model import Result, Status
from tests.planfile.values import change, module, step

AT = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
WINDOW = "windows:\n  night: {time_zone: UTC, start: 2026-11-28 21:00, duration: 30m}\n"
CHANGE = change(target="C:\\x", before="a", after="b")
THERE = Intent(step=step("play/task@ex1->dc1", on="dc1"), module=module(), before={}, changes=(CHANGE,))


def closed(folder: Path) -> Admission:
    """A window that has closed, for whoever is bound to it."""
    (folder / "windows.yml").write_text(WINDOW, encoding="utf-8")
    return Admission(Joint([load(folder / "windows.yml")]), lambda: AT, {}, Durations(), set())


def test_its_window_is_asked_for(tmp_path: Path) -> None:
    control = closed(tmp_path)
    control.enter("ex1", "")
    control.enter("dc1", "night")
    with pytest.raises(Deferred, match="night is closed"):
        control.permit(THERE)


@pytest.mark.parametrize("made", [closed, lambda _: Unforeseen()], ids=["windows", "no windows"])
def test_without_knowing_its_window_nothing_is_changed_on_it(tmp_path: Path, made: Callable[[Path], Control]) -> None:
    control = made(tmp_path)
    control.enter("ex1", "")
    with pytest.raises(Blocked, match="dc1 would be changed for ex1, and its change windows are not known"):
        control.permit(THERE)


def test_its_lock_is_proved() -> None:
    asked: list[str] = []
    Held(asked.append, lambda: 100.0).prove(THERE, deed=True)
    assert asked == ["dc1"]


def test_it_is_begun_and_the_other_one_is_not() -> None:
    begun: set[str] = set()
    Several([], begun).permit(THERE)
    assert begun == {"dc1"}


def test_the_plan_has_to_be_valid_for_what_is_begun_on_it() -> None:
    control = Validity(AT - timedelta(minutes=1), lambda: AT, {"ex1"})
    with pytest.raises(Blocked, match="the plan was valid until"):
        control.permit(THERE)


def test_somebody_else_holds_it(tmp_path: Path) -> None:
    with open_ledger(str(tmp_path / "ledger.sqlite3"), now=lambda: AT) as ledger:
        plain = {"kind": "run", "playbook": "site.yml", "who": "ann", "controller": "ctl1", "pid": 1}
        other = ledger.begin_run(NewRun(**plain, hosts=("dc1",)))  # type: ignore[arg-type]
        ledger.lock(other, "dc1", why="")
        own = ledger.begin_run(NewRun(**plain, hosts=("ex1",)))  # type: ignore[arg-type]
        ledger.lock(own, "ex1", why="")
        journal = Journal(ledger, own, lambda value: value, threading.Event(), lambda _: None)
        with pytest.raises(Blocked, match="dc1"):
            journal.permit(THERE)
        assert ledger.journal(own) == {}
        ledger.unlock("dc1", who="ann", reason="over")
        with pytest.raises(LockLost):
            ledger.prove_lock(other, "dc1")
        journal.permit(THERE)
        done = Result(address=THERE.step.address, host="ex1", task="t", module="thing", status=Status.CHANGED)
        journal.record(THERE.step, done)
        assert [(row.host, row.address) for row in ledger.journal(own)["ex1"]] == [("ex1", "play/task@ex1->dc1")]
