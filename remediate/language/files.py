"""The files of this side as one command sees them: each is read once, and what was read is what is worked from."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TypeVar, cast

from remediate.errors import UserError
from remediate.model import Source

T = TypeVar("T")
PLAYBOOK, ROLE, MODULE, INVENTORY, VARIABLES, LOOKUP = "playbook", "role", "module", "inventory", "variables", "lookup"
"""What a file was read for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One file as it was when it was read."""

    what: str
    path: Path
    data: bytes


class Files:
    """Reads each file, asks for each name and lists each folder once; later questions get the first answer.

    Thread-safe. A file that is exchanged while a command runs is to it as it was: never half of one and half of the
    other, never checked as one and carried out as the other.
    """

    def __init__(self) -> None:
        self._read: dict[Path, Read] = {}
        self._held: dict[Path, bytes] = {}
        self._kinds: dict[Path, str] = {}
        self._names: dict[Path, tuple[str, ...]] = {}
        self._made: dict[Hashable, object] = {}
        self._closed: Callable[[Path], UserError] | None = None
        self._hears: Callable[[Read], None] | None = None
        self._lock = threading.RLock()

    def read(self, path: Path, what: str, *, most: int = 0) -> bytes:
        """The bytes of a file; ``OSError`` or ``ValueError`` as of ``Path.read_bytes``, ``UserError`` once closed.

        ``OverflowError`` for a file of more than ``most`` bytes; 0: any size.
        """
        key = path.absolute()
        with self._lock:
            if key not in self._read:
                if key not in self._held and self._closed is not None:
                    raise self._closed(path)
                data = self._held[key] if key in self._held else _bytes(key, most)
                self._read[key] = found = Read(what=what, path=key, data=data)
                self._kinds[key] = "file"
                if self._hears is not None:
                    self._hears(found)
            return self._read[key].data

    def kind(self, path: Path) -> str:
        """``file``, ``folder``, ``other`` (a pipe, a device), or "" where there is nothing."""
        key = path.absolute()
        with self._lock:
            if key not in self._kinds:
                self._kinds[key] = _kind(key)
            if not self._kinds[key] and any(key in held.parents for held in self._held):
                return "folder"
            return self._kinds[key]

    def is_file(self, path: Path) -> bool:
        return self.kind(path) == "file"

    def is_folder(self, path: Path) -> bool:
        return self.kind(path) == "folder"

    def names(self, folder: Path) -> tuple[str, ...]:
        """What lies in a folder, sorted; empty for what is none."""
        key = folder.absolute()
        with self._lock:
            if key not in self._names:
                here = _entries(key) if _kind(key) == "folder" else set()
                held = {path.relative_to(key).parts[0] for path in self._held if key in path.parents}
                self._names[key] = tuple(sorted(here | held))
            return self._names[key]

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gives, made the first time; ``key`` says from what. A failure is not kept."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            return cast("T", self._made[key])

    def seen(self) -> tuple[Read, ...]:
        """Every file that was read so far, by path."""
        with self._lock:
            return tuple(found for _, found in sorted(self._read.items()))

    def hold(self, files: Mapping[Path, bytes]) -> None:
        """Answer with these bytes, whatever lies there now; before anything of them is read."""
        with self._lock:
            self._held |= {path.absolute(): data for path, data in files.items()}
            self._kinds |= dict.fromkeys(self._held, "file")
            self._names.clear()

    def anew(self) -> Files:
        """Others that have read nothing yet, and are answered with the same held bytes."""
        fresh = Files()
        with self._lock:
            fresh.hold(self._held)
        return fresh

    def close(self, refusal: Callable[[Path], UserError]) -> None:
        """From now on no file is read that was not read before: it raises what ``refusal`` makes of its path."""
        with self._lock:
            self._closed = refusal

    def tell(self, hears: Callable[[Read], None]) -> None:
        """Who hears of each file that is read from now on, before it is used."""
        with self._lock:
            self._hears = hears


def _bytes(path: Path, most: int) -> bytes:
    with FileIO(path) as file:
        data = (file.read(most + 1) if most else file.readall()) or b""
    if most and len(data) > most:
        raise OverflowError
    return data


def text(files: Files, path: Path, what: str) -> str:
    """A text file in UTF-8, or a UserError that says why not."""
    try:
        return files.read(path, what).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"not UTF-8: byte {error.start} cannot be read", source=Source(str(path)), hint="save the file as UTF-8"
        ) from None
    except IsADirectoryError:
        raise UserError("is a folder, not a file", source=Source(str(path))) from None
    except FileNotFoundError:
        raise UserError("no such file", source=Source(str(path))) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", source=Source(str(path))) from None
    except ValueError as error:
        raise UserError(f"not a usable file name: {error}", source=Source(repr(str(path)))) from None


def _entries(folder: Path) -> set[str]:
    try:
        return {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise UserError(f"the folder cannot be read: {error.strerror}", source=Source(str(folder))) from None


def _kind(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"
