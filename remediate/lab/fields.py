"""Reads one mapping of a lab file key by key, so that a wrong key or type becomes a sentence with a position."""

from __future__ import annotations

import copy
import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from remediate.errors import UserError
from remediate.model import Source


def source_of(mapping: object, key: str = "", *, default: Source | None = None) -> Source | None:
    """The position of ``key`` (or of the mapping) where the YAML reader recorded one; plain dicts have none."""
    finder = getattr(mapping, "key_source", None)
    found: object = None
    if key and finder is not None:
        try:
            found = finder(key)
        except KeyError:
            found = None
    found = found or getattr(mapping, "source", None)
    return found if isinstance(found, Source) else default


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint naming the known word closest to ``word``, or all of them."""
    close = difflib.get_close_matches(word, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"


class Fields:
    """One mapping; every key must be asked for before ``done``."""

    def __init__(self, data: object, what: str, *, source: Source | None = None) -> None:
        if not isinstance(data, Mapping):
            raise UserError(f"{what} must be a mapping, not {kind(data)}", source=source)
        self.data = cast("Mapping[str, object]", data)
        self.what = what
        self.source = source_of(data, default=source)
        self._asked: dict[str, None] = {}

    def has(self, key: str) -> bool:
        self._asked[key] = None
        return self.data.get(key) is not None

    def wrong(self, key: str, expected: str) -> UserError:
        value = self.data.get(key)
        where = source_of(self.data, key, default=self.source)
        return UserError(f"{self.what}: {key} must be {expected}, not {kind(value)} {value!r}", source=where)

    def text(self, key: str, default: str = "") -> str:
        if not self.has(key):
            return default
        value = self.data[key]
        if not isinstance(value, str):
            raise self.wrong(key, "text")
        return str(value)

    def choice(self, key: str, known: Sequence[str], default: str = "") -> str:
        value = self.text(key, default)
        if value != default and value not in known:
            where = source_of(self.data, key, default=self.source)
            raise UserError(f"{self.what}: {key} cannot be {value!r}", source=where, hint=nearest(value, known))
        return value

    def number(self, key: str, default: float = 0.0) -> float:
        if not self.has(key):
            return default
        value = self.data[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.wrong(key, "a number")
        return float(value)

    def whole(self, key: str, default: int = 0) -> int:
        if not self.has(key):
            return default
        value = self.data[key]
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(key, "a whole number")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        if not self.has(key):
            return default
        value = self.data[key]
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of texts; a lone text counts as a list of one."""
        if not self.has(key):
            return ()
        value = self.data[key]
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
            raise self.wrong(key, "a list of texts")
        return tuple(str(item) for item in items)

    def mapping(self, key: str) -> Mapping[str, object]:
        if not self.has(key):
            return {}
        value = self.data[key]
        if not isinstance(value, Mapping):
            raise self.wrong(key, "a mapping")
        return value

    def sequence(self, key: str) -> Sequence[object]:
        if not self.has(key):
            return ()
        value = self.data[key]
        if not isinstance(value, list | tuple):
            raise self.wrong(key, "a list")
        return value

    def sub(self, key: str) -> Fields:
        """The mapping under ``key`` as Fields of its own; empty when absent."""
        where = source_of(self.data, key, default=self.source)
        return Fields(self.mapping(key), f"{self.what}: {key}", source=where)

    def only(self, keys: Iterable[str]) -> Mapping[str, object]:
        """The part of the mapping under ``keys``, positions kept where there are any; counts as asked for."""
        wanted = set(keys)
        self._asked |= dict.fromkeys(keys)
        part = copy.copy(self.data)
        if isinstance(part, dict):
            for key in [key for key in part if key not in wanted]:
                del part[key]
        return part

    def done(self) -> None:
        """Raises UserError for the first key nobody asked for."""
        for key in self.data:
            if key not in self._asked:
                where = source_of(self.data, str(key), default=self.source)
                hint = nearest(str(key), tuple(self._asked))
                raise UserError(f"{self.what}: {key!r} is not known", source=where, hint=hint)


def kind(value: object) -> str:
    """What a YAML user calls the type of ``value``."""
    if value is None:
        return "nothing"
    words = {bool: "true/false", int: "number", float: "number", str: "text", list: "list", dict: "mapping"}
    for base, word in words.items():
        if isinstance(value, base):
            return word
    return type(value).__name__
