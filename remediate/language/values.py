"""Values a template can meet besides plain data: what is not known yet, and what is to be left out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NoReturn

from remediate.model import Secret
from remediate.secrets.taint import secrets_of

FAILURES: Final = (
    *(ArithmeticError, LookupError, TypeError, ValueError, AttributeError, OSError, AssertionError, RuntimeError),
)
"""What an expression over wrong values may end in, whoever evaluates it."""


class UnknownValue(Exception):
    """Something needs a value that exists only after an earlier step was really carried out.

    ``address`` is that step's. Not a UserError: the engine turns it into the outcome "unknown".
    """

    def __init__(self, address: str) -> None:
        super().__init__(f"not known before {address} was applied")
        self.address = address

    def __reduce__(self) -> tuple[type[UnknownValue], tuple[str]]:
        return (UnknownValue, (self.address,))


class Unknown:
    """Stands for a value a check run cannot know. In templates every attribute and item of it is Unknown as well;
    looking at it in any other way (deciding, comparing, printing) raises UnknownValue."""

    __slots__ = ("address",)

    def __init__(self, address: str) -> None:
        self.address = address

    def __reduce__(self) -> tuple[type[Unknown], tuple[str]]:
        return (Unknown, (self.address,))

    def __repr__(self) -> str:
        return f"Unknown({self.address!r})"

    def _look(self, *_: object) -> NoReturn:
        raise UnknownValue(self.address)

    __bool__ = __str__ = __hash__ = __eq__ = __ne__ = _look
    __lt__ = __le__ = __gt__ = __ge__ = _look
    __len__ = __iter__ = __contains__ = __getitem__ = __call__ = _look
    __int__ = __float__ = __index__ = __neg__ = __pos__ = __abs__ = _look
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _look
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _look


class Constant(dict[Any, Any]):
    """A mapping known to be plain data through and through, made once and shared: nobody may change it."""

    __slots__ = ("secrets",)
    secrets: tuple[Secret, ...]
    """Every Secret anywhere inside."""

    def __init__(self, data: Mapping[Any, Any]) -> None:
        super().__init__(data)
        self.secrets = tuple(secrets_of(data))


class Omit(Enum):
    """``omit``: an argument given this value is left out as if it had not been written."""

    OMIT = "omit"


OMIT: Final = Omit.OMIT
