"""A journal told to a walk again: in its order, nothing made up, nothing done twice that cannot be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remediate.control import results
from remediate.control.resume import Past, Recall, Rehearsal
from remediate.engine.registry import LoadedModule
from remediate.errors import Blocked, Interrupted
from remediate.ledger.rows import StepEnded, StepRow
from remediate.model import Result, Status, Step
from tests.control.test_resume import row
from tests.planfile.values import module, step

STATE = module()
DEED = module(action=True)


def kept(address: str, status: str = "ok", **more: Any) -> StepRow:
    """A row as the journal has it of a step that came to its end."""
    result = Result(address=address, host="ex1", task="t", module="m", status=Status(status), **more)
    return replace(row(address, status), result=results.to_json(result))


class Copies:
    """What is written into the journal of the run that goes on."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, StepEnded]] = []

    def __call__(self, step: Step, ended: StepEnded) -> None:
        self.seen.append((step.address, ended))


def recall(*past: Past, repeat: bool = False) -> tuple[Recall, Copies]:
    copies = Copies()
    return Recall({"ex1": list(past)}, copies, repeat=repeat), copies


def told(control: Recall, address: str, kind: LoadedModule = STATE, **more: Any) -> Result | None:
    return control.recall(step(address, **more), kind)


def test_in_order_and_to_its_end() -> None:
    control, copies = recall(Past(kept("a", message="said")), Past(kept("b", "changed", extra={"rc": 0})))
    assert control.recalling("ex1")
    first, second = told(control, "a"), told(control, "b", DEED)
    assert first is not None
    assert (first.message, first.recalled) == ("said", True)
    assert second is not None
    assert (second.status, second.extra) == (Status.CHANGED, {"rc": 0})
    assert not control.recalling("ex1")
    assert told(control, "c") is None, "the journal is at its end: performed"
    assert [(address, ended.result["recalled"]) for address, ended in copies.seen] == [("a", True), ("b", True)]


def test_a_host_without_a_journal_is_performed() -> None:
    control, copies = recall(Past(kept("a")))
    assert not control.recalling("ex2")
    assert control.recall(step("a", host="ex2"), STATE) is None
    assert copies.seen == []


def test_another_way_than_before_is_refused_and_nothing_more_is_told() -> None:
    control, copies = recall(Past(kept("a")), Past(kept("b")), Past(kept("c")))
    assert told(control, "a") is not None
    with pytest.raises(Blocked, match="goes another way than before: b was done here") as caught:
        told(control, "hole")
    assert "run the playbook anew" in caught.value.remedy
    assert not control.recalling("ex1")
    assert [address for address, _ in copies.seen] == ["a"]


def test_what_is_to_be_done_again_is_performed_and_waited_for() -> None:
    control, copies = recall(Past(kept("l[1]")), Past(kept("l[2]", "failed"), again=True), Past(kept("l[3]")))
    assert told(control, "l[1]") is not None
    assert not control.recalling("ex1")
    assert told(control, "l[2]") is None
    assert control.recalling("ex1")
    assert told(control, "l[3]") is not None
    assert [address for address, _ in copies.seen] == ["l[1]", "l[3]"]


def test_a_state_whose_end_nobody_knows_is_looked_at_again() -> None:
    control, copies = recall(Past(row("a", "")))
    assert told(control, "a", STATE) is None
    assert copies.seen == []


def test_a_deed_whose_end_nobody_knows_is_not_repeated_unless_told() -> None:
    control, _ = recall(Past(row("a", "")))
    with pytest.raises(Blocked, match="its end is not known: it may have been done") as caught:
        told(control, "a", DEED)
    assert "--repeat-unfinished" in caught.value.remedy
    willing, copies = recall(Past(row("a", "")), repeat=True)
    assert told(willing, "a", DEED) is None
    assert copies.seen == []


def hidden(address: str, status: str = "changed") -> StepRow:
    kept_of_it = kept(address, status).result
    return replace(row(address, status, redacted=True), result=kept_of_it)


def test_a_hidden_state_is_looked_at_again() -> None:
    control, copies = recall(Past(hidden("a")))
    assert told(control, "a", STATE) is None
    assert copies.seen == []


def test_a_hidden_deed_counts_as_done() -> None:
    control, copies = recall(Past(hidden("a")))
    found = told(control, "a", DEED)
    assert found is not None
    assert (found.status, found.recalled) == (Status.CHANGED, True)
    assert [(address, ended.redacted) for address, ended in copies.seen] == [("a", True)]


def test_a_hidden_deed_whose_words_are_needed_is_refused() -> None:
    control, copies = recall(Past(hidden("a")))
    with pytest.raises(Blocked, match="what it gave back is a secret and was not kept"):
        told(control, "a", DEED, used=True)
    assert copies.seen == []


@pytest.mark.parametrize("spoiled", [{}, {"status": "whatever"}, {"changes": 3}, {"seconds": "soon"}])
def test_a_note_that_cannot_be_read_is_refused_in_words(spoiled: dict[str, Any]) -> None:
    result = {**kept("a").result, **spoiled} if spoiled else {}
    control, _ = recall(Past(replace(row("a"), result=result)))
    with pytest.raises(Blocked, match="the ledger's note of a cannot be read"):
        told(control, "a")


def test_a_rehearsal_ends_where_the_journal_does() -> None:
    rehearsal = Rehearsal({"ex1": [kept("a"), row("b", "")]})
    assert rehearsal.recalling("ex1")
    assert not rehearsal.recalling("ex2")
    found = rehearsal.recall(step("a"), STATE)
    assert found is not None
    assert found.status is Status.OK
    with pytest.raises(Interrupted):
        rehearsal.recall(step("b"), STATE)
    with pytest.raises(Interrupted):
        rehearsal.recall(step("a", host="ex2"), STATE)


def test_a_rehearsal_does_not_leave_the_way() -> None:
    rehearsal = Rehearsal({"ex1": [kept("a"), kept("b")]})
    with pytest.raises(Interrupted):
        rehearsal.recall(step("b"), STATE)
