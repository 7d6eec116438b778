"""TextStream: standard streams and text files as the script host gives them."""

from __future__ import annotations

from collections.abc import Callable

from remediate.lab.com.base import PAST_END, ComError, ComObject, integer, text

BAD_MODE = 0x800A0036


class TextStream(ComObject):
    """Reads from ``source`` or writes through ``sink``, never both; lines end in CR LF."""

    prog = "TextStream"

    def __init__(self, *, source: Callable[[], str] | None = None, sink: Callable[[str], None] | None = None) -> None:
        self._source = source
        self._sink = sink
        self._read: str | None = None
        self._at = 0
        self._line = 1
        self._closed = False

    def _text(self) -> str:
        if self._source is None or self._closed:
            raise ComError(BAD_MODE, "Bad file mode")
        if self._read is None:
            self._read = self._source()
        return self._read

    def _take(self, end: int) -> str:
        content = self._text()
        if self._at >= len(content):
            raise ComError(PAST_END, "Input past end of file")
        piece, self._at = content[self._at : end], min(end, len(content))
        self._line += piece.count("\n")
        return piece

    def read_all(self) -> str:
        return self._take(len(self._text()))

    def read(self, count: object) -> str:
        return self._take(self._at + integer(count))

    def read_line(self) -> str:
        end = self._text().find("\n", self._at)
        return self._take(len(self._text()) if end < 0 else end + 1).rstrip("\r\n")

    def skip_line(self) -> None:
        self.read_line()

    def skip(self, count: object) -> None:
        self.read(count)

    @property
    def at_end_of_stream(self) -> bool:
        return self._at >= len(self._text())

    @property
    def at_end_of_line(self) -> bool:
        return self._text()[self._at : self._at + 1] in ("", "\r", "\n")

    @property
    def line(self) -> int:
        return self._line

    def write(self, words: object) -> None:
        if self._sink is None or self._closed:
            raise ComError(BAD_MODE, "Bad file mode")
        self._sink(text(words))

    def write_line(self, words: object = "") -> None:
        self.write(text(words) + "\r\n")

    def write_blank_lines(self, count: object) -> None:
        self.write("\r\n" * integer(count))

    def close(self) -> None:
        self._closed = True
