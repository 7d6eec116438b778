"""``remediate show``: a saved plan for a person to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import SIMPLE, Parser

if TYPE_CHECKING:
    import argparse

    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "show",
        "Show a saved plan: who asked for what, which approvals it has and lacks, which hosts change and\n"
        "how, what it interrupts, what it rests on. No host is contacted.",
        examples=[
            "remediate show saturday.json",
            "remediate show saturday.json -l ex1 -v           one host, with what is skipped and why",
            "remediate show saturday.json --format json       the content as it is",
        ],
        exits=SIMPLE,
    )
    page.add_argument("plan", metavar="PLAN", help="a file of `remediate plan -o`")
    page.add_argument("-l", "--limit", default="", metavar="HOST", help="only this host")
    page.add_argument("-v", "--verbose", action="count", default=0, help="skipped steps and every input file too")
    common.json_and_color(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    import dataclasses
    import json

    from remediate.commands import approvalpage, planpage
    from remediate.errors import UserError
    from remediate.language.words import suggestion
    from remediate.planfile import codec

    plan, digest = codec.load(outside.folder / options.plan)
    approvals = approvalpage.look(plan, outside.folder / options.plan, outside)
    if options.limit:
        hosts = tuple(host for host in plan.hosts if host.host == options.limit)
        if not hosts:
            known = [host.host for host in plan.hosts]
            raise UserError(
                f"the plan has no host {options.limit!r}", hint=suggestion(options.limit, known, what="hosts")
            )
        plan = dataclasses.replace(plan, hosts=hosts)
    if options.format == "json":
        content = json.loads(codec.encode(plan)[0])["content"]
        document = {"content": content, "hash": digest, "approvals": approvalpage.document(approvals)}
        outside.print(json.dumps(document, indent=2))
        return 0
    page = planpage.lines(plan, digest, now=outside.now(), approvals=approvalpage.lines(approvals),
                          verbose=options.verbose > 0)  # fmt: skip
    for line in page:
        outside.print(line)
    return 0
