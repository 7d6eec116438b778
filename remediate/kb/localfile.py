"""A package's file on this side: a regular file, bounded, read once a run as one moment's bytes."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

from remediate.errors import Blocked

T = TypeVar("T")
CHUNK = 1 << 20
LARGEST = 1 << 31
"""Bytes of a package; Windows starts no 32-bit program that is larger (likely)."""
FINE, COARSE = 50_000_000, 2_000_000_000
"""Nanoseconds after its last change from which a file's times tell the next change: some disks count whole seconds."""
GET_AGAIN = "get the package again; a download that was cut off looks like this"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file lies at a path, and when it was last changed: as long as this stays, so do its bytes."""

    path: Path
    device: int
    number: int
    size: int
    modified: int
    changed: int


class Window:
    """The bytes of an open file, fetched as they are asked for; a file that shrinks meanwhile just ends earlier."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, at: slice | int) -> bytes | int:
        if isinstance(at, int):
            return os.pread(self._descriptor, 1, at if at >= 0 else at + self._size)[0]
        start, stop, step = at.indices(self._size)
        return os.pread(self._descriptor, max(0, stop - start), start)[::step]

    def part(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` up to, not including, ``stop``."""
        return os.pread(self._descriptor, max(0, min(stop, self._size) - start), start)

    def find(self, wanted: bytes, start: int, stop: int) -> int:
        found = self.part(start, stop).find(wanted)
        return found if found < 0 else found + start


@dataclass(frozen=True, slots=True)
class Bytes:
    """A file's content, told by its size and SHA-256 (lower-case hex)."""

    size: int
    sha256: str


def read(path: Path, examine: Callable[[Path, Bytes, Window], T]) -> T:
    """What ``examine`` makes of the file; the same answer again without reading while the file stays as it is.

    ``Blocked`` for what is missing, no regular file, empty, too large, unreadable, or changes while it is read.
    """
    seen = identify(path)
    if time.time_ns() - seen.changed < (FINE if seen.changed % 1_000_000_000 else COARSE):
        return _read(seen, examine)
    answer: T = _once(seen, examine).get()
    return answer


def identify(path: Path) -> Identity:
    """Which file it is now. Does not open it: a pipe or a device would hold up or never end."""
    try:
        return _identity(path, path.stat())
    except FileNotFoundError:
        raise Blocked(f"{path} is not there", "put it there, or correct the path") from None
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError:  # a NUL in the name
        raise Blocked(f"{str(path)!r} cannot be the name of a file", "correct the path") from None


def _identity(path: Path, found: os.stat_result) -> Identity:
    kind = next((name for test, name in _KINDS if test(found.st_mode)), "")
    if kind:
        raise Blocked(f"{path} is {kind}, no file", "name the package's file itself")
    if not found.st_size:
        raise Blocked(f"{path} is empty", GET_AGAIN)
    if found.st_size > LARGEST:
        raise Blocked(f"{path} has {found.st_size:,} bytes: no package is so large", "name the package's file itself")
    return Identity(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def unreadable(path: Path, error: OSError) -> Blocked:
    return Blocked(
        f"{path} cannot be read: {error.strerror or error}", "see to its rights and path, or copy it to a local disk"
    )


class _Once(Generic[T]):
    """Several hosts ask at the same time, one reads."""

    def __init__(self, seen: Identity, examine: Callable[[Path, Bytes, Window], T]) -> None:
        self._seen = seen
        self._examine = examine
        self._lock = threading.Lock()
        self._answer: list[T] = []

    def get(self) -> T:
        with self._lock:
            if not self._answer:
                self._answer.append(_read(self._seen, self._examine))
            return self._answer[0]


@lru_cache(maxsize=64)
def _once(seen: Identity, examine: Callable[[Path, Bytes, Window], T]) -> _Once[T]:
    return _Once(seen, examine)


def _read(seen: Identity, examine: Callable[[Path, Bytes, Window], T]) -> T:
    path = seen.path
    try:
        with _opened(path) as descriptor:
            size, digest = _measured(descriptor, seen.size)
            window = Window(descriptor, size)
            answer = examine(path, Bytes(size, digest), window)
            if size != seen.size or _identity(path, os.fstat(descriptor)) != seen:
                raise Blocked(
                    f"{path} changes while it is read", "let whatever writes it come to its end, then run again"
                )
            return answer
    except OSError as error:
        raise unreadable(path, error) from None


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _identity(path, os.fstat(descriptor))
        yield descriptor
    finally:
        os.close(descriptor)


def _measured(descriptor: int, expected: int) -> tuple[int, str]:
    """Size and SHA-256, read in pieces, one byte past the expected end at most."""
    digest, size = hashlib.sha256(), 0
    while piece := os.pread(descriptor, min(CHUNK, expected + 1 - size), size):
        digest.update(piece)
        size += len(piece)
        if size > expected:
            break
    return size, digest.hexdigest()
