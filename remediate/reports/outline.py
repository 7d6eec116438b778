"""Plain data (a State) as an outline a person can read: names, values, small tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from remediate.reports.plain import aligned
from remediate.reports.text import one_line, plain_value

INDENT = "  "
DEEPEST = 6
MOST = 200
"""Rows of one list; the rest is counted."""
WIDE = 60
"""Cells are cut behind this many characters; ``--format json`` has them whole."""


def outline(data: Mapping[str, object], depth: int = 0) -> Iterator[str]:
    """``name  value`` lines; mappings below their name, lists of mappings as a table."""
    width = max((len(_name(key)) for key, value in data.items() if not _nested(value)), default=0)
    for key, value in data.items():
        if not _nested(value):
            yield f"{INDENT * depth}{_name(key):<{width}}  {plain_value(value)}"
            continue
        yield f"{INDENT * depth}{_name(key)}"
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from _mapping(value, depth + 1)
        elif isinstance(value, Sequence):
            yield from (INDENT * (depth + 1) + line for line in _rows(value))


def _mapping(value: Mapping[str, object], depth: int) -> Iterator[str]:
    """A table when every entry is a mapping itself (files by name), an outline else."""
    entries = list(value.values())
    if len(entries) > 1 and all(
        isinstance(entry, Mapping) and not any(map(_nested, entry.values())) for entry in entries
    ):
        rows = [{"name": key, **entry} for key, entry in value.items() if isinstance(entry, Mapping)]
        yield from (INDENT * depth + line for line in _rows(rows))
    else:
        yield from outline(value, depth)


def _nested(value: object) -> bool:
    """Whether a value needs lines of its own."""
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value)


def _rows(items: Sequence[object]) -> list[str]:
    """A list of mappings as a table, its columns in the order they first turn up."""
    shown = [item if isinstance(item, Mapping) else {"": item} for item in items[:MOST]]
    titles = tuple(dict.fromkeys(str(key) for item in shown for key in item))
    cells: list[tuple[str, ...]] = [tuple(_name(title) for title in titles)]
    cells += [tuple(_cell(item, title) for title in titles) for item in shown]
    lines = aligned(cells)
    return [*lines, f"... and {len(items) - MOST} more"] if len(items) > MOST else lines


def _cell(item: Mapping[str, object], title: str) -> str:
    value = item.get(title)
    text = "" if value in (None, "", [], {}) else plain_value(value)
    return text if len(text) <= WIDE else f"{text[: WIDE - 3]}..."


def _name(key: str) -> str:
    return one_line(str(key)).replace("_", " ") if str(key).islower() else one_line(str(key))
