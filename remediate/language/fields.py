"""Takes typed values out of what YAML gave; a wrong type is a UserError at its place."""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterator

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.template import check_condition, has_template
from remediate.language.words import kind, shown, suggestion
from remediate.language.yamlfile import Map, Seq, Text, source_of
from remediate.model import Source

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})


def wrong(data: Map, key: str, needed: str, hint: str = "") -> UserError:
    """The error for a value that is not what ``key`` needs."""
    value = data[key]
    seen = isinstance(value, str | int | float) and needed != "a mapping"  # of variables: they may be secrets
    what = f"{kind(value)} ({shown(value)})" if seen else kind(value)
    return UserError(f"{key!r} must be {needed}, not {what}", source=data.value_source(key), hint=hint)


def text(data: Map, key: str) -> str:
    """A text; numbers count as text; "" when absent."""
    value = data.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Text(str(value), data.value_source(key))
    raise wrong(data, key, "text")


def boolean(data: Map, key: str, default: bool | None = None) -> bool | None:
    """True, false, or ``default`` when absent."""
    value = data.get(key)
    if value is None:
        return default
    if isinstance(value, bool):
        return value
    word = value.lower() if isinstance(value, str) else ""
    if word not in _TRUE | _FALSE:
        hint = "templates are not supported here yet" if has_template(word) else ""
        raise wrong(data, key, "true or false", hint)
    return word in _TRUE


def number(data: Map, key: str, default: float, *, low: float = 0, high: float = math.inf) -> float:
    """A number between ``low`` and ``high``, or ``default`` when absent."""
    value = data.get(key)
    if value is None:
        return default
    if isinstance(value, str):
        try:
            return number(Map({key: float(value)}, data.value_source(key)), key, default, low=low, high=high)
        except ValueError:
            hint = "templates are not supported here yet" if has_template(value) else ""
            raise wrong(data, key, "a number", hint) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(data, key, "a number")
    if not low <= value <= high:
        raise wrong(data, key, f"{low:g} or more" if math.isinf(high) else f"between {low:g} and {high:g}")
    return value


def choice(data: Map, key: str, choices: tuple[str, ...], *, later: tuple[str, ...] = ()) -> str:
    """One of ``choices``, the first when absent."""
    value = text(data, key) or choices[0]
    if value in later:
        raise UserError(
            f"{key} {quoting.named(value)} is not supported yet",
            source=data.value_source(key),
            hint=f"use {choices[0]}",
        )
    if value not in choices:
        raise UserError(
            f"unknown {key} {quoting.named(value)}",
            source=data.value_source(key),
            hint=suggestion(value, choices),
        )
    return value


def names(data: Map, key: str, *, commas: bool = False) -> tuple[str, ...]:
    """A list of texts, or one text; with ``commas`` each may hold several."""
    value = data.get(key)
    if value is None:
        return ()
    found: list[str] = []
    for item, place in _items(data, key):
        if not isinstance(item, str | int) or isinstance(item, bool):
            raise UserError(f"{key!r} holds names, not {kind(item)}", source=place)
        found += [part.strip() for part in str(item).split(",") if part.strip()] if commas else [_text(item, place)]
    return tuple(found)


def conditions(data: Map, key: str) -> tuple[str, ...] | None:
    """One condition or a list that must all hold, checked in form; None when absent."""
    if key not in data:
        return None
    found: list[str] = []
    for item, place in _items(data, key):
        if item is None or item == "":
            continue
        if isinstance(item, bool):
            found.append(Text(str(item).lower(), place))
        elif isinstance(item, str):
            check_condition(item, place)
            found.append(_text(item, place))
        else:
            raise UserError(f"{key!r} holds conditions, not {kind(item)}", source=place, hint="write an expression")
    return tuple(found)


def mapping(data: Map, key: str) -> Map:
    """A mapping, empty when absent."""
    value = data.get(key)
    if value is None:
        return Map(source=data.value_source(key))
    if not isinstance(value, Map):
        raise wrong(data, key, "a mapping", "write 'name: value' lines below it")
    return value


def variables(data: Map, key: str = "vars") -> Map:
    """A mapping whose keys are names of variables; a list of such mappings is merged, as in old playbooks."""
    value = data.get(key)
    parts = list(value) if isinstance(value, Seq) else [mapping(data, key)]
    result = Map(source=data.value_source(key))
    for part in parts:
        if not isinstance(part, Map):
            raise wrong(data, key, "a mapping", "write 'name: value' lines below it")
        result = result.merged(part)
    for name in result:
        identifier(name, result.key_source(name))
    return result


def identifier(name: object, source: Source | None) -> str:
    """A name usable in templates."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise UserError(
            f"{quoting.named(name, 'what stands there')} is not a name for a variable",
            source=source,
            hint="letters, digits and _ only, not beginning with a digit, and no word of the template language",
        )
    return name


def listing(data: Map, key: str) -> Seq:
    """A list, empty when absent."""
    value = data.get(key)
    if value is None:
        return Seq(source=data.value_source(key))
    if not isinstance(value, Seq):
        raise wrong(data, key, "a list", "begin each entry with '- '")
    return value


def _items(data: Map, key: str) -> Iterator[tuple[object, Source]]:
    value = data[key]
    if isinstance(value, Seq):
        for index, item in enumerate(value):
            yield item, value.item_source(index)
    elif isinstance(value, Map):
        raise wrong(data, key, "text or a list")
    else:
        yield value, data.value_source(key)


def _text(item: object, place: Source) -> str:
    return item if isinstance(item, Text) else Text(str(item), source_of(item, place))
