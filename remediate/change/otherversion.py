"""A run that another version of this program began: it is finished where it was begun, and nothing new is begun."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remediate import __version__
from remediate.change import finishing as finish
from remediate.errors import GateClosed
from remediate.language.files import MODULE, PLAYBOOK, ROLE
from remediate.project.content import shipped

if TYPE_CHECKING:
    from remediate.change.work import Work
    from remediate.ledger.rows import RunRow
    from remediate.planfile.model import InputFile
    from remediate.project.outside import Outside


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
    if not work.begun.intersection(work.hosts):
        raise GateClosed(f"{said}, and nothing was begun on any host", hint="plan again, or run the playbook anew")
    return finish.only(work, GateClosed(said), outside)
