"""What a plan permits and what it refuses, in the sentences an administrator gets to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from remediate.engine.control import Intent, Mark
from remediate.errors import Blocked
from remediate.model import Change
from remediate.planfile.expect import Expectations
from remediate.planfile.model import PlannedHost, PlannedStep
from remediate.reports.redact import Redactor
from tests.planfile.values import CHANGES, STATES, change, module, planned_step, step

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "expect.yml").read_text(encoding="utf-8"))
BEFORE = "play/before@ex1"


def expectations(*steps: PlannedStep, begun: Sequence[str] = (), mask: Sequence[str] = ()) -> Expectations:
    host = PlannedHost(host="ex1", outcome="pending", steps=steps)
    return Expectations([host], Redactor(mask).value, set(begun))


def intent(
    state: Mapping[str, Any], changes: Sequence[Change], address: str = "play/task@ex1", *, restores: bool = False
) -> Intent:
    loaded = module(volatile=("pid",), restores=restores)
    return Intent(step=step(address), module=loaded, before=dict(state), changes=tuple(changes))


def as_asked(case: Mapping[str, Any]) -> Intent:
    now = case["now"]
    found = [change(**found) for found in now.get("changes", ())]
    return intent(now["state"], found, restores=case.get("restores", False))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_case(case: dict[str, Any]) -> None:
    plan = case["plan"]
    steps = [] if plan is None else [planned_step(**{**plan, "changes": list(plan.get("changes", ()))})]
    held = expectations(*steps, begun=["ex1"] if case.get("begun") else [], mask=case.get("mask", "").split())
    if case.get("failing"):
        held.mark("ex1", Mark.LEFT)
    if "refused" not in case:
        held.permit(as_asked(case))
        return
    with pytest.raises(Blocked) as caught:
        held.permit(as_asked(case))
    assert caught.value.reason == "not as planned: " + case["refused"]
    assert caught.value.remedy == (
        "see what changed it; plan again for this host: remediate plan PLAYBOOK -l ex1 -o FILE"
    )


def test_a_host_that_is_not_in_the_plan_is_not_contacted() -> None:
    held = expectations()
    held.enter("ex1", "saturday")
    with pytest.raises(Blocked, match=r"^the plan says nothing of this host"):
        held.enter("ex2", "")
    with pytest.raises(Blocked, match="bound to saturday"):
        held.enter("ex2", "saturday")


def test_a_rescue_that_came_to_its_end_is_over() -> None:
    held, start = expectations(begun=["ex1"]), change(target="W3SVC", before="stopped", after="running")
    held.mark("ex1", Mark.LEFT)
    held.mark("ex1", Mark.RESCUED)
    with pytest.raises(Blocked, match="is not in the plan"):
        held.permit(intent({}, (start,)))


def test_a_refusal_on_a_host_that_was_begun_keeps_nobody_from_bringing_it_back() -> None:
    held, start = expectations(begun=["ex1"]), change(target="W3SVC", before="stopped", after="running")
    with pytest.raises(Blocked, match="is not in the plan"):
        held.permit(intent({}, (start,)))
    held.mark("ex1", Mark.LEFT)
    held.permit(intent({}, (start,)))


def test_a_host_once_refused_stays_refused() -> None:
    held = expectations(planned_step(status="ok", state={"a": 1}), planned_step(BEFORE, status="ok", state={"b": 1}))
    with pytest.raises(Blocked, match="a was 1 when planned, is 2"):
        held.permit(intent({"a": 2}, ()))
    with pytest.raises(Blocked, match="a was 1 when planned, is 2"):
        held.permit(intent({"b": 1}, (), BEFORE))


def test_what_earlier_steps_saw_alike_is_compared_too() -> None:
    earlier = planned_step(BEFORE, status="ok", state={"product": "2003", "build": 1})
    later = planned_step(status="ok", state={"build": 2}, unchanged=("product",))
    expectations(earlier, later).permit(intent({"product": "2003", "build": 2}, ()))
    with pytest.raises(Blocked, match="product was 2003 when planned, is 2000"):
        expectations(earlier, later).permit(intent({"product": "2000", "build": 2}, ()))


def test_begun_is_what_others_say_it_is_now() -> None:
    begun: set[str] = set()
    held = Expectations([PlannedHost(host="ex1", outcome="pending", steps=(planned_step(status="ok"),))],
                        lambda value: value, begun)  # fmt: skip
    begun.add("ex1")
    held.permit(intent({"unforeseen": 1}, [change(target="W3SVC", before="stopped", after="running")]))


@given(st.lists(CHANGES, max_size=3), STATES, st.lists(CHANGES, min_size=1, max_size=3), STATES,
       st.sampled_from(["ok", "pending", "unknown", "skipped", "blocked", "failed"]))  # fmt: skip
def test_before_the_first_change_nothing_is_permitted_that_is_not_in_the_plan(
    planned: list[Change], state: dict[str, Any], wanted: list[Change], now: dict[str, Any], status: str
) -> None:
    known = {(c.target, repr(c.before), repr(c.after), c.effect) for c in planned}
    assume(any((c.target, repr(c.before), repr(c.after), c.effect) not in known for c in wanted))
    plan = planned_step(
        status=status,
        state=state,
        changes=[
            {"target": c.target, "before": c.before, "after": c.after, "effect": c.effect.value, "seconds": c.seconds}
            for c in planned
        ],
    )
    with pytest.raises(Blocked, match=r"^not as planned: "):
        expectations(plan).permit(intent(now, wanted))


@given(st.lists(CHANGES, max_size=3), STATES)
def test_what_is_in_the_plan_is_permitted(planned: list[Change], state: dict[str, Any]) -> None:
    plan = planned_step(
        status="pending" if planned else "ok",
        state=state,
        changes=[{"target": c.target, "before": c.before, "after": c.after, "effect": c.effect.value} for c in planned],
    )
    expectations(plan).permit(intent(state, planned))
