"""Which run ``resume last`` means: the newest of this account and project, where it did not come to its end."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.ledger import process
from remediate.ledger.rows import FINISHED, RUNNING, STOPPED
from remediate.model import Outcome
from remediate.project import ledgers
from remediate.project.project import Project
from remediate.reports.text import one_line

if TYPE_CHECKING:
    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger
    from remediate.model import Json
    from remediate.project.outside import Outside

NEWEST = 200
"""Runs looked at: an older one is named by its id."""
LISTED = 5
REFUSED = 3
"""Exit code of a run that no host was touched by."""
DONE = (Outcome.COMPLIANT, Outcome.CHANGED, Outcome.NOT_APPLICABLE)
"""How a host ends that nothing is left to do on."""


def origin(outside: Outside) -> dict[str, Json]:
    """Where a run comes from, as the ledger keeps it: the project's folder and the number of the account."""
    account = os.getuid() if hasattr(os, "getuid") else -1
    return {"project": str(Project.around(outside.folder, outside.files).settings.folder.resolve()), "uid": account}


def newest(ledger: Ledger, outside: Outside) -> RunRow | None:
    """The newest run of this account and project, to go on with; None when it is done and nobody left another one.

    ``UserError`` lists older ones that were left unfinished, and where there are none those of other accounts and
    projects: an older run is gone on with where somebody names it, and not by surprise.
    """
    rows = ledger.runs(NEWEST)
    own = origin(outside)
    mine = [row for row in rows if _mine(row, own, ledgers.who(outside))]
    last = next((row for row in mine if _began(row)), None)
    if last is not None and (_goes_on(last) or _unfinished(last, rows, ledger)):
        return last
    left = [row for row in rows if _unfinished(row, rows, ledger) and not _goes_on(row)]
    older = [row for row in left if row in mine]
    if last is not None and older:
        said = f"run {last.id} ({one_line(last.playbook)}), the newest of this account and project, is done"
        raise UserError(f"{said}; left unfinished before: {_listed(older)}", hint=_named(older[0]))
    if left:
        said = "no run of this account and project was left unfinished"
        raise UserError(f"{said}; of others: {_listed(left)}", hint=_named(left[0]))
    return None


def _named(row: RunRow) -> str:
    return f"name the one to go on with: remediate resume {row.id}"


def _listed(rows: Sequence[RunRow]) -> str:
    return "; ".join(map(_line, rows[:LISTED])) + (f"; and {len(rows) - LISTED} more" * (len(rows) > LISTED))


def _began(row: RunRow) -> bool:
    """Whether it was more than a run that a gate or a lock kept from beginning."""
    return row.status != STOPPED and not (row.status == FINISHED and row.exit_code == REFUSED)


def _goes_on(row: RunRow) -> bool:
    return row.status == RUNNING and lives(row)


def _unfinished(row: RunRow, rows: Sequence[RunRow], ledger: Ledger) -> bool:
    if not _began(row) or (row.status == FINISHED and row.exit_code == 0) or ledger.resumed_by(row.id):
        return False
    return not _done_later(row, rows, ledger)


def _done_later(row: RunRow, rows: Sequence[RunRow], ledger: Ledger) -> bool:
    """Whether later runs of the same work brought every host of this one to its end. ``rows``: newest first."""
    left = {end.host for end in ledger.hosts(row.id) if end.outcome not in DONE}
    if not left:
        return False
    for later in rows[: rows.index(row)]:
        if _work(later) == _work(row):
            left -= {end.host for end in ledger.hosts(later.id) if end.outcome in DONE}
    return not left


def _work(row: RunRow) -> tuple[object, ...]:
    """What two runs have in common that did the same, be it on other hosts, with another try, by another account."""
    found = row.request.get("asked")
    asked = found if isinstance(found, dict) else {}
    variables = asked.get("extra_vars")
    others = {k: v for k, v in variables.items() if k != "retry"} if isinstance(variables, dict) else {}
    parts = [asked.get(name) for name in ("tags", "skip_tags", "start_at_task", "secrets")]
    return (row.request.get("project"), row.playbook, row.plan_hash if not asked else "", others, *parts)


def lives(row: RunRow) -> bool:
    """Whether the process of a run is known to go on, on this machine."""
    return process.alive(row.controller, row.pid, row.process_start, here=ledgers.controller()) is True


def _mine(row: RunRow, own: Mapping[str, Json], who: str) -> bool:
    """By account and project; runs of older versions, which kept neither, by the name of the account."""
    if "project" not in row.request:
        return row.who == who
    return all(row.request.get(name) == value for name, value in own.items())


def _line(row: RunRow) -> str:
    return f"{row.id} ({one_line(row.playbook)}, {row.started:%Y-%m-%d %H:%M} UTC, {one_line(row.who)})"
