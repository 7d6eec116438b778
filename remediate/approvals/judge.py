"""Decides whether a plan is approved: pure, of the plan, the policy and the signatures that were found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from remediate.approvals.model import Policy, Refused, Rule, Signature, Verdict
from remediate.planfile import codec
from remediate.planfile.model import Plan


def approved(plan: Plan, policy: Policy, signatures: Sequence[Signature], *, now: datetime) -> Verdict:
    """Given and missing. The policy and the plan each say how many people it takes: the larger number holds."""
    substance = codec.substance(plan) if signatures else ""
    given: list[Signature] = []
    refused: list[Refused] = []
    for one in signatures:
        why = _against(one, substance, plan, given, now)
        if why:
            refused.append(Refused(signature=one, why=why))
        else:
            given.append(one)
    return Verdict(needed=needed(plan, policy), given=tuple(given), refused=tuple(refused))


def needed(plan: Plan, policy: Policy) -> int:
    """How many people have to approve: the most that any of the hosts to be changed asks for."""
    groups = (group for host in plan.hosts if host.outcome == "pending" for group in host.groups)
    return max(plan.approvals, *(rule.approvals for rule in rules(policy, groups)))


def rules(policy: Policy, groups: Iterable[str]) -> list[Rule]:
    """The rules that hold for a host in these groups."""
    return [policy.everywhere, *(policy.groups[name] for name in groups if name in policy.groups)]


def without_plan(policy: Policy, hosts: Mapping[str, Sequence[str]]) -> list[str]:
    """Of ``hosts`` (name -> its groups) those that are changed by saved plans only."""
    return [name for name, groups in hosts.items() if any(rule.only_plans for rule in rules(policy, groups))]


def _against(one: Signature, substance: str, plan: Plan, given: Sequence[Signature], now: datetime) -> str:
    """Why a signature does not count; "" when it does. ``given`` are those that count already."""
    if one.fault or one.statement is None:
        return one.fault or "it says nothing"
    if one.statement.plan != substance:
        return "it is for another plan"
    if now > one.statement.until:
        return f"it held until {one.statement.until:%Y-%m-%d %H:%M} UTC"
    if plan.user in (one.person, one.person.partition("@")[0]):
        return f"{one.person} made the plan"
    if any(one.person == other.person for other in given):
        return f"{one.person} approved already"
    if any(one.key == other.key for other in given):
        return "its key approved already under another name"
    return ""
