"""WMI's objects as scripts hold them: classes, instances, their properties and methods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from remediate.lab.com import wql
from remediate.lab.com.base import (
    METHOD,
    NOT_A_MEMBER,
    WBEM_INVALID_METHOD,
    WBEM_NOT_FOUND,
    Collection,
    ComError,
    ComObject,
    Refused,
    text,
)
from remediate.lab.com.run import Run

Values: TypeAlias = "dict[str, object]"
Act: TypeAlias = "Callable[[Run, Values, Values], Values]"
"""A method: (run, the object's values, in-parameters by lower-case name) -> out-parameters with ReturnValue."""

NO_OBJECT_MEMBER = "Object doesn't support this property or method"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """``takes``: names of the in-parameters in their order."""

    name: str
    takes: tuple[str, ...]
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class WmiClass:
    """One class: how its instances come about, and what can be done with it."""

    name: str
    rows: Callable[[Run, wql.Query | None], Iterable[Values]]
    """Instances, given the query that asks (None: all of them)."""
    key: tuple[str, ...] = ("Name",)
    properties: tuple[str, ...] = ()
    """Names a query may use although no instance is there to show them."""
    lacks: frozenset[str] = frozenset()
    """Lower-case names this Windows is known not to have; asking for them is no gap of the lab."""
    methods: Mapping[str, Method] = field(default_factory=dict)


class WmiObject(ComObject):
    """An instance, a class, or a set of parameters."""

    prog = "SWbemObject"

    def __init__(self, run: Run, cls: WmiClass | None, values: Values, name: str = "__PARAMETERS") -> None:
        self._run = run
        self._cls = cls
        self._values = values
        self._name = cls.name if cls else name
        self._names: dict[str, str] = {}

    def com_values(self) -> Values:
        return self._values

    def _own(self, name: str) -> str | None:
        if len(self._names) != len(self._values):
            self._names = {key.lower(): key for key in self._values}
        return self._names.get(name.lower())

    def _method(self, name: str) -> Method | None:
        methods = self._cls.methods if self._cls else {}
        return methods.get(name.lower())

    def com_get(self, name: str) -> object:
        key = self._own(name)
        if key is not None:
            return self._values[key]
        if self._method(name):
            return METHOD
        if self._cls and (name.lower() in self._cls.lacks or self._projected(name)):
            raise ComError(NOT_A_MEMBER, NO_OBJECT_MEMBER)
        return super().com_get(name)

    def _projected(self, name: str) -> bool:
        """A property of the class that this query did not ask for."""
        return self._cls is not None and name.lower() in {p.lower() for p in self._cls.properties}

    def com_put(self, name: str, value: object) -> None:
        key = self._own(name)
        if key is None:
            raise Refused(WBEM_NOT_FOUND, "Not found", f"property {name} of {self._name}")
        self._values[key] = value

    def com_call(self, name: str, args: Sequence[object]) -> object:
        method = self._method(name) if name else None
        if method is None:
            return super().com_call(name, args)
        given = dict(zip((p.lower() for p in method.takes), args, strict=False))
        return method.act(self._run, self._values, given).get("ReturnValue")

    def exec_method_(self, name: object, params: object = None, *_: object) -> WmiObject:
        method = self._method(text(name))
        if method is None:
            raise Refused(WBEM_INVALID_METHOD, "Invalid method", f"{self._name}.{text(name)}")
        values = params.com_values() if isinstance(params, WmiObject) else {}
        given = {key.lower(): value for key, value in values.items()}
        return WmiObject(self._run, None, method.act(self._run, self._values, given))

    def spawn_instance_(self) -> WmiObject:
        return WmiObject(self._run, self._cls, dict(self._values), self._name)

    @property
    def properties_(self) -> Collection:
        return Collection((WmiProperty(self._values, name) for name in self._values), lambda p: str(p.name))

    @property
    def methods_(self) -> Collection:
        methods = self._cls.methods if self._cls else {}
        return Collection((WmiMethod(self._run, m) for m in methods.values()), lambda m: str(m.name))

    @property
    def path_(self) -> WmiPath:
        keys = [f'{key}="{self._values.get(key)}"' for key in (self._cls.key if self._cls else ())]
        computer = self._run.environ.get("COMPUTERNAME", "")
        return WmiPath(self._name, ",".join(keys) if self._values else "", computer)


class WmiPath(ComObject):
    """SWbemObjectPath."""

    default = "Path"
    prog = "SWbemObjectPath"

    def __init__(self, cls: str, keys: str, computer: str) -> None:
        self._class = cls
        self._keys = keys
        self._computer = computer

    @property
    def class_(self) -> str:
        return self._class

    @property
    def rel_path(self) -> str:
        return f"{self._class}.{self._keys}" if self._keys else self._class

    @property
    def path(self) -> str:
        return f"\\\\{self._computer}\\root\\cimv2:{self.rel_path}"


class WmiProperty(ComObject):
    """One property of an object."""

    default = "Value"
    prog = "SWbemProperty"

    def __init__(self, values: Values, name: str) -> None:
        self._values = values
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def value(self) -> object:
        return self._values[self._name]

    @value.setter
    def value(self, new: object) -> None:
        self._values[self._name] = new


class WmiMethod(ComObject):
    """One method of a class."""

    prog = "SWbemMethod"

    def __init__(self, run: Run, method: Method) -> None:
        self._run = run
        self._method = method

    @property
    def name(self) -> str:
        return self._method.name

    @property
    def in_parameters(self) -> WmiObject | None:
        takes = self._method.takes
        return WmiObject(self._run, None, dict.fromkeys(takes)) if takes else None
