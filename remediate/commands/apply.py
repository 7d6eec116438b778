"""``remediate apply``: carry out a saved plan, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.reports.text import one_line

if TYPE_CHECKING:
    import argparse

    from remediate.planfile.model import Plan
    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "apply",
        "Carry out a saved plan, and nothing but the plan. A host that is not as it was when planned is refused with\n"
        "the difference in words, the others go on. A plan that is expired, not approved, or rests on files that have\n"
        "changed since is refused whole.",
        examples=[
            "remediate apply saturday.json",
            "remediate apply saturday.json --wait              begin when its change windows open",
            "remediate apply saturday.json --wait --max-wait 12h",
            "remediate apply saturday.json --override-window 'outage, approved by phone: CHG-17'",
        ],
    )
    page.add_argument("plan", metavar="PLAN", help="a file of `remediate plan -o`; see `remediate show`")
    common.variables(page)
    common.gates(page)
    common.connection(page)
    common.output(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.change import applied, of_plan
    from remediate.change.carry import carry_out
    from remediate.planfile import codec
    from remediate.project.ledgers import open_for

    asked = common.asked(options, outside)
    plan, digest = codec.load(outside.folder / options.plan)
    of_plan.refuse_stale(plan, outside)
    if not plan.pending:
        outside.print("nothing to do: the plan has no pending changes")
        return 0
    with open_for(outside) as ledger:
        over = applied.before(digest, ledger)
        if over is not None:
            return applied.said(over, outside)
        saved = of_plan.Saved(plan, digest, outside.folder / options.plan)
        work, whole = of_plan.work_of(saved, ledger, asked, outside)
        say_what_is_left_alone(plan, outside)
        return carry_out(work, ledger, whole, outside)


def say_what_is_left_alone(plan: Plan, outside: Outside) -> None:
    """Hosts of the plan that could not be planned: somebody has to know."""
    for host in plan.hosts:
        if host.outcome in ("blocked", "failed", "unreachable"):
            outside.complain(one_line(f"{host.host} is left alone: {host.outcome} when planned: {host.reason}"))
