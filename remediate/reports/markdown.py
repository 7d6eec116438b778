"""Sections as Markdown: nothing in a cell can become a link, a heading, HTML or another cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from remediate.reports.evidence import Section

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~@$])")
_LINK = re.compile(r"\b(https?|ftp|mailto|www)([:.])", re.IGNORECASE)


def escaped(text: str) -> str:
    """``text`` as a reader sees it, whatever is in it."""
    plain = _SPECIAL.sub(r"\\\1", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _LINK.sub(r"\1\\\2", plain)


def markdown(sections: Sequence[Section]) -> str:
    """The whole page."""
    return "\n".join(line for number, section in enumerate(sections) for line in _section(section, number))


def _section(section: Section, number: int) -> Iterator[str]:
    yield f"{'##' if number else '#'} {escaped(section.title)}"
    yield ""
    if section.text:
        yield from (escaped(section.text), "")
    if section.rows:
        yield _row(section.titles)
        yield f"|{'---|' * len(section.titles)}"
        yield from map(_row, section.rows)
        yield ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(escaped(cell) for cell in cells) + " |"
