"""What of an interrupted run counts as done, and what is done again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.change import results
from remediate.change.recall import Marked, joined, past
from remediate.engine.control import Mark
from remediate.ledger.rows import StepRow
from remediate.model import Certainty, Change, Effect, Result, Status

AT = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)


def row(address: str, status: str = "ok", *, number: int = 1, key: str = "", place: str = "", **more: Any) -> StepRow:
    names: dict[str, Any] = {"run": "r", "host": "ex1", "task": "t", "module": "m", "key": key, "place": place}
    times: dict[str, Any] = {"begun_at": AT, "ended_at": AT, "seconds": 1.0}
    return StepRow(address=address, status=status, number=number, redacted=False, result=more, **names, **times)


def deeds(words: str) -> str:
    """``a changed, b failed, left, c changed``: steps and marks of a walk; the deeds among them, by name."""
    rows: list[StepRow] = []
    marks: list[Marked] = []
    for word in words.split(", "):
        name, _, status = word.partition(" ")
        if status:
            done = "" if status == "begun" else status
            rows.append(row(name, done, number=len(rows) + 1, key="" if status == "ok" else "m|t"))
        else:
            marks.append(Marked(number=len(rows), what=Mark(name)))
    return " ".join(deed.address for deed in past(rows, marks).deeds)


@pytest.mark.parametrize(
    ("walk", "done"),
    [
        ("look ok, a changed, b changed", "a b"),
        ("a changed, b begun", "a b"),
        ("a changed, b failed, left", "a"),
        ("a changed, b failed, left, always changed", "a"),
        ("a changed, b failed, left, always failed, left", "a"),  # both are tried again, from the first on
        ("a changed, b failed, left, undo changed, rescued, c changed", "a b undo c"),
        ("a changed, b failed, left, undo failed, left", "a"),
        ("a failed, ignored, b changed", "a b"),
        ("a changed, look failed, left, always changed", "a"),
        ("one changed, two failed, three changed, four failed, left", "one three"),  # of one loop
        ("a unreachable, left", "a"),  # whether it was done nobody knows
        ("b failed, left, undo changed, rescued, c failed, left, last changed", "b undo"),
    ],
)
def test_what_counts_as_done(walk: str, done: str) -> None:
    assert deeds(walk) == done


def test_what_was_recalled_belongs_to_the_run_that_did_it() -> None:
    newer = past([row("a", "changed", key="k", recalled=True), row("b", "changed", key="k")], ())
    older = past([row("a", "changed", key="k")], ())
    assert [deed.address for deed in joined(older, newer).deeds] == ["a", "b"]


@pytest.mark.parametrize(
    ("begun", "rows"),
    [
        (False, [row("a"), row("b", "failed", changes=[]), row("c", "blocked", changes=[{}])]),
        (False, [row("a", "deferred", changes=[{}])]),
        (True, [row("b", "failed", changes=[{}])]),  # an installer that failed may have stopped services
        (True, [row("a", "changed", changes=[{}])]),
        (True, [row("a", "")]),
    ],
)
def test_whether_a_host_was_touched(begun: bool, rows: list[StepRow]) -> None:
    assert past(rows, ()).begun is begun


TEXT = st.text(max_size=5)
JSON = st.none() | st.booleans() | st.integers(-9, 9) | TEXT | st.lists(TEXT, max_size=2)
STATES = st.dictionaries(TEXT, JSON, max_size=3)
CHANGES = st.builds(
    Change, target=TEXT, before=JSON, after=JSON, effect=st.sampled_from(Effect), seconds=st.floats(0, 10),
    reversible=st.booleans(), certainty=st.sampled_from(Certainty), why=TEXT,
)  # fmt: skip
RESULTS = st.builds(
    Result, address=st.just("a"), host=st.just("h"), task=st.just("t"), module=st.just("m"),
    status=st.sampled_from(Status), message=TEXT, remedy=TEXT, changes=st.lists(CHANGES, max_size=2).map(tuple),
    before=STATES, after=STATES, extra=STATES, columns=st.dictionaries(TEXT, TEXT, max_size=2),
    notes=st.lists(TEXT, max_size=2).map(tuple), seconds=st.floats(0, 10), recalled=st.booleans(),
)  # fmt: skip


@given(result=RESULTS)
def test_a_result_comes_back_as_it_was(result: Result) -> None:
    assert results.from_json(results.to_json(result), address="a", host="h", task="t", module="m") == result


@pytest.mark.parametrize("status", ["deferred", "blocked", "unreachable"])
def test_what_was_refused_before_anything_left_is_not_begun(status: str) -> None:
    refused = row("a", status, key="win_command|x", fates=["not begun"], changes=[{"target": "x"}])
    assert not past([refused], []).begun
    assert past([refused], []).deeds == ()
    tried = row("a", status, key="win_command|x", fates=["tried"], changes=[{"target": "x"}])
    assert past([tried], []).begun


def test_a_deed_that_was_put_off_half_way_is_done_again() -> None:
    half = row("a", "deferred", key="m|x", fates=["done", "not begun"], changes=[{"target": "x"}, {"target": "y"}])
    found = past([half], [])
    assert found.begun
    assert found.deeds == ()
