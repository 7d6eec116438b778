"""Who and what counts: the decision alone, of values."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from remediate.approvals.judge import approved, without_plan
from remediate.approvals.model import Policy, Rule, Signature, Statement, Verdict
from remediate.planfile import codec
from remediate.planfile.model import Command, Plan
from tests.planfile.plans import MADE, change, host, plan, step

NOW = MADE + timedelta(days=1)
EXCHANGE = Policy(everywhere=Rule(approvals=1), groups={"exchange": Rule(approvals=2, only_plans=True)})


def signed(person: str, what: Plan, **given: Any) -> Signature:
    said = Statement(plan=codec.substance(what), until=what.valid_until, reason="CHG", at=MADE, account=person, uid=7,
                     host="desk")  # fmt: skip
    plain = {"file": f"p.approval-{person}", "statement": said, "key": f"SHA256:{person}", "person": person}
    return Signature(**{**plain, **given})


def judged(what: Plan, *signatures: Signature, policy: Policy | None = None, now: datetime = NOW) -> Verdict:
    return approved(what, policy or Policy(), signatures, now=now)


def test_the_larger_number_of_plan_and_policy_holds() -> None:
    for asked, ruled, needed in ((0, 0, 0), (2, 1, 2), (0, 1, 1), (1, 3, 3)):
        what = plan(approvals=asked)
        found = judged(what, signed("ben", what), policy=Policy(everywhere=Rule(approvals=ruled)))
        assert (found.needed, found.missing) == (needed, max(0, needed - 1))


def test_a_group_asks_for_more_and_never_for_less() -> None:
    in_it = plan(host("ex1", groups=("site", "exchange")), host("ex2", groups=("site",)))
    assert judged(in_it, policy=EXCHANGE).needed == 2
    assert judged(plan(host("ex2", groups=("site",))), policy=EXCHANGE).needed == 1
    left_alone = plan(host("ex1", groups=("exchange",), outcome="compliant"), host("ex2"))
    assert judged(left_alone, policy=EXCHANGE).needed == 1
    loose = Policy(everywhere=Rule(approvals=2), groups={"lab": Rule(approvals=0)})
    assert judged(plan(host("l", groups=("lab",))), policy=loose).needed == 2
    assert without_plan(EXCHANGE, {"a": ("exchange",), "b": ("site",)}) == ["a"]
    assert without_plan(Policy(everywhere=Rule(only_plans=True), groups={"lab": Rule()}), {"a": ("lab",)}) == ["a"]


def test_the_same_plan_made_again_keeps_its_approvals_until_the_first_one_ends() -> None:
    first = plan(approvals=1)
    later = dataclasses.replace(first, made=first.made + timedelta(days=3), valid_until=MADE + timedelta(days=300))
    word = signed("ben", first)
    assert judged(later, word).missing == 0
    over = judged(later, word, now=MADE + timedelta(days=8))
    assert over.missing == 1
    assert "it held until 2026-12-01 09:00 UTC" in over.sentence


OTHERS: list[dict[str, Any]] = [
    {"approvals": 2},
    {"user": "carl"},
    {"controller": "elsewhere"},
    {"remediate": "9.9"},
    {"hosts": (host("ex2"),)},
    {"hosts": (host("ex1", groups=("lab",)),)},
    {"hosts": (host("ex1", step(changes=(change(effect="reboot"),))),)},
    {"hosts": (host("ex1", step(state={"version": 2})),)},
    {"inputs": ()},
    {"asked": Command(playbook="playbooks/kb870585.yml", inventory=("inventory/lab.yml",), limit="ex1")},
    {"warnings": ("something",)},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
def test_anything_else_is_another_plan(other: dict[str, Any]) -> None:
    first = plan(approvals=1)
    found = judged(dataclasses.replace(first, **other), signed("ben", first))
    assert found.given == ()
    assert found.refused[0].why == "it is for another plan"


def test_every_field_of_a_plan_is_approved_but_its_moments() -> None:
    tried = {name for other in OTHERS for name in other}
    assert {field.name for field in dataclasses.fields(Plan)} - tried == {"format", *codec.MOMENTS}


def test_one_person_and_one_key_count_once_and_the_planner_not_at_all() -> None:
    what = plan(approvals=3)
    found = judged(
        what,
        signed("ben", what),
        signed("ben", what, file="second", key="SHA256:another"),
        signed("benjamin", what, file="third", key="SHA256:ben"),
        signed("anna", what),
        signed("anna@example.org", what, file="mail"),
        signed("", what, file="unknown", fault="nobody has this key"),
        signed("x", what, file="nothing", statement=None, fault="it is not an approval"),
    )
    assert [one.person for one in found.given] == ["ben"]
    assert {one.signature.file: one.why for one in found.refused} == {
        "second": "ben approved already",
        "third": "its key approved already under another name",
        "p.approval-anna": "anna made the plan",
        "mail": "anna@example.org made the plan",
        "unknown": "nobody has this key",
        "nothing": "it is not an approval",
    }
    assert found.sentence.startswith("1 of 3 approvals are there: ben; not counted: second (ben approved already)")


def test_until_when_enough_of_them_hold() -> None:
    what = plan(approvals=2)
    said = signed("ben", what).statement
    assert said is not None
    early = signed("carl", what, statement=dataclasses.replace(said, until=NOW + timedelta(hours=1)))
    assert judged(what, signed("ben", what), early).until == NOW + timedelta(hours=1)
    assert judged(what, signed("ben", what), early, signed("dora", what)).until == what.valid_until
    assert judged(what, signed("ben", what)).until is None
