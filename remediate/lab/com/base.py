"""How COM objects are written here: Python methods and properties, found by scripts without regard to case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import CodeType, MappingProxyType
from typing import Any, ClassVar, NamedTuple

from remediate.lab.errors import LabError

NOT_A_MEMBER = 0x800A01B6
TYPE_MISMATCH = 0x800A000D
WRONG_ARGUMENTS = 0x800A01C2
CANNOT_CREATE = 0x800A01AD
INVALID_CALL = 0x800A0005
FILE_NOT_FOUND = 0x800A0035
PATH_NOT_FOUND = 0x800A004C
FILE_EXISTS = 0x800A003A
PERMISSION_DENIED = 0x800A0046
PAST_END = 0x800A003E
WBEM_FAILED = 0x80041001
WBEM_NOT_FOUND = 0x80041002
WBEM_INVALID_PARAMETER = 0x80041008
WBEM_INVALID_CLASS = 0x80041010
WBEM_INVALID_NAMESPACE = 0x8004100E
WBEM_INVALID_QUERY = 0x80041017
WBEM_INVALID_METHOD = 0x80041055


def signed(number: int) -> int:
    """An HRESULT as scripts see it in ``e.number``."""
    return number - (1 << 32) if number >= 1 << 31 else number


class ComError(Exception):
    """What a script catches: ``number`` is the HRESULT (unsigned here), ``text`` the description."""

    def __init__(self, number: int, text: str, source: str = "") -> None:
        super().__init__(text)
        self.number = number
        self.text = text
        self.source = source


class Refused(ComError):
    """The lab does not know what was asked for; ``what`` it was goes into ``machine.refusals``."""

    def __init__(self, number: int, text: str, what: str = "") -> None:
        super().__init__(number, text)
        self.what = f"{text}: {what}" if what else text


class Member(NamedTuple):
    """A member as scripts may use it; ``most`` -1: any number of arguments."""

    attribute: str
    is_property: bool
    writable: bool
    least: int
    most: int


class ComObject:
    """Base of all COM objects. ``FileExists`` in a script is ``file_exists`` here; a leading underscore is private."""

    default: ClassVar[str] = ""
    """Script name of the default member; "" when there is none."""
    prog: ClassVar[str] = ""
    """Name used as the source of errors."""
    _members: ClassVar[Mapping[str, Member]] = MappingProxyType({})

    def __init_subclass__(cls) -> None:
        found = dict(cls._members)
        for name, value in vars(cls).items():
            member = _member(name, value)
            if member is not None:
                found[name.replace("_", "")] = member
        cls._members = MappingProxyType(found)

    def com_member(self, name: str) -> Member:
        member = self._members.get(name.lower().replace("_", ""))
        if member is None:
            what = self.prog or type(self).__name__
            raise Refused(NOT_A_MEMBER, "Object doesn't support this property or method", f"{name} of {what}")
        return member

    def com_get(self, name: str) -> object:
        """The value of a property, or ``METHOD``."""
        member = self.com_member(name)
        return getattr(self, member.attribute) if member.is_property else METHOD

    def com_put(self, name: str, value: object) -> None:
        member = self.com_member(name)
        if not member.writable:
            raise ComError(WRONG_ARGUMENTS, "Wrong number of arguments or invalid property assignment")
        setattr(self, member.attribute, value)

    def com_call(self, name: str, args: Sequence[object]) -> object:
        """Call a method; ``name`` "" is the default member. A property with arguments is its value's default."""
        member = self.com_member(name or self.default or "(default)")
        value: Any = getattr(self, member.attribute)
        if member.is_property:
            return value.com_call("", args) if args and isinstance(value, ComObject) else value
        if len(args) < member.least or 0 <= member.most < len(args):
            raise ComError(WRONG_ARGUMENTS, "Wrong number of arguments or invalid property assignment")
        return value(*args)

    def com_items(self) -> Iterable[object]:
        """What ``new Enumerator(object)`` walks over."""
        raise ComError(0x800A01C3, "Object not a collection")


METHOD = object()


def _member(name: str, value: object) -> Member | None:
    if name.startswith(("_", "com_")) or name in ("default", "prog"):
        return None
    if isinstance(value, property):
        return Member(name, is_property=True, writable=value.fset is not None, least=0, most=0)
    code = getattr(value, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    most = code.co_argcount - 1
    defaults: tuple[object, ...] = getattr(value, "__defaults__", None) or ()
    star = bool(code.co_flags & 0x04)
    return Member(name, is_property=False, writable=False, least=most - len(defaults), most=-1 if star else most)


class Collection(ComObject):
    """A list with Count and Item: by number, or by key when ``key`` names one of an item."""

    default = "Item"
    prog = "Collection"

    def __init__(self, items: Iterable[object], key: Callable[[Any], str] | None = None) -> None:
        self._items = list(items)
        self._key = key

    @property
    def count(self) -> int:
        return len(self._items)

    @property
    def length(self) -> int:
        return len(self._items)

    def item(self, key: object) -> object:
        if isinstance(key, int | float):
            if 0 <= int(key) < len(self._items):
                return self._items[int(key)]
            raise ComError(0x80070057, "The parameter is incorrect.")
        wanted = text(key).lower()
        for each in self._items:
            if self._key is not None and self._key(each).lower() == wanted:
                return each
        raise ComError(WBEM_NOT_FOUND, "Not found")

    def com_items(self) -> Iterable[object]:
        return self._items


class ByteArray(ComObject):
    """A SAFEARRAY of bytes: a script can only hand it on."""

    prog = "SAFEARRAY"

    def __init__(self, data: bytes) -> None:
        self._data = data

    def com_bytes(self) -> bytes:
        return self._data


def text(value: object) -> str:
    """A script value where COM wants a string."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, ComObject) and value.default:
        return text(value.com_call("", ()))
    raise ComError(TYPE_MISMATCH, "Type mismatch")


def integer(value: object, default: int = 0) -> int:
    """A script value where COM wants a number."""
    if value is None:
        return default
    try:
        return int(value) if isinstance(value, int | float) else int(text(value).strip(), 0)
    except (ValueError, OverflowError):
        raise ComError(TYPE_MISMATCH, "Type mismatch") from None


def flag(value: object, default: bool = False) -> bool:
    return default if value is None else bool(value)


def from_lab(error: LabError) -> ComError:
    """A Windows error as the file objects raise it; others as HRESULT_FROM_WIN32."""
    known = {
        2: (FILE_NOT_FOUND, "File not found"),
        3: (PATH_NOT_FOUND, "Path not found"),
        5: (PERMISSION_DENIED, "Permission denied"),
        15: (0x800A0044, "Device unavailable"),
        32: (PERMISSION_DENIED, "Permission denied"),
        80: (FILE_EXISTS, "File already exists"),
        112: (0x800A003D, "Disk full"),
        123: (0x800A0034, "Bad file name or number"),
        145: (PERMISSION_DENIED, "Permission denied"),
        183: (FILE_EXISTS, "File already exists"),
    }
    number, words = known.get(error.number, (0x80070000 | error.number & 0xFFFF, error.text))
    return ComError(number, words)
