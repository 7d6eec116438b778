"""Where the ledger of a project is, and opening it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands.project import Project

if TYPE_CHECKING:
    from remediate.commands.outside import Outside
    from remediate.ledger.store import Ledger

VARIABLE = "REMEDIATE_LEDGER"


def ledger_url(project: Project, outside: Outside) -> str:
    """REMEDIATE_LEDGER, else the project's own file."""
    return outside.environ.get(VARIABLE) or str(project.settings.folder / ".remediate" / "ledger.sqlite3")


def open_for(outside: Outside) -> Ledger:
    """The ledger in use, ready to be written."""
    from remediate.ledger.store import open_ledger

    return open_ledger(ledger_url(Project.around(outside.folder), outside), now=outside.now)
