"""What is written down of a step before and after it, and what is never written down."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from remediate.change.journal import HIDDEN, JUDGED, Journal
from remediate.change.recall import touched
from remediate.engine.control import Intent
from remediate.errors import Blocked, LedgerLost
from remediate.ledger.rows import NewRun, StepRow
from remediate.ledger.store import Ledger, open_ledger
from remediate.model import Fate, Result, Status, Step
from remediate.reports.redact import Redactor
from tests.planfile.values import change, module, step

AT = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
SECRET = "hush-hush"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(str(tmp_path / "ledger.sqlite3"), now=lambda: AT) as found:
        yield found


def begin(ledger: Ledger) -> str:
    new = NewRun(kind="run", playbook="site.yml", who="ann", controller="ctl1", pid=1, hosts=("ex1",))
    run = ledger.begin_run(new)
    ledger.lock(run, "ex1", why="")
    return run


def performed(ledger: Ledger, one: Step, *changes: Any, **ended: Any) -> StepRow:
    """One step through the journal; its row."""
    run = begin(ledger)
    journal = Journal(ledger, run, Redactor([SECRET]).value, threading.Event(), lambda _: None)
    journal.permit(Intent(step=one, module=module(), before={}, changes=changes))
    result = Result(address=one.address, host=one.host, task=one.task, module=one.module, changes=changes, **ended)
    journal.record(one, result)
    journal.judged(result)
    (found,) = ledger.journal(run)["ex1"]
    return found


CHANGE = change(target="C:\\x", before="a", after="b")


def test_a_change_is_written_down(ledger: Ledger) -> None:
    found = performed(ledger, step(), CHANGE, status=Status.CHANGED, message="done", extra={"rc": 0})
    assert (found.status, found.redacted, found.key) == ("changed", False, "thing|C:\\x")
    assert found.result["extra"] == {"rc": 0}
    assert touched(found)


def test_a_known_secret_is_masked_and_that_is_said(ledger: Ledger, tmp_path: Path) -> None:
    found = performed(ledger, step(), change(target="k", after=SECRET), status=Status.CHANGED, message=f"to {SECRET}")
    assert found.redacted
    assert found.result["message"] == "to ****"
    assert_nowhere(tmp_path)


def assert_nowhere(folder: Path) -> None:
    for file in folder.glob("ledger.sqlite3*"):
        assert SECRET.encode() not in file.read_bytes(), file.name


def test_no_log_keeps_that_it_changed_the_host_and_nothing_else(ledger: Ledger, tmp_path: Path) -> None:
    """``SECRET`` is no known secret here: only no_log keeps it out."""
    run = begin(ledger)
    journal = Journal(ledger, run, lambda value: value, threading.Event(), lambda _: None)
    quiet = step(no_log=True)
    changes = (change(target=SECRET, before=SECRET, after=SECRET, effect="reboot", why=SECRET, seconds=60.0),)
    journal.permit(Intent(step=quiet, module=module(), before={}, changes=changes))
    words: dict[str, Any] = {"before": {"a": SECRET}, "after": {"package": SECRET, "sha256": SECRET}}
    journal.record(quiet, Result(
        address=quiet.address, host="ex1", task="a task", module="thing", status=Status.CHANGED, message=SECRET,
        remedy=SECRET, changes=changes, extra={"stdout": SECRET}, columns={"route": SECRET}, notes=(SECRET,), **words,
    ))  # fmt: skip
    (found,) = ledger.journal(run)["ex1"]
    assert found.redacted
    assert touched(found), "a resume has to know that the host was touched"
    kept: Any = found.result["changes"]
    assert [(one["target"], one["effect"], one["seconds"]) for one in kept] == [(HIDDEN, "reboot", 60.0)]
    assert not ledger.packages(run)
    assert_nowhere(tmp_path)


def test_a_step_without_changes_is_written_when_it_has_ended(ledger: Ledger) -> None:
    found = performed(ledger, step(), status=Status.OK)
    assert (found.status, found.key) == ("ok", "")
    assert not touched(found)


def test_what_began_and_never_ended_stands_there_so(ledger: Ledger) -> None:
    run = begin(ledger)
    journal = Journal(ledger, run, lambda value: value, threading.Event(), lambda _: None)
    journal.permit(Intent(step=step(), module=module(), before={}, changes=(CHANGE,)))
    (found,) = ledger.journal(run)["ex1"]
    assert (found.status, found.ended_at) == ("", None)
    assert touched(found)


class Lost:
    """A ledger that cannot be written any more."""

    def step_begun(self, *_: Any) -> int:
        raise LedgerLost("the ledger is gone", hint="see the disk")

    step_done = step_ended = step_begun


def test_without_a_ledger_nothing_begins_and_the_run_stops() -> None:
    stop, said = threading.Event(), list[str]()
    ledger: Any = Lost()
    journal = Journal(ledger, "r", lambda value: value, stop, said.append)
    journal.permit(Intent(step=step(), module=module(), before={}, changes=()))
    assert not stop.is_set()
    with pytest.raises(Blocked, match="not begun: the ledger is gone"):
        journal.permit(Intent(step=step(), module=module(), before={}, changes=(CHANGE,)))
    assert stop.is_set()
    done = Result(address="play/task@ex1", host="ex1", task="a task", module="thing", status=Status.CHANGED)
    journal.record(step(), done)
    journal.judged(done)
    assert said == ["ex1: a task has ended (changed), but the ledger is gone"]


def test_a_host_that_another_run_took_over_is_left_alone(ledger: Ledger) -> None:
    run = begin(ledger)
    ledger.unlock("ex1", who="ben", reason="x")
    stop, said = threading.Event(), list[str]()
    journal = Journal(ledger, run, lambda value: value, stop, said.append)
    with pytest.raises(Blocked):
        journal.permit(Intent(step=step(), module=module(), before={}, changes=(CHANGE,)))
    assert not stop.is_set(), "the other hosts go on"
    looked = Result(address=step().address, host="ex1", task="t", module="m", status=Status.OK)
    journal.record(step(), looked)
    journal.judged(looked)
    journal.settle()
    assert ["what was done is not written down here" in text for text in said] == [True]


def judged(ledger: Ledger, one: Step, *results: Result, last: Result) -> tuple[StepRow, ...]:
    """Performed as often as there are results, then judged; what the ledger has of it."""
    run = begin(ledger)
    journal = Journal(ledger, run, Redactor([SECRET]).value, threading.Event(), lambda _: None)
    for result in results:
        if result.fates:
            journal.permit(Intent(step=one, module=module(), before={}, changes=result.changes))
        journal.record(one, result)
    journal.judged(last)
    return ledger.journal(run).get("ex1", ())


def ended(status: Status, *changes: Any, **more: Any) -> Result:
    return Result(address=step().address, host="ex1", task="a task", module="thing", status=status, changes=changes,
                  **more)  # fmt: skip


def test_a_look_is_kept_as_it_was_judged_and_once(ledger: Ledger) -> None:
    failed = ended(Status.FAILED, CHANGE, message="failed_when: true", ignored=True)
    (found,) = judged(ledger, step(), ended(Status.PENDING, CHANGE), last=failed)
    assert (found.status, found.result["ignored"], found.result["message"]) == ("failed", True, "failed_when: true")
    assert not touched(found), "a difference that was only seen is no deed, whatever its task is judged as"


def test_every_try_of_a_task_is_kept_and_the_last_one_as_the_task_was_judged(ledger: Ledger) -> None:
    tries = [ended(Status.OK, message=str(number)) for number in range(3)]
    rows = judged(ledger, step(), *tries, last=ended(Status.FAILED, message="still not so after 3 tries"))
    assert [row.status for row in rows] == ["ok", "ok", "failed"]


def test_a_deed_is_durable_before_it_is_judged(ledger: Ledger) -> None:
    deed = ended(Status.CHANGED, CHANGE, fates=(Fate.DONE,), touched=True)
    run = begin(ledger)
    journal = Journal(ledger, run, lambda value: value, threading.Event(), lambda _: None)
    journal.permit(Intent(step=step(), module=module(), before={}, changes=deed.changes))
    journal.record(step(), deed)
    assert [row.status for row in ledger.journal(run)["ex1"]] == ["changed"]
    journal.judged(replace(deed, status=Status.FAILED, message="failed_when: true"))
    (row,) = ledger.journal(run)["ex1"]
    assert (row.status, touched(row)) == ("changed", True)
    assert [event.data["status"] for event in ledger.events(run) if event.kind == JUDGED] == ["failed"]


def test_what_the_controller_does_itself_is_kept_and_what_is_skipped_is_not(ledger: Ledger, tmp_path: Path) -> None:
    said = replace(ended(Status.OK), module="debug", message=f"it is {SECRET}", extra={"x": SECRET})
    (row,) = judged(ledger, step(), last=said)
    assert (row.module, row.status, row.result["message"], touched(row)) == ("debug", "ok", "it is ****", False)
    assert_nowhere(tmp_path)
    assert judged(ledger, step(), last=ended(Status.SKIPPED)) == ()


@pytest.mark.parametrize(("status", "kept"), [(Status.CHANGED, ["p.exe"]), (Status.OK, ["p.exe"]), (Status.FAILED, []),
                                             (Status.DEFERRED, []), (Status.PENDING, [])])  # fmt: skip
def test_a_package_is_noted_where_a_step_ended_well(ledger: Ledger, status: Status, kept: list[str]) -> None:
    run = begin(ledger)
    journal = Journal(ledger, run, lambda value: value, threading.Event(), lambda _: None)
    state: Any = {"package": "p.exe", "sha256": "ab" * 32, "size": 7}
    one = step()
    result = Result(address=one.address, host="ex1", task="t", module="m", status=status, after=state)
    journal.record(one, result)
    journal.judged(result)
    assert [package.name for package in ledger.packages(run)] == kept
