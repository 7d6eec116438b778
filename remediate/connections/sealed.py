"""A file of this side on its way to hosts: what is sent are the bytes that were looked at, or nothing."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from remediate.errors import Failed, UserError

BLOCK = 1 << 18
"""Bytes that are compared before they leave."""
LOCAL = "this is no trouble of the host: see who writes to that file on this side, then run again"


class Sealed:
    """Read through once when it is made; each part is compared with that reading before it is given out."""

    def __init__(self, local: Path, *, sha256: str = "", block: int = BLOCK) -> None:
        """``sha256``: what the file has to be. UserError when it is no readable file, Failed when it is another."""
        self.local = local
        self._block = block
        self._blocks: list[bytes] = []
        whole, self.size = hashlib.sha256(), 0
        for part in self._read():
            whole.update(part)
            self._blocks.append(hashlib.sha256(part).digest())
            self.size += len(part)
        self.sha256 = whole.hexdigest()
        if sha256 and self.sha256 != sha256.lower():
            raise Failed(
                f"{local} changed on this side since it was looked at: its SHA-256 is {self.sha256}, it was {sha256}; "
                "nothing was sent",
                remedy=LOCAL,
            )

    def parts(self) -> Iterator[bytes]:
        """The whole file."""
        count = 0
        for number, part in enumerate(self._read()):
            yield self._compared(number, part)
            count += 1
        if count != len(self._blocks):
            raise self._changed()

    def part(self, number: int) -> bytes:
        """The block at ``number``."""
        with self._open() as descriptor:
            return self._compared(number, _whole(descriptor, self._block, number * self._block))

    def _compared(self, number: int, part: bytes) -> bytes:
        if number >= len(self._blocks) or hashlib.sha256(part).digest() != self._blocks[number]:
            raise self._changed()
        return part

    def _changed(self) -> Failed:
        return Failed(
            f"{self.local} changed on this side during its upload; what had arrived of it is not used", remedy=LOCAL
        )

    def _read(self) -> Iterator[bytes]:
        with self._open() as descriptor:
            at = 0
            while part := _whole(descriptor, self._block, at):
                yield part
                at += len(part)

    @contextmanager
    def _open(self) -> Iterator[int]:
        """Regular files only: a pipe would wait for ever, a device never end."""
        try:
            descriptor = os.open(self.local, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UserError(f"{self.local} is no regular file", hint="name a file of this machine")
            yield descriptor
        except OSError as error:  # not to be taken for trouble with the wire
            raise self._unreadable(error) from None
        finally:
            os.close(descriptor)

    def _unreadable(self, error: Exception) -> UserError:
        return UserError(f"{self.local} cannot be read: {getattr(error, 'strerror', None) or error}")


def _whole(descriptor: int, size: int, at: int) -> bytes:
    """``size`` bytes from ``at``, fewer only where the file ends."""
    part = os.pread(descriptor, size, at)
    while part and len(part) < size and (more := os.pread(descriptor, size - len(part), at + len(part))):
        part += more
    return part
