"""Picks the sinks of a run: who reads standard output, a person at a terminal, a pipe or a program wanting JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TextIO

from remediate.reports.losable import Losable
from remediate.reports.redact import Redacting, Redactor

if TYPE_CHECKING:
    from remediate.events import Sink

Format = Literal["human", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user asked of the output."""

    format: Format = "human"
    verbosity: int = 0
    diff: bool = False
    color: bool = True


def sinks(
    wishes: Wishes,
    stdout: TextIO,
    stderr: TextIO,
    redactor: Redactor,
    lost: Callable[[str, str], object] = lambda _what, _why: None,
) -> tuple[Sink, ...]:
    """The sinks of one run. With JSON the document goes to ``stdout`` and the progress to ``stderr``.

    ``lost``: told what part of the output fails, and why.
    """
    found: tuple[Sink, ...]
    if wishes.format == "json":
        from remediate.reports.jsonreport import JsonReport

        write = line_writer(stdout)
        states = wishes.diff or wishes.verbosity > 1
        document = JsonReport(lambda text: write(redactor.printed(text)), states=states)
        found = (Redacting(document, redactor), Redacting(_for_people(wishes, stderr), redactor))
    else:
        found = (Redacting(_for_people(wishes, stdout), redactor),)

    def say(text: str) -> None:
        with suppress(OSError, ValueError):
            stderr.write(redactor.printed(text))
            stderr.flush()

    names = ("the document", "the progress") if wishes.format == "json" else ("what is shown",)
    return tuple(Losable(sink, say, partial(lost, name)) for name, sink in zip(names, found, strict=True))


def _for_people(wishes: Wishes, stream: TextIO) -> Sink:
    if not stream.isatty():
        from remediate.reports.plain import Plain

        return Plain(line_writer(stream), verbosity=wishes.verbosity, diff=wishes.diff)
    from rich.console import Console as RichConsole

    from remediate.reports.console import Console

    rich = RichConsole(file=stream, no_color=not wishes.color, highlight=False, markup=False, emoji=False)
    return Console(rich, clock=time.monotonic, verbosity=wishes.verbosity, diff=wishes.diff)


def line_writer(stream: TextIO) -> Callable[[str], None]:
    """Writes whole lines, each visible at once."""

    def write(line: str) -> None:
        stream.write(line + "\n")
        stream.flush()

    return write
