"""Several controls as one, with hosts on which a first change was refused late, half-way, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from remediate.change.several import Several
from remediate.engine.control import Control, Earlier, Intent
from remediate.errors import Blocked, Deferred
from tests.planfile.values import change, module, step

INTENT = Intent(step=step(), module=module(), before={}, changes=(change(target="a", before="1", after="2"),))
HOST = INTENT.step.on


class Gate(Control):
    """Refuses what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.shut: Exception | None = None
        self.asked: list[str] = []
        self.looks = True

    def permit(self, intent: Intent) -> None:
        self._ask("permit")

    def prove(self, intent: Intent, *, deed: bool) -> None:
        self._ask("prove")

    def last_look(self, host: str) -> bool:
        return self.looks

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.shut:
            raise self.shut


def two() -> tuple[Gate, Gate, set[str], Several]:
    one, other, begun = Gate(), Gate(), set[str]()
    return one, other, begun, Several([one, other], begun)


def test_each_is_asked_at_every_step() -> None:
    one, other, begun, several = two()
    for _ in range(3):
        several.permit(INTENT)
        several.prove(INTENT, deed=True)
    assert one.asked == other.asked == ["permit", "prove"] * 3
    assert begun == {HOST}


@pytest.mark.parametrize("gate", [0, 1])
@pytest.mark.parametrize("begun_before", [False, True])
def test_any_of_them_refuses_any_step(gate: int, *, begun_before: bool) -> None:
    *gates, begun, several = two()
    if begun_before:
        several.permit(INTENT)
        several.prove(INTENT, deed=True)
        several.left(INTENT)
    gates[gate].shut = Deferred("later")
    with pytest.raises(Deferred):
        several.permit(INTENT)
    assert (HOST in begun) is begun_before


def test_what_is_only_looked_at_is_not_begun() -> None:
    *_, begun, several = two()
    several.permit(replace(INTENT, changes=()))
    assert begun == set()


@pytest.mark.parametrize("refusal", [Deferred("later"), Blocked("no", "")])
def test_a_first_change_that_is_refused_before_it_leaves_was_not_begun(refusal: Exception) -> None:
    one, _, begun, several = two()
    several.permit(INTENT)
    one.shut = refusal
    with pytest.raises(type(refusal)):
        several.prove(INTENT, deed=True)
    assert begun == set()


def test_one_that_is_refused_half_way_was_begun() -> None:
    one, _, begun, several = two()
    several.permit(INTENT)
    several.prove(INTENT, deed=True)
    several.left(INTENT)
    one.shut = Deferred("later")
    with pytest.raises(Deferred):
        several.prove(INTENT, deed=True)
    assert begun == {HOST}


def test_a_second_change_that_is_refused_does_not_undo_the_first() -> None:
    one, _, begun, several = two()
    several.permit(INTENT)
    several.prove(INTENT, deed=True)
    several.left(INTENT)
    several.permit(INTENT)
    one.shut = Blocked("no", "")
    with pytest.raises(Blocked):
        several.prove(INTENT, deed=True)
    assert begun == {HOST}


def test_all_must_agree_to_a_last_look() -> None:
    one, _, _, several = two()
    assert several.last_look(HOST)
    one.looks = False
    assert not several.last_look(HOST)


class Before(Control):
    def __init__(self, earlier: Earlier) -> None:
        self._earlier = earlier

    def earlier(self, host: str) -> Earlier:
        return self._earlier


def test_the_first_that_knows_what_was_before_tells_it() -> None:
    known = Earlier(begun=True, before={"before": "6.5.7226.0"})
    assert Several([Before(Earlier()), Before(known), Before(Earlier(changed=True))], set()).earlier(HOST) == known
    assert Several([Before(Earlier())], set()).earlier(HOST) == Earlier()
