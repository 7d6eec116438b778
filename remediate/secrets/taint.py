"""Turns what stands under the name of a secret into ``Secret`` objects, and back at the last moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from remediate.model import MASK, Secret
from remediate.secrets.names import is_open, names_a_secret

NAMING = ("name", "key", "variable", "var", "option", "setting", "property", "parameter", "attribute", "field")
HELD = ("data", "value", "val")


def held(values: Mapping[Any, Any]) -> frozenset[str]:
    """Keys of what is held under the name of a secret that stands beside: ``{name: DefaultPassword, data: x}``."""
    return frozenset(key for key in HELD if key in values) if _named_beside(values) else frozenset()


def about_a_secret(arguments: Mapping[str, object]) -> bool:
    """Whether arguments say which value, at some path perhaps, has the name of a secret: what is there is one."""
    return _named_beside(arguments) and any(key in arguments for key in (*HELD, "path"))


def _named_beside(values: Mapping[Any, Any]) -> bool:
    return any(isinstance(name := values.get(key), str) and names_a_secret(name) for key in NAMING)


def hidden(name: str, value: Any) -> Any:
    """``value`` with all that is secret by ``name``, or by a key inside it, as Secret; itself where nothing is."""
    return veiled(value) if names_a_secret(name) else by_keys(value)


def by_keys(value: Any) -> Any:
    """``value`` with what stands under keys that name a secret as Secret; itself where nothing does."""
    if isinstance(value, Mapping):
        named = held(value)
        found = {key: _of_key(key, item, named) for key, item in value.items()}
        return found if any(found[key] is not item for key, item in value.items()) else value
    if isinstance(value, list):
        items = [by_keys(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _of_key(key: Any, item: Any, named: frozenset[str]) -> Any:
    if not isinstance(key, str):
        return by_keys(item)
    return veiled(item) if key in named else hidden(key, item)


def veiled(value: Any) -> Any:
    """``value`` with every text and number in it as Secret, but for what stands beside a password (its user).

    True, false, nothing and an empty text say nothing and stay.
    """
    return _veiled(value, is_open)


def veiled_whole(value: Any) -> Any:
    """The same without exception: for what was made of a secret."""
    return _veiled(value, lambda _: False)


def _veiled(value: Any, plain: Callable[[str], bool]) -> Any:
    if isinstance(value, Secret):
        return value if value.shown == MASK else Secret(value.value)
    if isinstance(value, str):
        return Secret(str(value)) if value else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Secret(value)
    if isinstance(value, Mapping):
        return dict(_veiled_pair(key, item, plain) for key, item in value.items())
    if isinstance(value, list | tuple):
        return [_veiled(item, plain) for item in value]
    return value


def _veiled_pair(key: Any, item: Any, plain: Callable[[str], bool]) -> tuple[Any, Any]:
    if plain(str(key)):
        return key, by_keys(item)
    if item is None and isinstance(key, str):  # {s3cret}: braces of a password that was not quoted
        return Secret(key), None
    return key, _veiled(item, plain)


def secrets_of(value: object) -> Iterator[Secret]:
    """Every Secret anywhere inside ``value``."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*secrets_of(key), *secrets_of(item))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secrets_of(item)


def opened(value: Any) -> Any:
    """``value`` with every Secret in it revealed, itself where there is none: for what is about to use it."""
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, Mapping):
        found = {opened(key): opened(item) for key, item in value.items()}
        return found if any(new is not old for new, old in zip(found.values(), value.values(), strict=False)) else value
    if isinstance(value, list | tuple):
        items = [opened(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value
