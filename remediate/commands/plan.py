"""``remediate plan``: a dry run against the real hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands.parser import Parser
from remediate.commands.run import playbook_options
from remediate.model import Mode

if TYPE_CHECKING:
    import argparse

    from remediate.commands.outside import Outside


def parser() -> Parser:
    page = Parser(
        "plan",
        "Show what `remediate run` would change on each host, why, and what that does to the host. Changes nothing.\n"
        "What rests on an earlier step is marked: known after apply.",
        examples=[
            "remediate plan playbooks/kb870585.yml",
            "remediate plan playbooks/kb870585.yml --diff -l berlin",
            "remediate plan playbooks/kb870585.yml --format json > plan.json",
        ],
    )
    playbook_options(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.commands import running

    options.verbose = max(1, options.verbose)
    return running.execute(running.prepare(options, outside, mode=Mode.CHECK), options, outside).exit_code
