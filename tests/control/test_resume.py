"""What is told to a walk again, and what is done anew."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.control import results
from remediate.control.resume import begun, to_repeat, whole
from remediate.ledger.rows import StepRow
from remediate.model import Certainty, Change, Effect, HostSummary, Mode, Outcome, Result, RunSummary, Status

AT = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)


def row(address: str, status: str = "ok", *, redacted: bool = False, **result: Any) -> StepRow:
    names = {"run": "r", "host": "ex1", "task": "t", "module": "m", "key": "", "begun_at": AT, "ended_at": AT}
    given: dict[str, Any] = {**names, "number": 1, "seconds": 1.0, "status": status, "redacted": redacted}
    return StepRow(address=address, result=result, **given)


def ended(address: str) -> RunSummary:
    return RunSummary(
        mode=Mode.APPLY, hosts=(HostSummary(host="ex1", outcome=Outcome.FAILED, address=address),), seconds=1
    )


def shown(rows: list[StepRow], address: str) -> list[str]:
    return [
        ("again " if past.again else "") + past.row.address for past in to_repeat({"ex1": rows}, ended(address))["ex1"]
    ]


@pytest.mark.parametrize(
    ("addresses", "end", "told"),
    [
        (["a", "b", "c"], "", ["a", "b", "c"]),
        (["a", "b", "c"], "b", ["a", "again b"]),
        (["a", "b", "always"], "b", ["a", "again b"]),
        (["a", "b"], "nobody performed this", ["a", "b"]),
        (["a", "b", "b"], "b", ["a", "b", "again b"]),  # tried twice: the last one ended it
        (["a", "l[1]@x", "l[2]@x", "l[3]@x", "after"], "l[2]@x", ["a", "l[1]@x", "again l[2]@x", "l[3]@x"]),
    ],
)
def test_from_the_step_that_ended_a_host_on(addresses: list[str], end: str, told: list[str]) -> None:
    assert shown([row(address) for address in addresses], end) == told


def test_further_items_that_failed_are_done_again_too() -> None:
    rows = [row("l[1]@x", "failed"), row("l[2]@x"), row("l[3]@x", "failed")]
    assert shown(rows, "l[1]@x") == ["again l[1]@x", "l[2]@x", "again l[3]@x"]


def test_the_journal_of_a_run_that_was_resumed_before() -> None:
    older = [row("a"), row("b"), row("c", "failed")]
    copies = [row("a", recalled=True)]
    own = [row("a", recalled=True), row("b", recalled=True), row("c")]
    assert whole(copies, older) == older
    assert whole(own, older) == own
    assert whole((), older) == older


def test_whether_a_host_was_touched() -> None:
    assert not begun([row("a"), row("b", "failed", changes=[]), row("c", "blocked", changes=[{}])])
    assert not begun([row("a", "deferred", changes=[{}])])
    assert begun([row("b", "failed", changes=[{}])]), "an installer that failed may have stopped services"
    assert begun([row("a", "changed", changes=[{}])])
    assert begun([row("a", "")])


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
