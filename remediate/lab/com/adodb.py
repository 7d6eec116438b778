"""ADODB.Stream: binary files for scripts, which the FileSystemObject does not give them."""

from __future__ import annotations

from remediate.lab.com.base import ByteArray, ComError, ComObject, Refused, integer, text
from remediate.lab.com.run import Run
from remediate.lab.errors import LabError, NotModelled

BINARY, TEXT = 1, 2
CREATE_NOT_EXIST, CREATE_OVERWRITE = 1, 2
NOT_OPEN = 0x800A0E78
NOT_ALLOWED = 0x800A0C93
WRONG_TYPE = 0x800A0BB9
CANNOT_WRITE = 0x800A0BBC
CANNOT_OPEN = 0x800A0BBA
CHARSETS = {"us-ascii": "ascii", "windows-1252": "cp1252", "utf-8": "utf-8", "unicode": "utf-16-le"}


class Stream(ComObject):
    """A stream in memory with a position, loaded from and saved to files."""

    prog = "ADODB.Stream"

    def __init__(self, run: Run) -> None:
        self._run = run
        self._data = bytearray()
        self._at = 0
        self._type = TEXT
        self._open = False
        self._charset = "unicode"

    def _check(self, kind: int = 0) -> None:
        if not self._open:
            raise ComError(NOT_OPEN, "Operation is not allowed when the object is closed.")
        if kind and kind != self._type:
            raise ComError(NOT_ALLOWED, "Operation is not allowed in this context.")

    def open(self) -> None:
        if self._open:
            raise ComError(0x800A0E79, "Operation is not allowed when the object is open.")
        self._open = True

    def close(self) -> None:
        self._check()
        self._open = False
        self._data.clear()
        self._at = 0

    @property
    def state(self) -> int:
        return 1 if self._open else 0

    @property
    def type(self) -> int:
        return self._type

    @type.setter  # noqa: A003 - ADODB's word
    def type(self, value: object) -> None:
        if integer(value) not in (BINARY, TEXT):
            raise ComError(WRONG_TYPE, _WRONG)
        if self._at:
            raise ComError(NOT_ALLOWED, "Operation is not allowed in this context.")
        self._type = integer(value)

    @property
    def charset(self) -> str:
        return self._charset

    @charset.setter
    def charset(self, value: object) -> None:
        name = text(value).lower()
        if name not in CHARSETS:
            raise Refused(WRONG_TYPE, _WRONG, f"ADODB.Stream charset {name}")
        self._charset = name

    @property
    def size(self) -> int:
        self._check()
        return len(self._data)

    @property
    def position(self) -> int:
        self._check()
        return self._at

    @position.setter
    def position(self, value: object) -> None:
        self._check()
        if not 0 <= integer(value) <= len(self._data):
            raise ComError(WRONG_TYPE, _WRONG)
        self._at = integer(value)

    @property
    def eos(self) -> bool:
        self._check()
        return self._at >= len(self._data)

    def set_eos(self) -> None:
        self._check()
        del self._data[self._at :]

    def _put(self, data: bytes) -> None:
        if self._at == len(self._data):
            self._data += data  # a slice would copy the bytes once more
        else:
            self._data[self._at : self._at + len(data)] = data
        self._at += len(data)

    def _take(self, count: int) -> bytes:
        end = len(self._data) if count < 0 else min(self._at + count, len(self._data))
        with memoryview(self._data) as whole:
            piece = bytes(whole[self._at : end])
        self._at = end
        return piece

    def write(self, data: object) -> None:
        self._check(BINARY)
        if not isinstance(data, ByteArray):
            raise ComError(WRONG_TYPE, _WRONG)
        self._put(data.com_bytes())

    def read(self, count: object = -1) -> ByteArray | None:
        """Null at the end of the stream."""
        self._check(BINARY)
        piece = self._take(integer(count, -1))
        return ByteArray(piece) if piece else None

    def write_text(self, words: object, option: object = 0) -> None:
        self._check(TEXT)
        line = text(words) + ("\r\n" if integer(option) == 1 else "")
        if not self._data and self._charset in ("unicode", "utf-8"):
            self._put(b"\xff\xfe" if self._charset == "unicode" else b"\xef\xbb\xbf")
        self._put(line.encode(CHARSETS[self._charset], "replace"))

    def read_text(self, count: object = -1) -> str:
        self._check(TEXT)
        if integer(count, -1) != -1:
            raise Refused(NOT_ALLOWED, "Operation is not allowed in this context.", "ADODB.Stream.ReadText(n)")
        words = self._take(-1).decode(CHARSETS[self._charset], "replace")
        return words.removeprefix("\ufeff")

    def load_from_file(self, path: object) -> None:
        self._check()
        try:
            self._data[:] = self._run.machine.files.read(self._run.path(path))
        except NotModelled:
            raise
        except LabError:
            raise ComError(CANNOT_OPEN, "File could not be opened.") from None
        self._at = 0

    def save_to_file(self, path: object, option: object = CREATE_NOT_EXIST) -> None:
        self._check()
        full = self._run.path(path)
        files = self._run.machine.files
        if integer(option, 1) == CREATE_NOT_EXIST and files.exists(full):
            raise ComError(CANNOT_WRITE, "Write to file failed.")
        try:
            files.write(full, bytes(self._data))
        except LabError:
            raise ComError(CANNOT_WRITE, "Write to file failed.") from None
        self._at = 0


_WRONG = "Arguments are of the wrong type, are out of acceptable range, or are in conflict with one another."
