"""``remediate approve``: sign a saved plan with one's own key; the approval is a file beside the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands.parser import Parser

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from remediate.approvals.model import Statement
    from remediate.planfile.model import Plan
    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "approve",
        "Approve a saved plan: it is signed with your own SSH key, and the approval is written beside it as\n"
        "PLAN.approval-KEY, to be sent or copied like the plan. Neither project nor ledger is needed, only the plan.\n"
        "It counts where the plan is applied if the allowed signers of that machine name you, and holds for this\n"
        "content until the plan expires: the same plan made again keeps it. Whoever made the plan does not count.",
        examples=[
            "remediate approve saturday.json --reason 'CHG-17, tested on ex-lab'",
            "remediate approve saturday.json --reason CHG-17 --key ~/.ssh/work.pub    its other half is in an agent",
        ],
        exits=(0, 1, 3),
    )
    page.add_argument("plan", metavar="PLAN", help="a file of `remediate plan -o`; look at it with `remediate show`")
    page.add_argument("--reason", required=True, metavar="TEXT", help="why, or the number of the change")
    page.add_argument(
        "--key", default="", metavar="FILE", help="the key to sign with (default: the first of ~/.ssh/id_*)"
    )
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.approvals import beside, sshkeygen
    from remediate.change import approving
    from remediate.change.of_plan import refuse_stale
    from remediate.errors import UserError
    from remediate.planfile import codec

    file = outside.folder / options.plan
    plan, _ = codec.load(file)
    if not options.reason.strip():
        raise UserError("--reason is empty", hint="say why, or give the number of the change")
    refuse_stale(plan, outside)
    key = approving.key_of(options.key, outside)
    if "_sk" in key.name:
        outside.complain(f"touch the token of {key.name} when it blinks")
    said = _statement(plan, options.reason.strip(), outside)
    content = beside.signed_bytes(said)
    signature = sshkeygen.sign(content, key, outside.environ)
    own = sshkeygen.check(content, signature, None, None, outside.now())
    if own.fault:
        raise UserError(f"{key}: what ssh-keygen signed with it cannot be checked: {own.fault}")
    path = beside.save(file, said, signature, own.key)
    outside.print(f"approved: plan {said.plan[:16]} by key {own.key}, until {plan.valid_until:%Y-%m-%d %H:%M} UTC")
    outside.print(f"written: {path.name}; it goes beside the plan where that is applied")
    _say_what_it_comes_to(plan, file, path, outside)
    return 0


def _statement(plan: Plan, reason: str, outside: Outside) -> Statement:
    from remediate.approvals.model import Statement
    from remediate.planfile import codec
    from remediate.project import ledgers

    account = outside.account
    return Statement(plan=codec.substance(plan), until=plan.valid_until, reason=reason,
                     at=outside.now().replace(microsecond=0), account=account.name, uid=account.uid,
                     host=ledgers.controller())  # fmt: skip


def _say_what_it_comes_to(plan: Plan, file: Path, own: Path, outside: Outside) -> None:
    """As far as this machine knows: the people who may approve are named where plans are applied."""
    from remediate.change import approving
    from remediate.errors import RemediateError

    try:
        if approving.signers_of(outside) is None:
            return
        found = approving.verdict(plan, file, outside)
    except RemediateError as error:
        outside.complain(f"whether it counts cannot be seen here: {error.message}")
        return
    for one in found.refused:
        if one.signature.file == own.name:
            outside.complain(f"on this machine it does not count: {one.why}")
    outside.print(f"{found.sentence}" if found.missing else "it may be applied")
