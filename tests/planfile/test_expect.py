"""A run held to its plan: what may be done before the first change, and what after it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.engine.control import Intent
from remediate.engine.registry import Registry
from remediate.errors import Blocked
from remediate.model import Change, Effect, Mode, Step
from remediate.planfile.build import planned
from remediate.planfile.expect import Expectations
from remediate.planfile.model import PlannedStep
from tests.planfile.plans import host, step

HOTFIX = Registry([Path(__file__).parents[2] / "modules"]).load("hotfix")
INSTALL = Change(
    target="KB870585", before="6.5.7226.0", after="6.5.7232.35", effect=Effect.SERVICE_RESTART, seconds=600
)
START = Change(target="POP3Svc", before="stopped", after="running")
REBOOT = Change(target="Windows", before=None, after="restarted", effect=Effect.REBOOT)
SEEN = {"build": "6.5.7226.0"}
PLANNED = step(changes=(planned(INSTALL),), state=SEEN)
TIMED = step(changes=(planned(INSTALL),), state={**SEEN, "time": 1})
LATER = step(changes=(replace(planned(INSTALL), certainty="known after apply"),), state=SEEN)


def asked(found: PlannedStep | None, changes: tuple[Change, ...], now: dict[str, Any], *, begun: bool) -> str:
    """ "" when it may be done, else what is said."""
    steps = (found,) if found is not None else (step("play/other@ex1", status="ok", changes=()),)
    control = Expectations([host("ex1", *steps)], lambda value: value, {"ex1"} if begun else set())
    one = Step(address="play/install@ex1", host="ex1", task="install", module="hotfix", params={},
               endpoint=None, mode=Mode.APPLY)  # fmt: skip
    try:
        control.permit(Intent(step=one, module=HOTFIX, before=now, changes=changes))
    except Blocked as refusal:
        return refusal.reason
    return ""


OK = step(status="ok", changes=(), state=SEEN)
UNKNOWN = step(status="unknown", changes=())
SKIPPED = step(status="skipped", changes=())
HIDDEN = step(changes=(), hidden=True)
HIDDEN_OK = step(status="ok", changes=(), hidden=True)
DRIFT = "not as planned: build was 6.5.7226.0 when planned, is 6.5.7233.69"
START_SECRET = replace(START, before="as Zq7", after="running")
MASKED = step(
    changes=(planned(replace(START, before="as ****", after="running")),), state={"a": "x **** y", "n": "****"}
)
CASES = [
    # planned, changes now, begun, state now, says
    ("as planned", PLANNED, (INSTALL,), False, SEEN, ""),
    ("nothing to do, as planned", OK, (), False, SEEN, ""),
    ("drifted", PLANNED, (INSTALL,), False, {"build": "6.5.7233.69"}, DRIFT),
    ("drifted without work", OK, (), False, {"build": "6.5.7233.69"}, DRIFT),
    (
        "the clock only",
        step(changes=(planned(INSTALL),), state={**SEEN, "time": 1}),
        (INSTALL,),
        False,
        {**SEEN, "time": 2},
        "",
    ),
    ("another target version", PLANNED, (replace(INSTALL, after="6.5.7233.69"),), False, SEEN, "was not planned"),
    ("another starting version", PLANNED, (replace(INSTALL, before="6.5.7230.0"),), False, SEEN, "was not planned"),
    ("another effect", PLANNED, (replace(INSTALL, effect=Effect.REBOOT),), False, SEEN, "was not planned"),
    ("one more", PLANNED, (INSTALL, START), False, SEEN, "POP3Svc: stopped -> running was not planned"),
    ("done meanwhile", PLANNED, (), False, SEEN, "was planned and is not to be done any more"),
    ("a change where none was planned", OK, (START,), False, SEEN, "was not planned"),
    ("not in the plan", None, (START,), False, {}, "is not in the plan"),
    ("not in the plan, nothing to do", None, (), False, {}, ""),
    ("skipped when planned, work now", SKIPPED, (START,), False, {}, "was not planned"),
    ("skipped when planned, nothing to do", SKIPPED, (), False, {}, ""),
    ("unknown when planned, too early", UNKNOWN, (START,), False, {}, "only after an earlier change"),
    ("unknown when planned, nothing to do", UNKNOWN, (), False, {}, ""),
    ("hidden and pending", HIDDEN, (START,), False, {}, ""),
    ("hidden and compliant when planned", HIDDEN_OK, (START,), False, {}, "the plan did not foresee"),
    ("a secret, known as such when planned only", MASKED, (START_SECRET,), False, {"a": "x Zq7 y", "n": 4711}, ""),
    ("a secret beside a difference", MASKED, (START_SECRET,), False, {"a": "x Zq7 z", "n": 4711}, "a was x **** y"),
    ("a secret in another change", MASKED, (replace(START_SECRET, before="y"),), False, {"a": "x q y"}, "n was ****"),
    ("begun: a secret, known when planned only", MASKED, (START_SECRET,), True, {}, ""),
    ("begun: as planned", PLANNED, (INSTALL,), True, SEEN, ""),
    ("begun: other state, same change", PLANNED, (INSTALL,), True, {"build": "x"}, ""),
    ("begun: done by an adopted installer", PLANNED, (), True, {"build": "x"}, ""),
    ("begun: another target version", PLANNED, (replace(INSTALL, after="6.5.7233.69"),), True, SEEN, "was planned as"),
    ("begun: after apply resolves", LATER, (replace(INSTALL, before="6.5.7230.0"),), True, {}, ""),
    (
        "begun: after apply, worse effect",
        LATER,
        (replace(INSTALL, effect=Effect.REBOOT),),
        True,
        {},
        "was announced as",
    ),
    ("begun: services put right", OK, (START,), True, {}, ""),
    ("begun: an unannounced restart of services", OK, (INSTALL,), True, {}, "is not in the plan"),
    (
        "begun: an unannounced reboot",
        OK,
        (REBOOT,),
        True,
        {},
        "Windows: nothing -> restarted (reboot) is not in the plan",
    ),
    ("begun: a reboot nobody knew", None, (REBOOT,), True, {}, "is not in the plan"),
    ("begun: what was unknown may be anything", UNKNOWN, (REBOOT,), True, {}, ""),
    (
        "begun: a step that is not in the plan",
        None,
        (START,),
        True,
        {},
        "POP3Svc: stopped -> running is not in the plan",
    ),
    ("begun: hidden", HIDDEN, (START,), True, {}, ""),
]


@pytest.mark.parametrize(("name", "found", "changes", "begun", "now", "says"), CASES, ids=[case[0] for case in CASES])
def test_what_may_be_done(
    name: str, found: PlannedStep | None, changes: tuple[Change, ...], begun: bool, now: dict[str, Any], says: str
) -> None:
    said = asked(found, changes, now, begun=begun)
    assert (says in said) if says else not said, name


CHANGES = st.builds(
    Change,
    target=st.sampled_from(["a", "b"]),
    before=st.sampled_from([None, "1", "2"]),
    after=st.sampled_from(["1", "2", "3"]),
    effect=st.sampled_from(list(Effect)),
)


@given(plan=st.lists(CHANGES, max_size=3), now=st.lists(CHANGES, min_size=1, max_size=3),
       status=st.sampled_from(["ok", "pending", "skipped", "unknown"]))  # fmt: skip
def test_before_the_first_change_nothing_is_done_that_is_not_in_the_plan(
    plan: list[Change], now: list[Change], status: str
) -> None:
    found = step(status=status, changes=tuple(map(planned, plan)), state={})
    said = asked(found, tuple(now), {}, begun=False)
    foreseen = {(c.target, c.before, c.after, c.effect) for c in plan}
    if not said:
        assert {(c.target, c.before, c.after, c.effect) for c in now} == foreseen


def test_a_refused_host_stays_refused() -> None:
    control = Expectations([host("ex1", PLANNED)], lambda value: value, set())
    one = Step(address="play/install@ex1", host="ex1", task="install", module="hotfix", params={},
               endpoint=None, mode=Mode.APPLY)  # fmt: skip
    for now in ({"build": "other"}, SEEN):
        with pytest.raises(Blocked, match="build was"):
            control.permit(Intent(step=one, module=HOTFIX, before=now, changes=(INSTALL,)))


def test_a_host_the_plan_does_not_know() -> None:
    with pytest.raises(Blocked, match="the plan says nothing of this host"):
        Expectations([host("ex1")], lambda value: value, set()).enter("ex2", "")
