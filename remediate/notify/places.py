"""Finds the line of a setting inside ``[[notify]]``: the TOML reader itself forgets where things stood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from remediate.model import Source

_HEADER = re.compile(r"""^\s*(\[\[?)\s*["']?([\w-]+)["']?\s*((?:\.[^\]]*)?)\]""")
_QUOTES = re.compile(r'"""|\'\'\'')


@dataclass(frozen=True, slots=True)
class Places:
    """A settings file that is valid TOML. What is not found has the place of what it is in."""

    file: str
    text: str

    def of(self, entry: int, *keys: str) -> Source:
        """Where ``keys`` (one inside the other) stand in the entry of that number, counted from 0."""
        lines = self.text.splitlines()
        outside = list(_outside_of_long_texts(lines))
        starts = [number for number in outside if _is_entry(lines[number])]
        if entry >= len(starts):
            return self._first(lines, range(len(lines)), "notify", Source(self.file))
        begin = starts[entry]
        end = next((n for n in outside if n > begin and _ends_entry(lines[n])), len(lines))
        place, inside = self._at(lines, begin, 0), [number for number in outside if begin < number < end]
        for key in keys:
            found = self._first(lines, inside, key, place)
            if found is not place:
                inside = [number for number in inside if number >= found.line - 1]
            place = found
        return place

    def _first(self, lines: list[str], numbers: range | list[int], key: str, otherwise: Source) -> Source:
        """The first line that gives ``key`` a value: at its beginning, as a table, or inside braces."""
        name = rf"""["']?{re.escape(key)}["']?"""
        pattern = re.compile(rf"(?:^\s*|[{{,.]\s*|^\s*\[+\s*(?:notify\s*\.\s*)?)({name})\s*(?:=|\.|\])")
        for number in numbers:
            found = pattern.search(lines[number])
            if found:
                beginning = not lines[number][: found.start(1)].strip("[ \t")
                return self._at(lines, number, 0 if beginning else found.start(1))
        return otherwise

    def _at(self, lines: list[str], number: int, column: int) -> Source:
        indent = len(lines[number]) - len(lines[number].lstrip())
        return Source(self.file, number + 1, max(column, indent) + 1)


def _is_entry(text: str) -> bool:
    found = _HEADER.match(text)
    return bool(found and found[1] == "[[" and found[2] == "notify" and not found[3])


def _ends_entry(text: str) -> bool:
    """A header that is not of a table inside the entry."""
    found = _HEADER.match(text)
    return bool(found and not (found[2] == "notify" and found[3]))


def _outside_of_long_texts(lines: list[str]) -> Iterator[int]:
    """Numbers of the lines that do not begin inside a text of several lines."""
    within = ""
    for number, text in enumerate(lines):
        if not within:
            yield number
        for mark in _QUOTES.findall(text):
            within = "" if within == mark else within or mark
