"""Regular expressions of playbooks and command lines, each search of which ends in time, whatever the pattern."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import regex

from remediate.language.words import shown

if TYPE_CHECKING:
    from regex import Match, Pattern

SECONDS = 1.0
"""What one search may take."""


@dataclass(frozen=True, slots=True)
class Bounded:
    """A pattern. Each use raises ``ValueError`` where it takes too long, as one does that tries all ways to match."""

    pattern: Pattern[str]
    seconds: float = SECONDS

    def search(self, text: str) -> Match[str] | None:
        with self._in_time():
            return self.pattern.search(text, timeout=self.seconds, concurrent=True)

    def match(self, text: str) -> Match[str] | None:
        with self._in_time():
            return self.pattern.match(text, timeout=self.seconds, concurrent=True)

    def findall(self, text: str) -> list[object]:
        with self._in_time():
            return self.pattern.findall(text, timeout=self.seconds, concurrent=True)

    def finditer(self, text: str) -> Iterator[Match[str]]:
        with self._in_time():
            yield from self.pattern.finditer(text, timeout=self.seconds, concurrent=True)

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            text = (
                f"the regular expression {shown(self.pattern.pattern)} takes more than {self.seconds:g} s on this text"
            )
            raise ValueError(f"{text}: do not repeat what is repeated, as in (a+)+") from None


def compiled(pattern: str, ignorecase: bool = False, multiline: bool = False) -> Bounded:
    """A regular expression; ValueError for what is none. What may be read otherwise one day is no news here."""
    flags = (regex.IGNORECASE if ignorecase else 0) | (regex.MULTILINE if multiline else 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Bounded(regex.compile(pattern, flags))
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        at = getattr(error, "pos", None)
        where = f": see from character {max(at, 1)} on" if isinstance(at, int) else ""
        raise ValueError(f"{shown(pattern)} is not a regular expression{where}") from None


def test(name: str) -> Callable[..., bool]:
    """What ``is search`` and ``is match`` ask; ``name``: how a pattern is held against a text."""

    def asked(text: object, pattern: str = "", ignorecase: object = False, multiline: object = False) -> bool:
        found = compiled(pattern, bool(ignorecase), bool(multiline))
        return bool(found.match(str(text)) if name == "match" else found.search(str(text)))

    return asked
