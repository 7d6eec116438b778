"""Scripts on their way to a host: through standard input, with data along, and those that never answered."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from remediate.connections.order import LIMIT

Script = Callable[[str, str], str]
"""(toolkit folder, path of the script) -> text of the script."""

ANSWER_LIMIT = LIMIT + 65536
"""Bytes a script may print: its JSON, and what other programs print in between."""
LINE = 675
"""Bytes per line of base64: 900 characters, whole quadruples."""
_BLOCK = 96
"""Lines handed over at once: few enough that one block fits into one message of WinRM 2.0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Bytes that travel in a comment a script begins with; ``heard`` is told how much of them has left (0 to 1)."""

    data: bytes
    heard: Callable[[float], None]

    def blocks(self) -> Iterator[bytes]:
        """The comment, in whole lines. Base64 has no asterisk, so it ends where it should."""
        width, size = LINE // 3 * 4, LINE * _BLOCK
        yield b"/*data\r\n"
        for at in range(0, len(self.data), size):
            if at:
                self.heard(at / len(self.data))
            text = base64.b64encode(self.data[at : at + size])
            yield b"".join([text[n : n + width] + b"\r\n" for n in range(0, len(text), width)])
        yield b"*/\r\n"


class Leftovers:
    """Names of scripts that did not answer, and so may still lie on the host, for the next one to remove."""

    def __init__(self) -> None:
        self._unanswered: list[str] = []

    def before(self, nonce: str) -> list[str]:
        """Those so far; ``nonce`` counts from now on."""
        found = list(self._unanswered)
        self._unanswered = [*self._unanswered[-20:], nonce]
        return found

    def answered(self, nonce: str) -> None:
        """A script that answered has removed itself, and those before it."""
        if nonce in self._unanswered:
            del self._unanswered[: self._unanswered.index(nonce) + 1]


def by_stdin(folder: str, nonce: str, script: Script, attachment: Attachment | None) -> tuple[str, Iterator[bytes]]:
    """The command line that writes the script it reads and runs it, and what to feed it.

    ``rd`` takes an empty folder only: a look leaves no trace, and what another controller has there is safe.
    """
    path = f"{folder}\\{nonce}.js"
    # every line ends with a newline and has fewer than 1000 characters: findstr hangs or cuts otherwise (likely)
    command = f'mkdir "{folder}" 2>nul & findstr "^" > "{path}" & cscript //nologo "{path}" && rd "{folder}" 2>nul'
    return command, _blocks(script(folder, path), attachment)


def _blocks(text: str, attachment: Attachment | None) -> Iterator[bytes]:
    if attachment is not None:
        yield from attachment.blocks()
    lines = text.splitlines()
    for at in range(0, len(lines), _BLOCK):
        yield "".join(f"{line}\r\n" for line in lines[at : at + _BLOCK]).encode()
