"""Files and folders of one's own: new ones are for the user alone, whatever the umask; those there keep their mode.

So a file is shared by opening it once (``chmod g+rw``, or made beforehand with the mode it shall have).
"""

from __future__ import annotations

import errno
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
    """Write to what somebody named: a pipe or a device takes it, what a link leads to is written and the link stays; a
    file whole or not at all, so that a full disk leaves the older one."""
    if is_stream(path):
        _into(path, content)
        return
    place = _goal(path)
    try:
        replace(place, content)
    except PermissionError:  # a file that may be written in a folder that may not
        if not place.exists():
            raise
        place.write_bytes(content)


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: whoever reads meanwhile sees the old one or the new one.

    For names of our own making: OSError where something is there that is no file (a link, a pipe, a device).
    """
    _refuse_others(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
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


def is_stream(path: Path) -> bool:
    """Whether it is there and keeps nothing (pipe, device, terminal), or belongs to a process (``/dev/stdout``)."""
    if path.is_dir():
        return False
    return path.exists() and (not path.is_file() or path.parts[:2] in (("/", "dev"), ("/", "proc")))


def can_be_written(path: Path) -> bool:
    """Whether ``write`` has a place to write to: a stream, or a file in a folder, that this account may write."""
    try:
        if is_stream(path):
            return os.access(path, os.W_OK)
        place = _goal(path)
        there = place.exists() and os.access(place, os.W_OK)
        return not place.is_dir() and (there or os.access(place.parent, os.W_OK))
    except (OSError, ValueError):
        return False


def _goal(path: Path) -> Path:
    """Where links lead in the end, there or not; OSError where they lead round in a circle."""
    goal = Path(os.path.realpath(path))
    if goal.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return goal


def _into(path: Path, content: bytes) -> None:
    """Behind what is there; nothing is made, and no terminal becomes that of this process."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NOCTTY", 0)), "wb", buffering=0) as file:
        rest = memoryview(content)
        while rest:
            rest = rest[file.write(rest) or 0 :]


def _refuse_others(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, f"{_kind(mode)} is there", str(path))


def _kind(mode: int) -> str:
    """What a ``st_mode`` is that is no file: ``a device``."""
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISLNK, "a link"), (stat.S_ISFIFO, "a pipe"))
    return next((name for is_it, name in kinds if is_it(mode)), "a device or socket")


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
