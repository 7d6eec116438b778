"""Where the toolkit's folder is on a host, in the host's words and in its SFTP server's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STYLES = ("{drive}:/{rest}", "/{drive}:/{rest}", "/cygdrive/{low}/{rest}", "/{drive}/{rest}")
"""How SFTP servers on Windows spell ``C:\\x``: OpenSSH, its older versions, Cygwin, Bitvise (likely)."""

_ROOTS = ("C:\\WINDOWS", "C:\\WINNT", "c:\\windows")
"""Usual system folders; the last for servers on a case-sensitive file system."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the host, and how its SFTP server spells drives."""

    folder: str
    style: str

    def wire(self, path: str) -> str:
        """A path of the host as its SFTP server spells it."""
        drive, _, rest = path.partition(":")
        if len(drive) != 1 or not rest.startswith("\\"):
            return path.replace("\\", "/")
        return self.style.format(drive=drive, low=drive.lower(), rest=rest.lstrip("\\").replace("\\", "/"))


def candidates(folder: str) -> Iterator[Place]:
    """Where ``folder`` may be without asking the host, most likely first."""
    system = re.match(r"%(systemroot|windir)%", folder, re.IGNORECASE)
    folders = [root + folder[system.end() :] for root in _ROOTS] if system else [folder]
    for style in _STYLES:
        for path in folders:
            if "%" not in path:
                yield Place(path, style)


def parents(path: str) -> list[str]:
    """The folders above a host's path, nearest first, without the drive."""
    found = []
    while "\\" in path.rstrip("\\"):
        path = path.rstrip("\\").rpartition("\\")[0]
        if path.endswith(":") or not path:
            break
        found.append(path)
    return found
