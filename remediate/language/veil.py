"""How templates work on secrets: with the value behind them, and whatever comes of it is a secret again."""

from __future__ import annotations

import functools
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jinja2.exceptions import TemplateError, TemplateRuntimeError, UndefinedError
from jinja2.runtime import Undefined

from remediate.errors import UserError
from remediate.language.values import FAILURES, Constant, Unknown
from remediate.model import Secret
from remediate.secrets.taint import opened, veiled_whole

_HANDED_ON = frozenset(
    {
        *("default", "d", "mandatory", "ternary", "type_debug", "map", "select", "selectattr", "reject", "rejectattr"),
        *("combine", "dict2items", "items2dict", "dictsort", "items", "flatten", "unique", "union", "intersect"),
        *("difference", "symmetric_difference", "zip", "zip_longest", "extract", "subelements", "groupby", "batch"),
        *("slice", "sort", "max", "min", "attr"),
    }
)
"""Filters that hand on what they are given and never look into a secret: the others of a list stay what they are."""
_OF_LISTS = frozenset({"list", "first", "last", "reverse", "random", "length", "count"})
"""The same, unless they are asked of a secret itself."""
_VERDICTS = frozenset({"length", "count", "wordcount", "bool"})
"""Filters that say about a secret no more than a comparison would."""
_OUTCOMES = frozenset(
    {
        *("failed", "failure", "succeeded", "success", "successful", "changed", "change", "skipped", "skip"),
        *("unreachable", "reachable", "mapping", "sequence", "iterable", "none", "callable", "boolean"),
    }
)
"""Tests that look at the outside of a value."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the text behind a secret, to be called."""

    bound: Callable[..., Any]


def holds_secret(value: object) -> bool:
    """Whether there is a Secret anywhere inside."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, Constant):
        return bool(value.secrets)
    if isinstance(value, Mapping):
        return type(value) is dict and any(map(holds_secret, value.values()))
    return isinstance(value, list | tuple) and any(map(holds_secret, value))


def comparable(value: object) -> object:
    """What a comparison looks at: its verdict is no secret."""
    return opened(value) if holds_secret(value) else value


def kept(result: Any) -> Any:
    """What came of a secret, as Secret; TypeError for what is neither text nor made of texts."""
    if isinstance(result, Iterator | KeysView | ValuesView | ItemsView):
        return [kept(item) for item in result]
    if isinstance(result, Mapping):
        return {key: kept(item) for key, item in result.items()}
    if isinstance(result, list | tuple):
        return [kept(item) for item in result]
    if result is None or isinstance(result, str | int | float | Secret | Undefined | Unknown):
        return veiled_whole(result)
    raise TypeError(type(result).__name__)


def characters(value: Any) -> Any:
    """What a loop runs over: of a secret its characters, each one a secret."""
    return kept(list(value.reveal())) if isinstance(value, Secret) else value


def cut(value: Any, start: Any, stop: Any, step: Any) -> Any:
    """``value[start:stop:step]``."""
    part: slice[Any, Any, Any] = slice(*map(comparable, (start, stop, step)))
    if not isinstance(value, Secret):
        return value[part]
    with untold("[ : ]"):
        return kept(value.reveal()[part])


@contextmanager
def untold(what: str) -> Iterator[None]:
    """Whatever fails inside says only that ``what`` does: libraries quote the value they stumbled over."""
    from remediate.language.sandbox import TooMuch

    try:
        yield
    except (TooMuch, RecursionError):
        raise
    except UndefinedError:
        raise UndefinedError(f"{what} looks for something that is not there") from None
    except (TemplateError, UserError, *FAILURES):
        raise TemplateRuntimeError(f"{what} cannot be used on this secret") from None


def guarded(name: str, function: Any, *, tests: bool) -> Callable[..., Any]:
    """A filter or test that lets Unknown through (a test raises), keeps secrets, and is bounded in its result."""
    untouched = name in (_OUTCOMES if tests else _HANDED_ON)

    @functools.wraps(function)
    def guard(*args: Any, **kwargs: Any) -> Any:
        given = (*args, *kwargs.values())
        unknown = next((arg for arg in given if isinstance(arg, Unknown)), None)
        if unknown is not None:
            return bool(unknown) if tests else unknown
        if not untouched and _opens(name, given):
            with untold(f"{'is ' if tests else '| '}{name}"):
                found = function(*map(opened, args), **{key: opened(value) for key, value in kwargs.items()})
            return bool(found) if tests else _sized(found if name in _VERDICTS else kept(found))
        return _sized(function(*args, **kwargs))

    return guard


def _sized(result: Any) -> Any:
    from remediate.language.sandbox import check_text

    if isinstance(result, str | Secret):
        check_text(len(result if isinstance(result, str) else result.reveal()))
    return result


def _opens(name: str, given: tuple[Any, ...]) -> bool:
    if name in _OF_LISTS:
        return any(isinstance(arg, Secret) for arg in given)
    return any(map(holds_secret, given))
