"""Which run ``resume last`` means: the newest of this account and project that did not come to its end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.ledger import process
from remediate.ledger.rows import FINISHED, RUNNING, STOPPED
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


def origin(outside: Outside) -> dict[str, Json]:
    """Where a run comes from, as the ledger keeps it: the project's folder and the number of the account."""
    account = os.getuid() if hasattr(os, "getuid") else -1
    return {"project": str(Project.around(outside.folder, outside.files).settings.folder.resolve()), "uid": account}


def newest(ledger: Ledger, outside: Outside) -> RunRow | None:
    """The run to go on with; None when nobody left any. ``UserError`` lists those of other accounts and projects."""
    found = [row for row in ledger.runs(NEWEST) if _unfinished(row, ledger)]
    own = origin(outside)
    for row in found:
        if _mine(row, own, ledgers.who(outside)):
            return row
    if found:
        listed = "; ".join(map(_line, found[:LISTED])) + (f"; and {len(found) - LISTED} more" * (len(found) > LISTED))
        raise UserError(
            f"no run of this account and project was left unfinished; of others: {listed}",
            hint=f"name the one to go on with: remediate resume {found[0].id}",
        )
    return None


def _unfinished(row: RunRow, ledger: Ledger) -> bool:
    if row.status == STOPPED or (row.status == FINISHED and row.exit_code in (0, REFUSED)):
        return False
    if row.status == RUNNING and lives(row):
        return False
    return not ledger.resumed_by(row.id)


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
