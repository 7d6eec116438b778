"""Scripting.Dictionary: JScript's only way to make a SAFEARRAY."""

from __future__ import annotations

from remediate.lab.com.base import ComError, ComObject
from remediate.lab.com.run import Run

Key = str | int | float | None


class Dictionary(ComObject):
    """Keys are compared exactly; order is the order of adding."""

    default = "Item"
    prog = "Scripting.Dictionary"

    def __init__(self, run: Run) -> None:  # noqa: ARG002 - every factory takes the run
        self._values: dict[Key, object] = {}

    def add(self, key: object, value: object) -> None:
        if _key(key) in self._values:
            raise ComError(0x800A01C9, "This key is already associated with an element of this collection")
        self._values[_key(key)] = value

    def item(self, key: object) -> object:
        return self._values.setdefault(_key(key), None)

    def exists(self, key: object) -> bool:
        return _key(key) in self._values

    def remove(self, key: object) -> None:
        if _key(key) not in self._values:
            raise ComError(0x800A802B, "Element not found")
        del self._values[_key(key)]

    def remove_all(self) -> None:
        self._values.clear()

    def items(self) -> list[object]:
        return list(self._values.values())

    def keys(self) -> list[object]:
        return list(self._values)

    @property
    def count(self) -> int:
        return len(self._values)

    def com_items(self) -> list[object]:
        return list(self._values)


def _key(value: object) -> Key:
    if value is None or isinstance(value, str | int | float):
        return value
    raise ComError(0x800A01CA, "Variable uses an Automation type not supported in JScript")
