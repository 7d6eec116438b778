"""``remediate resume``: go on where a run stopped; nothing that was done is done again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.reports.text import one_line

if TYPE_CHECKING:
    import argparse

    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger
    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "resume",
        "Go on with a run that was interrupted, deferred or failed. Every host is looked at anew; what was done is\n"
        "not done again, and what it had registered and notified is there. An installer that is still running on a\n"
        "host is found and waited for. `last` is the newest run of this account and project.",
        examples=[
            "remediate resume last",
            "remediate resume 20261128-2205-7f3a --wait       in the next change window",
        ],
    )
    page.add_argument("run", metavar="RUN", help="its id, the beginning of it, or last; see `remediate runs list`")
    page.add_argument(
        "--repeat-unfinished",
        action="store_true",
        help="perform commands again that were begun and whose end nobody knows",
    )
    common.variables(page)
    common.retry(page)
    common.gates(page)
    common.connection(page)
    common.output(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.change import of_run
    from remediate.change.carry import carry_out
    from remediate.ledger.rows import FINISHED
    from remediate.project.ledgers import open_for

    asked = common.asked(options, outside)
    with open_for(outside) as ledger:
        row = _chosen(options.run, ledger, outside)
        if row is None:
            outside.print("nothing to resume: every run of this ledger came to its end")
            return 0
        if row.status == FINISHED and row.exit_code == 0:
            outside.print(f"nothing to resume: run {row.id} came to its end, and every host with it")
            return 0
        work, whole = of_run.work_of(row, ledger, asked, outside)
        return carry_out(work, ledger, whole, outside)


def _chosen(word: str, ledger: Ledger, outside: Outside) -> RunRow | None:
    """The run of this id; for ``last`` the newest of this account and project, which is then named."""
    from remediate.change import unfinished

    if word != "last":
        return ledger.run(word)
    row = unfinished.newest(ledger, outside)
    if row is not None:
        begun = f"{row.started:%Y-%m-%d %H:%M} UTC"
        outside.complain(f"going on with run {row.id}: {row.kind} {one_line(row.playbook)}, begun {begun}")
    return row
