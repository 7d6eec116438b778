"""Wording shared by error messages: the nearest right word, kinds of values, short lists."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence


def nearest(word: str, choices: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The choice most like ``word``, or "" when none is at least ``cutoff`` (0 to 1) alike."""
    known = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=cutoff)
    return known[found[0]] if found else ""


def suggestion(word: str, choices: Iterable[str], *, what: str = "known") -> str:
    """A hint: the nearest choice, or a short list of all of them."""
    known = sorted(set(choices))
    near = nearest(word, known)
    if near:
        return f"did you mean {near!r}?"
    if not known:
        return ""
    return f"{what}: {listed(known)}"


def listed(words: Iterable[str], limit: int = 20) -> str:
    """Words joined by commas, cut off after ``limit``."""
    every = list(words)
    shown = ", ".join(every[:limit])
    return f"{shown} and {len(every) - limit} more" if len(every) > limit else shown


def kind(value: object) -> str:
    """What a user would call the type of ``value``."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true/false"),
        ((int, float), "a number"),
        (str, "text"),
        (Mapping, "a mapping"),
        (Sequence, "a list"),
    )
    if value is None:
        return "nothing"
    return next((name for types, name in names if isinstance(value, types)), type(value).__name__)


def shown(value: object, limit: int = 60) -> str:
    """``value`` as it may stand in a message: one line, bounded."""
    text = repr(str(value) if isinstance(value, str) else value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
