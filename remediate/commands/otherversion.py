"""A run that another version of this program began: it is finished where it was begun, and nothing new is begun."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from remediate import __version__
from remediate.commands.content import shipped
from remediate.engine.control import Control, Intent
from remediate.errors import Blocked, GateClosed
from remediate.language.files import MODULE, PLAYBOOK, ROLE
from remediate.model import Effect

if TYPE_CHECKING:
    from remediate.commands.change import Work
    from remediate.commands.outside import Outside
    from remediate.ledger.rows import RunRow
    from remediate.planfile.model import InputFile

ANEW = "plan again, or run the playbook anew, when what was begun is finished"


def of(row: RunRow) -> str:
    """The version that began what is gone on with, where it is not this one; else ""."""
    version = str(row.request.get("remediate", "") or __version__)
    return "" if version == __version__ else version


def is_ours(file: InputFile, folder: Path) -> bool:
    """Whether a file came with the program: an upgrade brings another one."""
    home = shipped()
    return home is not None and (folder / file.path).resolve().is_relative_to(home.resolve())


def comes_with_it(file: InputFile, folder: Path) -> bool:
    """A module of the program: the one of this version does the work, for it knows the rest of this version."""
    return file.kind == MODULE and is_ours(file, folder)


def stays(file: InputFile, folder: Path) -> bool:
    """A playbook or role of the program: the one the run was begun with says what the work is."""
    return file.kind in (PLAYBOOK, ROLE) and is_ours(file, folder)


def finishing(work: Work, version: str, outside: Outside) -> Work:
    """The same work on the hosts where it was begun; ``GateClosed`` where there is none."""
    said = f"run {work.resumes} was begun by version {version}, this is {__version__}"
    begun = tuple(name for name in work.hosts if name in work.begun)
    if not begun:
        raise GateClosed(f"{said}, and nothing was begun on any host", hint="plan again, or run the playbook anew")
    left = [name for name in work.hosts if name not in work.begun]
    outside.complain(f"{said}: what was begun is finished, nothing new is begun")
    if left:
        outside.complain(f"left alone, for nothing was begun there: {', '.join(left)}")
    planned = tuple(host for host in work.planned if host.host in begun)
    return dataclasses.replace(work, hosts=begun, planned=planned, only_finish=Finish(version))


class Finish(Control):
    """Waiting, putting right and proving pass; what interrupts anybody, and every command, is new work."""

    def __init__(self, version: str) -> None:
        self._version = version

    def permit(self, intent: Intent) -> None:
        if intent.changes and (intent.module.action or any(c.effect is not Effect.NONE for c in intent.changes)):
            what = intent.changes[0].target
            raise Blocked(f"begun by version {self._version}, this is {__version__}: {what} would be new work", ANEW)
