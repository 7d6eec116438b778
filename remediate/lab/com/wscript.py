"""The WScript object: arguments, standard streams, Echo, Sleep, Quit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from remediate.lab import paths
from remediate.lab.com.base import Collection, ComError, ComObject, integer, text
from remediate.lab.com.run import QuitScriptError, Run
from remediate.lab.com.streams import TextStream
from remediate.lab.com.wire import ScriptObject

if TYPE_CHECKING:
    from remediate.lab.com.catalog import Catalog


class Named(ComObject):
    """``/name:value`` arguments."""

    default = "Item"
    prog = "WshNamed"

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    @property
    def count(self) -> int:
        return len(self._values)

    @property
    def length(self) -> int:
        return len(self._values)

    def item(self, name: object) -> str | None:
        return self._values.get(text(name).lower())

    def exists(self, name: object) -> bool:
        return text(name).lower() in self._values

    def com_items(self) -> list[object]:
        return list(self._values)


class Arguments(Collection):
    """All arguments in order; ``Named`` and ``Unnamed`` tell them apart by a leading slash."""

    prog = "WshArguments"

    def item(self, key: object) -> object:
        number = integer(key)
        if not 0 <= number < len(self._items):
            raise ComError(0x80020009, "Subscript out of range", "WshArguments.Item")
        return self._items[number]

    @property
    def named(self) -> Named:
        pairs = (str(a)[1:].partition(":") for a in self._items if str(a).startswith("/"))
        return Named({name.lower(): value for name, _, value in pairs})

    @property
    def unnamed(self) -> Collection:
        return Arguments(a for a in self._items if not str(a).startswith("/"))


class WScript(ComObject):
    """Windows Script Host 5.6 as cscript.exe."""

    default = "Name"
    prog = "WScript"

    def __init__(self, run: Run, catalog: Catalog) -> None:
        self._run = run
        self._catalog = catalog
        codepage = run.machine.os.oem_codepage
        self._in = TextStream(source=lambda: run.stdin.decode(codepage))
        self._out = TextStream(sink=lambda words: run.out.append(run.encode(words)))
        self._err = TextStream(sink=lambda words: run.err.append(run.encode(words)))

    def echo(self, *values: object) -> None:
        self._run.out.append(self._run.encode(" ".join(map(_shown, values)) + "\r\n"))

    def quit(self, code: object = 0) -> None:
        self._run.exit_code = integer(code)
        self._run.over = True
        raise QuitScriptError

    def sleep(self, milliseconds: object) -> None:
        self._run.sleep(integer(milliseconds) / 1000)

    def create_object(self, progid: object, _prefix: object = None) -> ComObject:
        return self._catalog.create(text(progid))

    def get_object(self, name: object) -> ComObject:
        return self._catalog.moniker(text(name))

    @property
    def std_in(self) -> TextStream:
        return self._in

    @property
    def std_out(self) -> TextStream:
        return self._out

    @property
    def std_err(self) -> TextStream:
        return self._err

    @property
    def arguments(self) -> Arguments:
        return Arguments(self._run.args)

    @property
    def script_full_name(self) -> str:
        return self._run.script

    @property
    def script_name(self) -> str:
        return paths.base(self._run.script)

    @property
    def full_name(self) -> str:
        return f"{self._run.machine.os.system_root}\\system32\\cscript.exe"

    @property
    def path(self) -> str:
        return f"{self._run.machine.os.system_root}\\system32"

    @property
    def name(self) -> str:
        return "Windows Script Host"

    @property
    def version(self) -> str:
        return "5.6"

    @property
    def interactive(self) -> bool:
        return False


def _shown(value: object) -> str:
    """Automation turns VARIANT_BOOL into -1 or 0, null into ``null`` and a VT_DATE into the US form."""
    if isinstance(value, ScriptObject):
        return value.shown
    if isinstance(value, datetime):
        day = f"{value.month}/{value.day}/{value.year}"
        return f"{day} {value.hour % 12 or 12}:{value:%M:%S} {'AM' if value.hour < 12 else 'PM'}"
    if value is None:
        return "null"
    return ("-1" if value else "0") if isinstance(value, bool) else text(value)
