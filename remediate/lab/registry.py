"""The host's registry: keys and typed values, names without regard to case."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from remediate.lab.errors import LabError
from remediate.lab.paths import fold
from remediate.model import Json

RegData: TypeAlias = "int | str | list[str] | bytes"

HIVES = MappingProxyType(
    {
        "HKLM": "HKLM",
        "HKEY_LOCAL_MACHINE": "HKLM",
        "HKCU": "HKCU",
        "HKEY_CURRENT_USER": "HKCU",
        "HKCR": "HKCR",
        "HKEY_CLASSES_ROOT": "HKCR",
        "HKU": "HKU",
        "HKEY_USERS": "HKU",
    }
)
TYPES = ("REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_MULTI_SZ")


class RegValue(NamedTuple):
    """DWORD: int 0..2^32-1; MULTI_SZ: list of str; BINARY: bytes; others str."""

    type: str
    value: RegData


class _Key:
    __slots__ = ("children", "path", "values")

    def __init__(self, path: str) -> None:
        self.path = path
        self.values: dict[str, tuple[str, RegValue]] = {}
        self.children: set[str] = set()


@lru_cache(maxsize=4096)
def normal_key(key: str) -> str:
    """``hkey_local_machine\\Software\\`` -> ``HKLM\\Software``. LabError 2 for an unknown hive."""
    hive, _, rest = key.strip("\\").partition("\\")
    name = HIVES.get(hive.upper())
    if name is None:
        raise LabError(2)
    rest = "\\".join(part for part in rest.split("\\") if part)
    return f"{name}\\{rest}" if rest else name


class Registry:
    """All keys of a host. Keys are written ``HKLM\\Software\\...``; the default value's name is ""."""

    def __init__(self, *, changed: Callable[[], None] = lambda: None) -> None:
        self._keys: dict[str, _Key] = {name: _Key(name) for name in dict.fromkeys(HIVES.values())}
        self.changed = changed

    def _find(self, key: str) -> _Key | None:
        try:
            return self._keys.get(fold(normal_key(key)))
        except LabError:
            return None

    def exists(self, key: str) -> bool:
        return self._find(key) is not None

    def get(self, key: str, name: str) -> RegValue | None:
        found = self._find(key)
        pair = found.values.get(fold(name)) if found else None
        return pair[1] if pair else None

    def value(self, key: str, name: str) -> RegData | None:
        """The data alone."""
        found = self.get(key, name)
        return found.value if found else None

    def subkeys(self, key: str) -> tuple[str, ...]:
        """Names of the keys right below; LabError 2 when the key is missing."""
        return tuple(self._keys[child].path.rpartition("\\")[2] for child in sorted(self._need(key).children))

    def values(self, key: str) -> dict[str, RegValue]:
        """Name -> value in the order they were set; LabError 2 when the key is missing."""
        return dict(self._need(key).values.values())

    def _need(self, key: str) -> _Key:
        found = self._find(key)
        if found is None:
            raise LabError(2)
        return found

    def create(self, key: str) -> bool:
        """Make a key and all above it; True when it was not there."""
        path = normal_key(key)
        if fold(path) in self._keys:
            return False
        above = path.rpartition("\\")[0]
        self.create(above)
        self._keys[fold(path)] = _Key(path)
        self._keys[fold(above)].children.add(fold(path))
        self.changed()
        return True

    def set(self, key: str, name: str, value: RegData, type: str = "") -> None:  # noqa: A002 - Windows' word
        """Set a value, making its key. Without ``type``: int DWORD, list MULTI_SZ, bytes BINARY, str SZ."""
        kind = type or _type_of(value)
        if kind not in TYPES:
            raise LabError(87)
        self.create(key)
        if isinstance(value, int):
            value &= 0xFFFFFFFF
        self._need(key).values[fold(name)] = (name, RegValue(kind, value))
        self.changed()

    def delete(self, key: str, name: str) -> None:
        """Delete one value; LabError 2 when it is missing."""
        if self._need(key).values.pop(fold(name), None) is None:
            raise LabError(2)
        self.changed()

    def delete_key(self, key: str, *, tree: bool = False) -> None:
        """Delete a key; LabError 5 when it has keys below and ``tree`` is not given, or is a hive."""
        found = self._need(key)
        if "\\" not in found.path or (found.children and not tree):
            raise LabError(5)
        for child in sorted(found.children):
            self.delete_key(self._keys[child].path, tree=True)
        del self._keys[fold(found.path)]
        self._keys[fold(found.path.rpartition("\\")[0])].children.discard(fold(found.path))
        self.changed()

    def to_json(self) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for key in sorted(self._keys):
            found = self._keys[key]
            pairs: dict[str, Json] = {name: [v.type, _to_json(v.value)] for name, v in found.values.values()}
            out[found.path] = pairs
        return out

    def load(self, saved: Json) -> None:
        assert isinstance(saved, dict)
        for path, pairs in saved.items():
            assert isinstance(pairs, dict)
            self.create(path)
            for name, pair in pairs.items():
                assert isinstance(pair, list)
                self.set(path, name, _from_json(str(pair[0]), pair[1]), str(pair[0]))


def _type_of(value: RegData) -> str:
    if isinstance(value, int):
        return "REG_DWORD"
    if isinstance(value, list):
        return "REG_MULTI_SZ"
    return "REG_BINARY" if isinstance(value, bytes) else "REG_SZ"


def _to_json(value: RegData) -> Json:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return list(value) if isinstance(value, list) else value


def _from_json(kind: str, value: Json) -> RegData:
    if kind == "REG_BINARY":
        return base64.b64decode(str(value))
    if isinstance(value, list):
        return [str(item) for item in value]
    return int(value) if isinstance(value, int | float) else str(value)
