"""Where the ledger of a project is, and who writes into it from here."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import UserError
from remediate.project.outside import Outside
from remediate.project.project import Project
from remediate.secrets import files

if TYPE_CHECKING:
    from remediate.ledger.store import Ledger

VARIABLE = "REMEDIATE_LEDGER"
FILE = Path(".remediate") / "ledger.sqlite3"


def ledger_url(project: Project, outside: Outside) -> str:
    """A URL, or the absolute path of a file: the environment's, else remediate.toml's, else the one beside it."""
    told = outside.environ.get(VARIABLE, "").strip()
    if told:
        return _absolute(told, outside.folder)
    settings = project.settings
    return _absolute(settings.ledger or str(FILE), settings.folder)


def _absolute(text: str, folder: Path) -> str:
    return text if "://" in text else str(folder / Path(text).expanduser())


def open_for(outside: Outside, *, create: bool = True, writable: bool = True) -> Ledger:
    """The ledger of the project, ready to be written, or only to be read; ``UserError`` where it is not, or where
    there is none yet and none is to be made."""
    from remediate.ledger.address import parse
    from remediate.ledger.store import open_ledger

    project = Project.around(outside.folder, outside.files)
    url = ledger_url(project, outside)
    if "://" not in url:
        if not (create and writable) and not os.path.exists(url):  # noqa: PTH110 - answers for every text
            raise UserError(
                f"there is no ledger {url} yet: nothing was run here",
                hint=f"remediate run writes it; another one is named with {VARIABLE} or `ledger` in remediate.toml",
            )
        if writable and url == str(project.settings.folder / FILE):
            _own_folder(Path(url).parent)
    for secret in parse(url).secrets():
        outside.secrets.tell(secret)
    return open_ledger(url, now=outside.now, say=outside.complain, writable=writable)


def _own_folder(folder: Path) -> None:
    try:
        files.own_folder(folder)
    except OSError as error:
        hint = f"make it writable, or name another place with {VARIABLE}"
        raise UserError(f"the folder {folder} for the ledger cannot be made: {error.strerror}", hint=hint) from error


def who(outside: Outside) -> str:
    """The account; behind sudo the one that called it. No other variable of the environment is believed."""
    account = outside.account
    return (outside.environ.get("SUDO_USER", "") if account.uid == 0 else "") or account.name


def controller() -> str:
    """The name of this machine, as runs and locks have it."""
    return socket.gethostname()
