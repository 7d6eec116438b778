"""``remediate verify``: a plan that must be empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.commands.run import playbook_options
from remediate.model import Mode

if TYPE_CHECKING:
    import argparse

    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "verify",
        "Prove that nothing is left to change: looks at every host, changes nothing, ends 0 only when all are fine.",
        examples=[
            "remediate verify playbooks/kb870585.yml",
            "remediate verify playbooks/kb870585.yml --diff          and show what drifted, attribute by attribute",
        ],
    )
    playbook_options(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.change import walking

    asked = common.asked(options, outside)
    request = walking.prepare(asked, outside, mode=Mode.CHECK, sends=False)
    return walking.execute(request, asked.wishes, outside).exit_code
