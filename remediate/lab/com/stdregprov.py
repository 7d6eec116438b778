"""StdRegProv: the registry through WMI, with its own return values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from remediate.lab.com.base import integer, signed, text
from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import Act, Method, Values, WmiClass
from remediate.lab.com.wql import Query
from remediate.lab.errors import LabError
from remediate.lab.registry import TYPES, RegData, Registry

HIVES = {0x80000000: "HKCR", 0x80000001: "HKCU", 0x80000002: "HKLM", 0x80000003: "HKU"}
NUMBERS = {"REG_SZ": 1, "REG_EXPAND_SZ": 2, "REG_BINARY": 3, "REG_DWORD": 4, "REG_MULTI_SZ": 7}
NO_VALUE, NO_KEY, WRONG_TYPE = 1, 2, 0x80041005
"""Return values: a missing value of a key that is there, a missing key, a value of another type."""
_KEY = ("hDefKey", "sSubKeyName")
_VALUE = (*_KEY, "sValueName")


def classes() -> tuple[WmiClass, ...]:
    methods = [
        *(_getter(name, kind, out) for name, kind, out in _TYPED),
        *(_setter(name, kind, out) for name, kind, out in _TYPED),
        Method(name="EnumKey", takes=_KEY, act=_on_key(_enum_key)),
        Method(name="EnumValues", takes=_KEY, act=_on_key(_enum_values)),
        Method(name="CreateKey", takes=_KEY, act=_on_key(_create_key)),
        Method(name="DeleteKey", takes=_KEY, act=_on_key(_delete_key)),
        Method(name="DeleteValue", takes=_VALUE, act=_on_key(_delete_value)),
        Method(name="CheckAccess", takes=(*_KEY, "uRequired"), act=_on_key(_check_access)),
    ]
    by_name = {method.name.lower(): method for method in methods}
    return (WmiClass(name="StdRegProv", rows=_none, key=(), methods=by_name),)


_TYPED = (
    ("String", "REG_SZ", "sValue"),
    ("ExpandedString", "REG_EXPAND_SZ", "sValue"),
    ("DWORD", "REG_DWORD", "uValue"),
    ("MultiString", "REG_MULTI_SZ", "sValue"),
    ("Binary", "REG_BINARY", "uValue"),
)


def _none(_run: Run, _: Query | None) -> Iterable[Values]:
    return ()


def _on_key(work: Callable[[Registry, str, Values], Values]) -> Act:
    """Finds the key's path; a missing key or a refusal of the registry becomes the return value."""

    def act(run: Run, _: Values, given: Values) -> Values:
        hive = HIVES.get(integer(given.get("hdefkey"), 0x80000002) & 0xFFFFFFFF)
        if hive is None:
            return {"ReturnValue": 6}
        key = f"{hive}\\{text(given.get('ssubkeyname'))}".rstrip("\\")
        try:
            return {"ReturnValue": 0} | work(run.machine.registry, key, given)
        except LabError as error:
            return {"ReturnValue": error.number}

    return act


def _getter(name: str, kind: str, out: str) -> Method:
    def get(registry: Registry, key: str, given: Values) -> Values:
        if not registry.exists(key):
            return {"ReturnValue": NO_KEY, out: None}
        found = registry.get(key, text(given.get("svaluename")))
        if found is None:
            return {"ReturnValue": NO_VALUE, out: None}
        same = {found.type, kind} <= {"REG_SZ", "REG_EXPAND_SZ"} or found.type == kind
        if not same:
            return {"ReturnValue": signed(WRONG_TYPE), out: None}
        return {out: _variant(found.value)}

    return Method(name=f"Get{name}Value", takes=_VALUE, act=_on_key(get))


def _variant(value: RegData) -> object:
    if isinstance(value, int):
        return signed(value)
    return list(value) if isinstance(value, bytes | list) else value


def _setter(name: str, kind: str, out: str) -> Method:
    def put(registry: Registry, key: str, given: Values) -> Values:
        registry.set(key, text(given.get("svaluename")), _data(given.get(out.lower()), kind), kind)
        return {}

    return Method(name=f"Set{name}Value", takes=(*_VALUE, out), act=_on_key(put))


def _data(value: object, kind: str) -> RegData:
    if kind == "REG_DWORD":
        return integer(value) & 0xFFFFFFFF
    items = value if isinstance(value, list) else []
    if kind == "REG_MULTI_SZ":
        return [text(item) for item in items]
    return bytes(integer(item) & 0xFF for item in items) if kind == "REG_BINARY" else text(value)


def _enum_key(registry: Registry, key: str, _: Values) -> Values:
    return {"sNames": list(registry.subkeys(key)) or None}


def _enum_values(registry: Registry, key: str, _: Values) -> Values:
    values = registry.values(key)
    assert all(value.type in TYPES for value in values.values())
    types = [NUMBERS[value.type] for value in values.values()]
    return {"sNames": list(values) or None, "Types": types or None}


def _create_key(registry: Registry, key: str, _: Values) -> Values:
    registry.create(key)
    return {}


def _delete_key(registry: Registry, key: str, _: Values) -> Values:
    registry.delete_key(key)
    return {}


def _delete_value(registry: Registry, key: str, given: Values) -> Values:
    registry.delete(key, text(given.get("svaluename")))
    return {}


def _check_access(registry: Registry, key: str, _: Values) -> Values:
    if not registry.exists(key):
        return {"ReturnValue": NO_KEY, "bGranted": False}
    return {"bGranted": True}
