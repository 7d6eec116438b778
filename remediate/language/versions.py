"""Comparing version numbers as people mean it: by their numeric parts."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_PART = re.compile(r"\d+|[a-zA-Z]+")


def version_key(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sortable form: numbers by value, letters (``rc1``) before numbers, zeros at the end without weight."""
    parts: list[tuple[int, int | str]] = [
        (1, int(part)) if part.isdigit() else (0, part.lower()) for part in _PART.findall(text)
    ]
    while parts and parts[-1] == (1, 0):
        parts.pop()
    return tuple(parts)


def _operators() -> Mapping[str, Callable[[Any, Any], bool]]:
    words: dict[Callable[[Any, Any], bool], tuple[str, ...]] = {
        operator.eq: ("==", "=", "eq"),
        operator.ne: ("!=", "<>", "ne"),
        operator.lt: ("<", "lt"),
        operator.le: ("<=", "le"),
        operator.gt: (">", "gt"),
        operator.ge: (">=", "ge"),
    }
    return {word: function for function, forms in words.items() for word in forms}


def compare(left: object, right: object, relation: str = "eq") -> bool:
    """Whether ``left relation right`` holds. Raises ValueError for something that is no version, or no relation."""
    operators = _operators()
    if relation not in operators:
        raise ValueError(f"unknown comparison {relation!r}; known: {', '.join(operators)}")
    for value in (left, right):
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not _PART.search(str(value)):
            raise ValueError(f"{value!r} is not a version number")
    return operators[relation](version_key(str(left)), version_key(str(right)))
