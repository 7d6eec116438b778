"""Files and folders of one's own: new ones are for the user alone, whatever the umask; those there keep their mode.

So a file is shared by opening it once (``chmod g+rw``, or made beforehand with the mode it shall have).
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

FILE = 0o600
FOLDER = 0o700


def own_folder(path: Path) -> None:
    """The folder, made with what is missing above it; OSError where it cannot be."""
    if path.is_dir():
        return
    if not path.parent.exists():
        own_folder(path.parent)
    try:
        path.mkdir(mode=FOLDER)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        path.chmod(FOLDER)


def own_file(path: Path) -> None:
    """An empty file where there is none yet."""
    with suppress(FileExistsError):
        os.close(_new(path))


def write(path: Path, content: bytes) -> None:
    """Write to a pipe or a device; a file whole or not at all, so that a full disk leaves the older one."""
    place = path.resolve() if path.is_symlink() else path  # what a link leads to is written, the link stays
    if place.exists() and not place.is_file():
        place.write_bytes(content)
        return
    try:
        replace(place, content)
    except PermissionError:  # a file that may be written in a folder that may not
        if not place.exists():
            raise
        place.write_bytes(content)


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: whoever reads meanwhile sees the old one or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _like(temporary, path)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _new(path: Path) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), FILE)
    os.fchmod(handle, FILE)
    return handle


def _like(temporary: Path, path: Path) -> None:
    """The mode, and if possible the group, of the file that is replaced."""
    try:
        old = path.stat()
    except FileNotFoundError:
        temporary.chmod(FILE)
        return
    with suppress(OSError):
        os.chown(temporary, -1, old.st_gid)
    temporary.chmod(stat.S_IMODE(old.st_mode))
