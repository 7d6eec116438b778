"""Turns the Changes of a step into what a person compares: attribute by attribute, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from remediate.model import Certainty, Change, Effect, Json
from remediate.reports.text import duration, one_line, plain_value

MOST = 200
"""Rows of one step's attribute table; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One row of the table: what of which thing, as it was and as it becomes."""

    target: str
    attribute: str
    before: str
    after: str


def attributes(changes: Iterable[Change]) -> tuple[Attribute, ...]:
    """One row for each attribute that differs; a plain value is one row without attribute name."""
    return tuple(row for change in changes for row in _rows(change))


def _rows(change: Change) -> Iterator[Attribute]:
    target = one_line(change.target)
    names = _attribute_names(change.before, change.after)
    pairs = _parts(change.before, change.after)
    if pairs:
        yield from (
            Attribute(target, "", one_line(before), one_line(after)) for before, after in pairs if before != after
        )
    elif not names:
        yield Attribute(target, "", plain_value(change.before), plain_value(change.after))
    for name in names:
        before, after = _part(change.before, name), _part(change.after, name)
        if before != after:
            yield Attribute(target, one_line(name), plain_value(before), plain_value(after))


def _attribute_names(before: Json, after: Json) -> tuple[str, ...]:
    """The attributes to compare when at least one side is a mapping and the other a mapping or nothing."""
    sides = [side for side in (before, after) if side is not None]
    if not sides or not all(isinstance(side, Mapping) for side in sides):
        return ()
    names: dict[str, None] = {}
    for side in sides:
        if isinstance(side, Mapping):
            names.update(dict.fromkeys(side))
    return tuple(names)


def _parts(before: Json, after: Json) -> list[tuple[str, str]]:
    """Texts that list as many things on both sides (``6.5.7226.0, 3,229,184 bytes``), thing by thing; else empty."""
    if not isinstance(before, str) or not isinstance(after, str):
        return []
    old, new = before.split(", "), after.split(", ")
    return list(zip(old, new, strict=True)) if len(old) == len(new) > 1 else []


def _part(side: Json, name: str) -> Json:
    return side.get(name) if isinstance(side, Mapping) else None


def headline(change: Change, *, full: bool = False) -> str:
    """One line: what becomes what, and what that does to the host; ``full`` also what cannot be undone."""
    text = f"{one_line(change.target)}: {_short(change.before)} -> {_short(change.after)}"
    remarks = []
    if change.effect is not Effect.NONE:
        remarks.append(change.effect.value)
    if change.seconds >= 10:
        remarks.append(f"about {duration(change.seconds)}")
    if full and not change.reversible:
        remarks.append("not reversible")
    if change.certainty is Certainty.AFTER_APPLY:
        remarks.append(change.certainty.value)
    return f"{text} ({', '.join(remarks)})" if remarks else text


def _short(value: Json) -> str:
    """A mapping shortened to its version, or to the value all its entries share; other values to 60 characters."""
    if value is None:
        return "absent"
    if isinstance(value, Mapping) and value.get("version"):
        return one_line(str(value["version"]), 60)
    if isinstance(value, Mapping) and len(value) > 1 and len({plain_value(item) for item in value.values()}) == 1:
        return f"{one_line(plain_value(next(iter(value.values()))), 60)} (all {len(value)})"
    text = plain_value(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
