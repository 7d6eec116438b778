"""What became of a plan when it was applied before: a plan is applied once, and gone on with by resume."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from remediate.change.unfinished import REFUSED, lives
from remediate.errors import GateClosed
from remediate.ledger.rows import FINISHED, RUNNING, STOPPED
from remediate.reports.text import counted, one_line

if TYPE_CHECKING:
    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger
    from remediate.project.outside import Outside


def before(digest: str, ledger: Ledger) -> tuple[RunRow, str] | None:
    """The newest run that this plan let touch a host, and its outcome in words; None: it may be applied."""
    for row in ledger.runs_of_plan(digest):
        if row.status != STOPPED and not (row.status == FINISHED and row.exit_code == REFUSED):
            return row, _outcome(row, ledger)
    return None


def said(over: tuple[RunRow, str], outside: Outside) -> int:
    """One line: which run, when, with what outcome. ``GateClosed`` where it did not come to a good end."""
    row, outcome = over
    text = f"this plan was applied by run {row.id} at {row.started:%Y-%m-%d %H:%M} UTC: {outcome}"
    if row.status == FINISHED and row.exit_code == 0:
        outside.print(f"nothing to do: {text}")
        return 0
    if row.status == RUNNING and lives(row):
        raise GateClosed(text, hint=f"let it end; `remediate runs show {row.id}` shows how far it is")
    raise GateClosed(text, hint=f"go on with it: remediate resume {row.id}; or make a new plan")


def _outcome(row: RunRow, ledger: Ledger) -> str:
    if row.status == RUNNING:
        return "it is going on" if lives(row) else "it was cut off"
    count = Counter(host.outcome or "unknown" for host in ledger.hosts(row.id))
    hosts = f"{counted(sum(count.values()), 'host')}: {', '.join(f'{n} {word}' for word, n in count.items())}"
    return one_line(hosts if row.status == FINISHED else f"interrupted; {hosts}")
