"""A host counts as begun once something has left for it, however often was asked whether it may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.change.several import Several
from remediate.change.validity import Validity
from remediate.engine.control import Intent
from remediate.engine.registry import Registry
from remediate.errors import Blocked
from remediate.model import Change, Mode, Result, Status, Step

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
MODULE = Registry([Path(__file__).parents[2] / "modules"]).load("win_command")
STEP = Step(address="a@ex1", host="ex1", task="t", module="win_command", params={}, endpoint=None,
            mode=Mode.APPLY)  # fmt: skip
INTENT = Intent(step=STEP, module=MODULE, before={}, changes=(Change(target="x", before="1", after="2"),))


class Plan:
    """A plan that is valid until one, and the controls of its run."""

    def __init__(self) -> None:
        self.now = NOON
        self.begun: set[str] = set()
        self.control = Several([Validity(NOON + timedelta(hours=1), lambda: self.now, self.begun)], self.begun)
        self.control.permit(INTENT)

    def prove(self) -> None:
        self.control.prove(INTENT, deed=True)


def test_each_answer_of_a_log_in_may_be_the_last_one_in_time() -> None:
    plan = Plan()
    plan.prove()
    plan.prove()
    plan.now += timedelta(hours=2)
    with pytest.raises(Blocked, match="valid until"):
        plan.prove()
    assert plan.begun == set()


def test_what_has_left_is_finished() -> None:
    plan = Plan()
    plan.prove()
    plan.control.left(INTENT)
    plan.now += timedelta(hours=2)
    plan.prove()
    assert plan.begun == {"ex1"}


@pytest.mark.parametrize("left", [False, True])
def test_a_host_is_not_begun_where_the_step_ended_before_anything_left(*, left: bool) -> None:
    plan = Plan()
    if left:
        plan.control.left(INTENT)
    gone = Result(address="a@ex1", host="ex1", task="t", module="win_command", status=Status.UNREACHABLE)
    plan.control.record(STEP, gone)
    assert plan.begun == ({"ex1"} if left else set())
