"""The Jinja2 environment templates run in: plain data only, native results, bounded in size and steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from types import MappingProxyType
from typing import Any, NoReturn

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context, LoopContext, Macro, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter
from jinja2.utils import Cycler, Joiner, Namespace, missing

from remediate.language import veil
from remediate.language.values import Constant, Omit, Unknown
from remediate.model import MASK, Secret
from remediate.secrets.taint import opened

TEXT_LIMIT = 10_000_000
"""Characters a template may produce at any point."""
ITEM_LIMIT = 1_000_000
"""Items of a list a template may produce."""
CALL_STEPS = 10
"""What a call costs of a render's steps."""
BIT_LIMIT = 10_000
"""Bits of an integer a template may produce."""

_STARS = re.compile(r"(?:\*{4}){2,}")
_WIDE = re.compile(r"\d{6,}")
_PADDING = frozenset({"ljust", "rjust", "center", "zfill", "expandtabs"})
_TEMPLATE_TYPES = (Mapping, Namespace, LoopContext, Cycler, Joiner, Macro)
_DATA_TYPES = (str, bytes, list, tuple, Set)


class TooMuch(TemplateRuntimeError):
    """A template would produce more than is sensible."""


class MissingError(UndefinedError):
    """A name or item that does not exist was used; ``missing`` knows which."""

    def __init__(self, message: str | None, missing_value: Missing) -> None:
        super().__init__(message)
        self.missing = missing_value


class Missing(StrictUndefined):
    """Something undefined: may be tested, given a default or looked into further, but not used."""

    __slots__ = ("cause",)
    cause: Exception | None

    def _fail_with_undefined_error(self, *_: Any, **__: Any) -> NoReturn:
        cause = getattr(self, "cause", None)
        if cause is not None:
            raise cause
        raise MissingError(self._undefined_message, self)

    @classmethod
    def because(cls, cause: Exception, name: str) -> Missing:
        """Stands for a variable whose own template used something undefined; using it raises ``cause``."""
        found = cls(name=name)
        found.cause = cause
        return found

    @property
    def looked_in(self) -> object:
        """What was looked into; None for a variable."""
        return None if self._undefined_obj is missing else self._undefined_obj

    @property
    def is_item(self) -> bool:
        return self._undefined_obj is not missing

    @property
    def missing_name(self) -> object:
        return self._undefined_name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "cause":
            raise AttributeError(name)
        return self

    __iter__ = __str__ = __len__ = __eq__ = __ne__ = __bool__ = __hash__ = __contains__ = _fail_with_undefined_error
    __call__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _fail_with_undefined_error
    __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = __mod__ = __neg__ = _fail_with_undefined_error

    def __getitem__(self, _: object) -> Missing:  # type: ignore[override]
        return self


def check_text(length: int) -> None:
    """Refuse a text of that many characters."""
    if length > TEXT_LIMIT:
        raise TooMuch(f"the template would produce {length:,} characters; at most {TEXT_LIMIT:,} are allowed")


def check_items(length: int) -> None:
    """Refuse a list of that many items."""
    if length > ITEM_LIMIT:
        raise TooMuch(f"the template would produce a list of {length:,} items; at most {ITEM_LIMIT:,} are allowed")


def check_format(text: str) -> None:
    """Refuse widths and precisions nobody needs, and those taken from arguments."""
    if _WIDE.search(text) or "*" in text:
        raise TooMuch("a format asks for too wide a field")


def plain(value: object, found: list[Secret] | None = None) -> object:
    """``value`` as plain data: dicts, lists, exact strings. Undefined parts raise, ``omit`` drops out of mappings.

    Every Secret met is added to ``found``.
    """
    if isinstance(value, str):
        check_text(len(value))
        return str(value)
    if value is None or isinstance(value, bool | int | float | Omit | Constant):
        return value
    if isinstance(value, Secret):
        if found is not None:
            found.append(value)
        return value
    if isinstance(value, Unknown | Missing):
        return str(value)  # raises
    if isinstance(value, Mapping):
        pairs = ((plain(key, found), plain(item, found)) for key, item in value.items())
        return {key: item for key, item in pairs if not isinstance(item, Omit)}
    if isinstance(value, Iterable) and not isinstance(value, bytes | Namespace | Cycler):
        return _plain_list(value, found)
    return _plain_other(value)


def _plain_list(values: Iterable[object], found: list[Secret] | None) -> list[object]:
    result: list[object] = []
    for item in values:
        result.append(plain(item, found))
        check_items(len(result))
    return result


def _plain_other(value: object) -> object:
    import datetime

    if isinstance(value, datetime.date | datetime.timedelta):
        return str(value)
    what = "a function; call it with ( )" if callable(value) else f"a value of type {type(value).__name__}"
    raise TemplateRuntimeError(f"the template gives {what}, which is not plain data")


def concat(values: Iterable[object], found: list[Secret] | None = None, given: list[object] | None = None) -> object:
    """What a template gives: its only value as it is, or all of them joined to text. Text with a Secret is Secret.

    Its parts are put into ``given``.
    """
    parts: list[object] = [] if given is None else given
    length = 0
    for value in values:
        part = plain(value, found)
        parts.append(part)
        length += len(part) if isinstance(part, str) else 8
        check_text(length)
    if len(parts) == 1:
        return parts[0]
    if any(isinstance(part, Omit) for part in parts):
        raise TemplateRuntimeError("omit can only stand alone, not inside a longer text")
    if any(map(veil.holds_secret, parts)):
        return _secret_text(parts, found)
    text = "".join(map(_as_text, parts))
    check_text(len(text))
    return text


def _secret_text(parts: Iterable[object], found: list[Secret] | None) -> Secret:
    """Joined parts, of which people see those that are no secret."""
    text = "".join(_as_text(opened(part)) for part in parts)
    check_text(len(text))
    seen = (MASK if veil.holds_secret(part) and not isinstance(part, Secret) else _as_text(part) for part in parts)
    secret = Secret(text, _STARS.sub(lambda _: MASK, "".join(seen)))
    if found is not None:
        found.append(secret)
    return secret


def _as_text(part: object) -> str:
    return "" if part is None else str(part)


class _Generator(NativeCodeGenerator):
    """Computes nothing while compiling: only a render has limits."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> Any:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)


class _Formatter(SandboxedFormatter):
    def format_field(self, value: Any, format_spec: str) -> Any:
        check_format(format_spec)
        return super().format_field(value, format_spec)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 for playbooks. Build it with ``template.environment``."""

    code_generator_class = _Generator
    concat = staticmethod(concat)  # type: ignore[assignment]  # macros and set blocks give objects, not only text
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})
    intercepted_unops = frozenset({"+", "-"})

    def __init__(self) -> None:
        super().__init__(undefined=Missing, optimized=False, keep_trailing_newline=True, trim_blocks=True)
        self.globals.pop("lipsum", None)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if not isinstance(obj, _TEMPLATE_TYPES + _DATA_TYPES) and type(obj).__module__ != "datetime":
            return False
        return super().is_safe_attribute(obj, attr, value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Missing:
        raise SecurityError(f"{attribute!r} of {_type_name(obj)} must not be used in a template")

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Secret):
            return self._method(obj, attribute)
        return obj if isinstance(obj, Unknown | Missing) else super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(argument, Secret):
            with veil.untold("[ ]"):
                found = self.getitem(obj, argument.value)
            return self.undefined(obj=obj, name=MASK) if isinstance(found, Missing) else found
        if not isinstance(obj, Secret):
            return obj if isinstance(obj, Unknown | Missing) else super().getitem(obj, argument)
        if isinstance(argument, str):
            return self._method(obj, argument)
        with veil.untold("[ ]"):
            return veil.kept(obj.reveal()[argument])

    def _method(self, secret: Secret, name: str) -> veil.Method:
        if name.startswith("_") or not callable(getattr(str, name, None)):
            raise SecurityError(f"{name!r} of a secret must not be used in a template")
        return veil.Method(getattr(secret.reveal(), name))

    def call_filter(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("_"):  # ours alone: what the compiler puts in
            raise TemplateRuntimeError(f"there is no filter {name!r}")
        return super().call_filter(name, *args, **kwargs)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if isinstance(obj, Unknown | Missing):
            return obj if isinstance(obj, Unknown) else str(obj)
        spend(context, CALL_STEPS)
        method = obj.bound if isinstance(obj, veil.Method) else obj
        owner = getattr(method, "__self__", None)
        if not isinstance(owner, str | bytes):
            return super().call(context, obj, *args, **kwargs)
        if isinstance(obj, veil.Method) or veil.holds_secret((*args, *kwargs.values())):
            with veil.untold(method.__name__):
                return veil.kept(self._of_text(context, method, opened(args), opened(kwargs)))
        return self._of_text(context, method, args, kwargs)

    def _of_text(self, context: Context, method: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call a method of a text, bounded."""
        given = tuple(args)
        _check_method(method.__self__, method.__name__, given)
        return super().call(context, method, *given, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        owner = getattr(value, "__self__", None)
        if not isinstance(owner, str) or getattr(value, "__name__", "") not in {"format", "format_map"}:
            return None
        formatter = _Formatter(self)
        if value.__name__ == "format":
            return lambda *args, **kwargs: formatter.vformat(owner, args, kwargs)
        return lambda mapping: formatter.vformat(owner, (), mapping)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        looks = veil.holds_secret if operator == "%" else lambda side: isinstance(side, Secret)
        if not (looks(left) or looks(right)):
            return self._computed(context, operator, left, right)
        if operator == "+" and all(isinstance(_opened(side), str) for side in (left, right)):
            return concat([left, right])
        with veil.untold(operator):
            return veil.kept(self._computed(context, operator, opened(left), opened(right)))

    def _computed(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        check = _CHECKS.get(operator)
        if check is not None and not isinstance(left, Missing) and not isinstance(right, Missing):
            check(left, right)
        return super().call_binop(context, operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        if not isinstance(arg, Secret):
            return super().call_unop(context, operator, arg)
        with veil.untold(operator):
            return veil.kept(super().call_unop(context, operator, arg.value))


def spend(context: Context, steps: int) -> None:
    """Count work against what one render may do; the scope at the bottom of every context keeps the account."""
    context.parent._spend(steps)  # type: ignore[attr-defined]


def counted(context: Context, values: Iterable[object]) -> Iterator[object]:
    """``values`` one by one, each counted as a step: what every ``for`` loop of a template runs over."""
    for value in veil.characters(values):
        spend(context, 1)
        yield value


def joined(values: Iterable[object]) -> object:
    """The ``~`` operator, bounded."""
    return concat(["", *values])


def _opened(side: object) -> object:
    return side.value if isinstance(side, Secret) else side


def _type_name(obj: object) -> str:
    return "a secret" if isinstance(obj, Secret) else f"a value of type {type(obj).__name__}"


def _check_method(owner: str | bytes, name: str, args: tuple[Any, ...]) -> None:
    if name in _PADDING and args and isinstance(args[0], int):
        check_text(args[0] * (len(owner) if name == "expandtabs" else 1))
    elif name == "replace" and len(args) >= 2:
        check_replace(owner, args[0], args[1])
    elif name == "join" and args:
        check_join(owner, args[0])


def check_replace(text: Any, old: Any, new: Any) -> None:
    """Refuse a replacement that would blow a text up."""
    if isinstance(text, str | bytes) and len(new) > len(old):
        check_text(len(text) + text.count(old) * (len(new) - len(old)))


def check_join(separator: Any, values: Any) -> None:
    """Refuse to join what would be too long."""
    if isinstance(values, list | tuple) and all(isinstance(value, str) for value in values):
        check_text(sum(map(len, values)) + len(separator) * len(values))


def _check_plus(left: Any, right: Any) -> None:
    if isinstance(left, str) and isinstance(right, str):
        check_text(len(left) + len(right))
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        check_items(len(left) + len(right))


def _check_times(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    for series, times in ((left, right), (right, left)):
        if isinstance(times, int) and isinstance(series, str | bytes):
            check_text(len(series) * times)
        elif isinstance(times, int) and isinstance(series, list | tuple):
            check_items(len(series) * times)


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * abs(right))


def _check_bits(bits: int) -> None:
    if bits > BIT_LIMIT:
        raise TooMuch("the template would compute a number of thousands of digits")


def _check_percent(left: Any, _: Any) -> None:
    if isinstance(left, str | bytes):
        check_format(left if isinstance(left, str) else left.decode("latin-1"))


_CHECKS: Mapping[str, Callable[[Any, Any], None]] = MappingProxyType(
    {"+": _check_plus, "*": _check_times, "**": _check_power, "%": _check_percent}
)
