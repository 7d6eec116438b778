"""Values on their way between Python and the script engine, which lets only primitives through."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from remediate.lab.com.base import METHOD, TYPE_MISMATCH, ByteArray, ComError, ComObject, signed

Primitive = bool | int | float | str | None
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT32 = 1 << 31


class ScriptObject:
    """An object of the script itself: only Echo and the like can take it, as its own text."""

    def __init__(self, shown: str) -> None:
        self.shown = shown


class Wire:
    """The table of objects a script holds, and both directions of conversion."""

    __slots__ = ("_objects",)

    def __init__(self, first: ComObject) -> None:
        self._objects: list[ComObject] = [first, first]

    def held(self, handle: int) -> ComObject:
        return self._objects[handle]

    def to_script(self, value: object) -> Primitive:
        if value is None or isinstance(value, bool | float):
            return value
        if isinstance(value, str):
            return value if value.isascii() and "\0" not in value and value[:1] != "\x01" else _text(value)
        if isinstance(value, int):
            return value if -_INT32 <= value < _INT32 else float(value)
        if isinstance(value, ComObject):
            self._objects.append(value)
            return f"\x01{'f' if value.default else 'h'}{len(self._objects) - 1}"
        if value is METHOD:
            return "\x01m"
        if isinstance(value, datetime):
            local = value.replace(tzinfo=UTC)
            return f"\x01l{round((local - EPOCH) / timedelta(milliseconds=1))}"
        if isinstance(value, bytes):
            return self.to_script(ByteArray(value))
        if isinstance(value, list | tuple):
            return "\x01a" + json.dumps([self.to_script(item) for item in value])
        raise TypeError(f"a COM member returned {type(value).__name__}")

    def from_script(self, value: object) -> object:
        if not isinstance(value, str):
            if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
                return int(value)
            return value
        if value[:1] != "\x01":
            return value
        tag, rest = value[1], value[2:]
        readers: dict[str, Callable[[str], object]] = {
            "h": lambda text: self._objects[int(text)],
            "j": json.loads,
            "a": lambda text: [self.from_script(item) for item in json.loads(text)],
            "l": lambda text: (EPOCH + timedelta(milliseconds=float(text))).replace(tzinfo=None),
            "o": lambda text: ScriptObject(json.loads(text)),
        }
        if tag not in readers:
            raise ComError(TYPE_MISMATCH, "Type mismatch")
        return readers[tag](rest)


def _text(value: str) -> str:
    if "\0" not in value and value[:1] != "\x01":
        try:
            value.encode()
        except UnicodeEncodeError:
            pass  # a lone surrogate: only JSON's escapes carry it
        else:
            return value
    return "\x01j" + json.dumps(value)


def error(number: int, text: str, source: str = "") -> str:
    """A COM error as the prelude throws it."""
    return "\x01e" + json.dumps({"number": signed(number), "text": text, "source": source})
