"""Whether a file is out of reach of the account that runs this: what it can write proves nothing against it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from remediate.errors import GateClosed

OTHERS = stat.S_IWGRP | stat.S_IWOTH
ROOT = 0


def read(path: Path, account: int) -> bytes | None:
    """The content; None where there is no such file. ``GateClosed`` where ``account`` (a uid) could change it."""
    try:
        with path.open("rb") as file:
            content = file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        hint = "it holds for everybody who applies plans here: make it readable, chmod 644 (its folder: 755)"
        raise GateClosed(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    refuse_writable(path, account)
    return content


def refuse_writable(path: Path, account: int) -> None:
    """``GateClosed`` unless the file and every folder above it belong to others and only their owners may write."""
    for place in _places(path):
        found = place.lstat()
        if found.st_uid == account and account != ROOT:
            raise _refusal(path, place, "belongs to the account that runs this")
        if account == ROOT and found.st_uid != ROOT:
            raise _refusal(path, place, f"belongs to the account with the number {found.st_uid}")
        shared = found.st_mode & OTHERS and not stat.S_ISLNK(found.st_mode)
        if shared and not (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX):
            raise _refusal(path, place, f"can be written by others than its owner (mode {found.st_mode & 0o7777:o})")


def _places(path: Path) -> Iterator[Path]:
    """The file as it is named and as it is, and all folders on both ways."""
    named = Path(os.path.abspath(path))  # noqa: PTH100 - symbolic links stay: each is looked at itself
    real = named.resolve()
    yield from dict.fromkeys((named, *named.parents, real, *real.parents))


def _refusal(path: Path, place: Path, why: str) -> GateClosed:
    which = f"{path} proves nothing: it" if place == path else f"{path} proves nothing: {place}"
    return GateClosed(f"{which} {why}", hint=f"as root: chown root {place}; chmod go-w {place}")
