"""reg query, add and delete as reg.exe 3.0 of Windows Server 2003 prints them."""

from __future__ import annotations

from dataclasses import dataclass

from remediate.lab.errors import LabError
from remediate.lab.programs.call import Call
from remediate.lab.registry import TYPES, RegData, RegValue, normal_key

MISSING = "Error:  The system was unable to find the specified registry key or value."
SYNTAX = "Error:  Invalid command-line parameters"
LONG = {"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKCR": "HKEY_CLASSES_ROOT", "HKU": "HKEY_USERS"}


@dataclass(slots=True, kw_only=True)
class Options:
    """Switches of a reg command. ``value`` None: no /v; "" the default value."""

    value: str | None = None
    type: str = "REG_SZ"
    data: str = ""
    below: bool = False
    force: bool = False
    all_values: bool = False


def reg(call: Call) -> int:
    words = call.argv
    if len(words) < 2:
        call.err(SYNTAX)
        return 1
    work = {"query": _query, "add": _add, "delete": _delete}.get(words[0].lower())
    options = _options(words[2:])
    if work is None or options is None:
        return call.refuse(f"reg {' '.join(words)}")
    try:
        return work(call, normal_key(words[1]), options)
    except LabError:
        call.err(f"\r\n{MISSING}")
        return 1


def _options(words: list[str]) -> Options | None:
    """None for a switch that is not modelled."""
    options, left = Options(), list(words)
    while left:
        switch = left.pop(0).lower()
        if switch in ("/v", "/t", "/d") and left:
            setattr(options, {"/v": "value", "/t": "type", "/d": "data"}[switch], left.pop(0))
        elif switch in ("/ve", "/s", "/f", "/va"):
            options.value = "" if switch == "/ve" else options.value
            options.below |= switch == "/s"
            options.force |= switch == "/f"
            options.all_values |= switch == "/va"
        else:
            return None
    return options


def _long(key: str) -> str:
    hive, _, rest = key.partition("\\")
    return f"{LONG[hive]}\\{rest}" if rest else LONG[hive]


def _query(call: Call, key: str, options: Options) -> int:
    registry = call.machine.registry
    values = registry.values(key)
    call.out()
    call.out("! REG.EXE VERSION 3.0")
    call.out()
    if options.value is not None:
        found = registry.get(key, options.value)
        if found is None:
            raise LabError(2)
        values = {options.value: found}
    _show(call, key, values)
    if options.value is None:
        _below(call, key, deep=options.below)
    return 0


def _show(call: Call, key: str, values: dict[str, RegValue]) -> None:
    call.out(_long(key))
    for name, value in values.items():
        call.out(f"    {name or '<NO NAME>'}\t{value.type}\t{_text(value.value)}")
    call.out()


def _below(call: Call, key: str, *, deep: bool) -> None:
    for name in call.machine.registry.subkeys(key):
        sub = f"{key}\\{name}"
        if deep:
            _show(call, sub, call.machine.registry.values(sub))
            _below(call, sub, deep=True)
        else:
            call.out(_long(sub))


def _text(value: RegData) -> str:
    if isinstance(value, int):
        return f"0x{value:x}"
    if isinstance(value, bytes):
        return value.hex().upper()
    return "\\0".join(value) + "\\0\\0" if isinstance(value, list) else value


def _add(call: Call, key: str, options: Options) -> int:
    registry = call.machine.registry
    kind = options.type.upper()
    if kind not in TYPES:
        call.err(SYNTAX)
        return 1
    if options.value is None:
        registry.create(key)
    else:
        if registry.get(key, options.value) is not None and not options.force and not _yes(call, options.value):
            return 1
        try:
            registry.set(key, options.value, _data(options.data, kind), kind)
        except ValueError:
            call.err(SYNTAX)
            return 1
    call.out("\r\nThe operation completed successfully")
    return 0


def _yes(call: Call, name: str) -> bool:
    call.raw(f"Value {name} exists, overwrite(Y/N)? ".encode(call.codepage, "replace"))
    return call.stdin()[:1].upper() == b"Y"


def _data(data: str, kind: str) -> RegData:
    if kind == "REG_DWORD":
        return int(data or "0", 0)
    if kind == "REG_BINARY":
        return bytes.fromhex(data)
    return [part for part in data.split("\\0") if part] if kind == "REG_MULTI_SZ" else data


def _delete(call: Call, key: str, options: Options) -> int:
    registry = call.machine.registry
    if not registry.exists(key):
        raise LabError(2)
    if not options.force and not _yes(call, options.value or key):
        return 1
    if options.all_values:
        for name in registry.values(key):
            registry.delete(key, name)
    elif options.value is not None:
        registry.delete(key, options.value)
    else:
        registry.delete_key(key, tree=True)
    call.out("\r\nThe operation completed successfully")
    return 0
