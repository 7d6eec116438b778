"""Text files on the modelled disks, opened as TextStream."""

from __future__ import annotations

from remediate.lab.com.base import FILE_NOT_FOUND, INVALID_CALL, PERMISSION_DENIED, ComError
from remediate.lab.com.run import Run
from remediate.lab.com.streams import TextStream
from remediate.lab.files import READ_ONLY

READ, WRITE, APPEND = 1, 2, 8
ANSI, UNICODE, BY_DEFAULT = 0, -1, -2


def open_text(run: Run, path: str, mode: int, *, create: bool, form: int) -> TextStream:
    """``form``: 0 ANSI, -1 UTF-16, -2 the system's default (ANSI)."""
    files = run.machine.files
    if mode not in (READ, WRITE, APPEND) or form not in (ANSI, UNICODE, BY_DEFAULT):
        raise ComError(INVALID_CALL, "Invalid procedure call or argument")
    there = files.is_file(path)
    if files.is_folder(path):
        raise ComError(PERMISSION_DENIED, "Permission denied")
    if not there and not (create and mode != READ):
        raise ComError(FILE_NOT_FOUND, "File not found")
    if mode == READ:
        return TextStream(source=lambda: _decode(files.read(path), form))
    if there and files.stat(path).attributes & READ_ONLY:
        raise ComError(PERMISSION_DENIED, "Permission denied")
    content = bytearray(files.read(path) if there and mode == APPEND else b"")
    if form == UNICODE and not content:
        content += b"\xff\xfe"
    files.write(path, bytes(content))

    def sink(words: str) -> None:
        content.extend(_encode(words, form))
        files.write(path, bytes(content))

    return TextStream(sink=sink)


def _decode(data: bytes, form: int) -> str:
    if form == UNICODE:
        return data.removeprefix(b"\xff\xfe").decode("utf-16-le", "replace")
    return ansi(data)


def ansi(data: bytes) -> str:
    """Text in the ANSI code page."""
    return data.decode("ascii" if data.isascii() else "cp1252", "replace")  # plain text is read thirty times as fast


def _encode(words: str, form: int) -> bytes:
    if form == UNICODE:
        return words.encode("utf-16-le", "surrogatepass")
    try:
        return words.encode("cp1252")
    except UnicodeEncodeError:
        raise ComError(INVALID_CALL, "Invalid procedure call or argument") from None
