"""``remediate approve``: give one's word for a saved plan; kept in the ledger over the plan's hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from remediate.commands.parser import Parser

if TYPE_CHECKING:
    import argparse

    from remediate.commands.outside import Outside
    from remediate.ledger.rows import Approval
    from remediate.planfile.model import Plan


def parser() -> Parser:
    page = Parser(
        "approve",
        "Approve a saved plan. Who may do so stands in remediate.toml (approvers). The approval holds for this very\n"
        "plan: one that is made again has to be approved again. Whoever made it cannot be the only one.",
        examples=["remediate approve saturday.json --as anna --reason 'CHG-17, tested on ex-lab'"],
        exits=(0, 1, 3),
    )
    page.add_argument("plan", metavar="PLAN", help="a file of `remediate plan -o`; look at it with `remediate show`")
    page.add_argument("--as", dest="name", required=True, metavar="NAME", help="who approves; one of approvers")
    page.add_argument("--reason", required=True, metavar="TEXT", help="why, or the number of the change")
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.commands import ledgers
    from remediate.commands.apply import refuse_stale
    from remediate.commands.project import Project
    from remediate.errors import UserError
    from remediate.language.words import suggestion
    from remediate.ledger.rows import Approval
    from remediate.planfile import codec

    plan, digest = codec.load(outside.folder / options.plan)
    settings = Project.around(outside.folder, outside.files).settings
    if not settings.approvers:
        raise UserError("nobody may approve", hint='name the people in remediate.toml: approvers = ["anna", "ben"]')
    if options.name not in settings.approvers:
        hint = suggestion(options.name, settings.approvers, what="approvers")
        raise UserError(f"{options.name!r} is not among the approvers of remediate.toml", hint=hint)
    if not options.reason.strip():
        raise UserError("--reason is empty", hint="say why, or give the number of the change")
    refuse_stale(plan, outside)
    with ledgers.open_for(outside) as ledger:
        ledger.approve(
            Approval(
                plan_hash=digest,
                name=options.name,
                reason=options.reason,
                user=ledgers.who(outside),
                controller=ledgers.controller(),
            )
        )
        lacking = enough(plan, ledger.approvals(digest))
    outside.print(
        f"approved by {options.name}: plan {digest[:16]}" + (f"; {lacking}" if lacking else "; it may be applied")
    )
    return 0


def enough(plan: Plan, approvals: Sequence[Approval]) -> str:
    """ "" when the plan may be applied, else what is lacking."""
    names = {approval.name for approval in approvals}
    if len(names) < plan.approvals:
        return f"{len(names)} of {plan.approvals} approvals are there" + (
            f": {', '.join(sorted(names))}" if names else ""
        )
    if plan.approvals and not names - {plan.user}:
        return f"only {plan.user} approved, who made the plan: somebody else has to"
    return ""
