"""Reads connection variables: text, numbers, words from a list; mistakes name the place of the value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import cast

from remediate.errors import UserError
from remediate.model import Json, Secret, Source


class Unfit(UserError):
    """A connection variable that cannot be, or does not fit the others."""


def first(variables: Mapping[str, object], names: Sequence[str]) -> str:
    """The first of these variables that has a value; "" for none."""
    return next((name for name in names if variables.get(name) not in (None, "")), "")


def text(variables: Mapping[str, object], names: Sequence[str], default: str) -> str:
    """A variable as text."""
    name = first(variables, names)
    if not name:
        return default
    value = variables[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit(f"{name} must be text, not {_kind(value)}", source=source(variables, name))
    return str(value)


def secret(variables: Mapping[str, object], names: Sequence[str]) -> Secret | None:
    """A variable that must not be seen."""
    name = first(variables, names)
    value = variables.get(name)
    if isinstance(value, Secret) and not isinstance(value.value, str):
        hint = "quote it where it is written: a number keeps neither zeros before it nor how it was spelled"
        raise Unfit(f"{name} is a number, not text", source=source(variables, name), hint=hint)
    if isinstance(value, Secret):
        return value
    return Secret(text(variables, (name,), "")) if name else None


def port(variables: Mapping[str, object], names: Sequence[str], default: int) -> int:
    """A TCP port."""
    name = first(variables, names)
    words = text(variables, (name,), "") if name else str(default)
    if not re.fullmatch("[0-9]{1,5}", words) or not 0 < int(words) < 65536:
        hint = f"a number, as in {name}: {default}"
        raise Unfit(
            f"{name} must be a port from 1 to 65535, not {shown(words)}", source=source(variables, name), hint=hint
        )
    return int(words)


def option(name: str, value: object, default: object) -> Json:
    """A value of the kind its default has."""
    if isinstance(default, bool):
        return _boolean(name, value)
    if isinstance(default, float):
        return _seconds(name, value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit(f"{name} must be text, not {_kind(value)}", source=source({name: value}, name))
    return str(value)


def choice(name: str, value: object, known: Sequence[str]) -> str:
    """One of the known words."""
    word = str(value)
    if word not in known:
        hint = nearest(word, known)
        raise Unfit(f"{name} cannot be {shown(word)}", source=source({name: value}, name), hint=hint)
    return word


def _boolean(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("yes", "true", "on", "1"):
        return True
    if word in ("no", "false", "off", "0"):
        return False
    raise Unfit(f"{name} must be true or false, not {shown(value)}", source=source({name: value}, name),
                hint=f"as in {name}: true")  # fmt: skip


def _seconds(name: str, value: object) -> float:
    try:
        number = float(cast("str", value))
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < 1e9:
        raise Unfit(f"{name} must be a number of seconds, not {shown(value)}", source=source({name: value}, name),
                    hint=f"as in {name}: 30")  # fmt: skip
    return number


def _kind(value: object) -> str:
    return {"Map": "a mapping", "dict": "a mapping", "Seq": "a list", "list": "a list", "bool": "true or false"}.get(
        type(value).__name__, type(value).__name__
    )


def shown(value: object) -> str:
    """A value as it may stand in a message: one line, bounded."""
    text = repr(str(value) if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."


def source(variables: Mapping[str, object], name: str) -> Source | None:
    """Where a value was written, when whoever read it kept that with it."""
    place = getattr(variables, "place", None)
    found = place(name) if place else getattr(variables.get(name), "source", None)
    return found if isinstance(found, Source) else None


def nearest(word: str, known: Sequence[str]) -> str:
    """What may have been meant."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
