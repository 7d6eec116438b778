"""Deeds told to a walk again: nothing made up, no deed done twice, everything that can be looked at looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remediate.change import results
from remediate.change.recall import Past, Recall, past
from remediate.engine.control import Earlier
from remediate.errors import Blocked
from remediate.ledger.rows import StepEnded, StepRow
from remediate.model import Result, Status, Step
from tests.change.test_resume import row
from tests.planfile.values import change, module, step

STATE = module()
DEED = module(action=True)


def kept(place: str, status: str = "changed", **more: Any) -> StepRow:
    """A row as the journal has it of a step that came to its end."""
    result = Result(address=place, host="ex1", task="t", module="m", status=Status(status), **more)
    return replace(row(place, status, key="m|t", place=place), result=results.to_json(result))


def hidden(place: str, **more: Any) -> StepRow:
    return replace(kept(place, **more), redacted=True)


class Copies:
    """What is written into the journal of the run that goes on."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, StepEnded]] = []

    def __call__(self, step: Step, ended: StepEnded) -> None:
        self.seen.append((step.place, ended))


def recall(*rows: StepRow, repeat: bool = False) -> tuple[Recall, Copies]:
    copies = Copies()
    return Recall({"ex1": Past(rows, rows)}, copies, str, repeat=repeat), copies


def at(place: str, **more: Any) -> Step:
    return step(f"{place} as this walk calls it", place=place, **more)


def test_a_deed_is_recalled_wherever_the_walk_comes_to_it() -> None:
    control, copies = recall(kept("a", message="said"), kept("b", extra={"rc": 0}))
    second, first = control.recall(at("b"), DEED), control.recall(at("a"), DEED)
    assert first is not None
    assert (first.address, first.message, first.recalled) == ("a as this walk calls it", "said", True)
    assert second is not None
    assert (second.status, second.extra) == (Status.CHANGED, {"rc": 0})
    assert [(place, ended.result["recalled"]) for place, ended in copies.seen] == [("b", True), ("a", True)]
    assert control.recall(at("a"), DEED) is None, "done once before, so the second time it is performed"


def test_what_was_not_done_is_performed() -> None:
    control, copies = recall(kept("a"))
    assert control.recall(at("b"), DEED) is None
    assert control.recall(at("a", host="ex2"), DEED) is None
    assert copies.seen == []


def test_what_can_be_looked_at_is_looked_at_whatever_the_journal_says() -> None:
    control, copies = recall(kept("a"))
    assert control.recall(at("a"), STATE) is None
    assert copies.seen == []


def seen(place: str, **more: Any) -> Result:
    return Result(address=place, host="ex1", task="t", module="m", status=Status.OK, **more)


def test_a_look_that_finds_nothing_left_tells_the_deed_that_did_it() -> None:
    control, _ = recall(kept("a", changes=(change(target="x"),), extra={"rc": 0}, after={"now": "then"}))
    found = control.nothing_left(at("a"), seen("a", before={"now": "today"}, after={"now": "today"}))
    assert (found.status, found.recalled, found.changes[0].target) == (Status.CHANGED, True, "x")
    assert (found.extra, found.after) == ({"rc": 0}, {"now": "today"}), "what is there is what was seen today"
    again = control.nothing_left(at("a"), seen("a"))
    assert again.status is Status.OK, "it was told once"


def test_a_hidden_deed_that_nothing_is_left_of_is_told_without_words() -> None:
    control, _ = recall(hidden("a", message="of then", changes=(change(target="x"),)))
    found = control.nothing_left(at("a"), seen("a"))
    assert (found.status, found.recalled) == (Status.CHANGED, True)
    assert (found.changes, found.message) == ((), "")


@pytest.mark.parametrize("status", ["", "failed", "unreachable"])
def test_nothing_left_of_what_did_not_come_to_a_good_end_was_not_done_by_it(status: str) -> None:
    """Somebody may have put it right by hand: nobody knows that the deed did it."""
    control, _ = recall(row("a", status, key="m|t", place="a", changes=[{}]))
    found = control.nothing_left(at("a"), seen("a"))
    assert (found.status, found.recalled) == (Status.OK, False)


def test_tries_of_a_task_are_recalled_without_waiting_between_them() -> None:
    control, _ = recall(kept("a", "failed"), kept("a", "failed"), kept("a"))
    assert not control.recalling("ex1")
    for waits in (True, True, False):
        assert control.recall(at("a"), DEED) is not None
        assert control.recalling("ex1") is waits


@pytest.mark.parametrize("status", ["", "unreachable"])
def test_a_deed_whose_end_nobody_knows_is_not_repeated_unless_told(status: str) -> None:
    unknown = row("a", status, key="m|t", place="a", changes=[{}])
    control, _ = recall(unknown)
    with pytest.raises(Blocked, match="its end is not known: it may have been done") as caught:
        control.recall(at("a"), DEED)
    assert "--repeat-unfinished" in caught.value.remedy
    willing, copies = recall(unknown, repeat=True)
    assert willing.recall(at("a"), DEED) is None
    assert copies.seen == []


def test_a_hidden_deed_counts_as_done() -> None:
    control, copies = recall(hidden("a"))
    found = control.recall(at("a"), DEED)
    assert found is not None
    assert (found.status, found.recalled) == (Status.CHANGED, True)
    assert [(place, ended.redacted) for place, ended in copies.seen] == [("a", True)]


def test_a_hidden_deed_whose_words_are_needed_is_refused() -> None:
    control, copies = recall(hidden("a"))
    with pytest.raises(Blocked, match="what it gave back is a secret and was not kept"):
        control.recall(at("a", used=True), DEED)
    assert copies.seen == []


@pytest.mark.parametrize("spoiled", [{}, {"status": "whatever"}, {"changes": 3}, {"seconds": "soon"}])
def test_a_note_that_cannot_be_read_is_refused_in_words(spoiled: dict[str, Any]) -> None:
    result = {**kept("a").result, **spoiled} if spoiled else {}
    control, _ = recall(replace(kept("a"), result=result))
    with pytest.raises(Blocked, match="the ledger's note of a cannot be read"):
        control.recall(at("a"), DEED)


def test_steps_of_a_ledger_without_places_are_found_by_their_address() -> None:
    control, _ = recall(replace(kept("play/a@ex1"), place=""))
    found = control.recall(step("play/a@ex1", place="site.yml:3:3"), DEED)
    assert found is not None


def test_what_was_done_earlier() -> None:
    rows = [kept("look", "ok", columns={"build": "6.5.7226.0"}), kept("a", columns={"build": "6.5.7232.35"})]
    control = Recall({"ex1": Past(tuple(rows), tuple(rows[1:]))}, Copies(), str)
    assert control.earlier("ex1") == Earlier(begun=True, changed=True, before={"before": "6.5.7226.0"})
    assert control.earlier("ex2") == Earlier()
    untouched = Recall({"ex1": past([row("look")], ())}, Copies(), str)
    assert untouched.earlier("ex1") == Earlier()
