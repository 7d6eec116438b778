"""What secrets are made of: variables of other names that stand in templates under the name of a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from remediate.language.template import OPEN, has_template
from remediate.secrets.known import Known
from remediate.secrets.names import names_a_secret
from remediate.secrets.taint import held
from remediate.secrets.written import may_be_secret

_LONE = re.compile(r"\s*\{\{-?\s*\w+\s*-?\}\}\s*\Z")
Written: TypeAlias = "Callable[[str], Iterable[object]]"
"""Every definition of a variable, as it is written."""
DEPTH = 5
"""Variables that are followed, one defined by the other."""


def of(places: Iterable[Mapping[str, object]]) -> dict[str, bool]:
    """Names of variables used under the name of a secret; True: as the whole of it."""
    found: dict[str, bool] = {}
    for place in places:
        named = held(place)
        for key, value in place.items():
            for text in _hidden_templates(str(key), value, hidden=key in named):
                for name in _names(text):
                    found[name] = found.get(name, False) or bool(_LONE.match(text))
    return found


def follow(names: Mapping[str, bool], written: Written, known: Known, depth: int = DEPTH) -> None:
    """Tell the texts of these variables as they stand."""
    for name, whole in names.items():
        for value in () if name in OPEN else written(name):
            if isinstance(value, str) and has_template(value) and depth:
                follow(
                    {inner: whole and bool(_LONE.match(value)) for inner in _names(value)}, written, known, depth - 1
                )
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                text = str(value)
                if not _LONE.match(text) and (whole or may_be_secret(text)):
                    known.tell(text)


def _names(text: str) -> set[str]:
    from remediate.language.compiled import names_in

    return names_in(text)


def _hidden_templates(key: str, value: object, *, hidden: bool = False) -> Iterator[str]:
    hidden = hidden or names_a_secret(key)
    if isinstance(value, str):
        if hidden and has_template(value):
            yield str(value)
    elif isinstance(value, Mapping):
        named = held(value)
        for inner, item in value.items():
            yield from _hidden_templates(str(inner), item, hidden=hidden or inner in named)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _hidden_templates("", item, hidden=hidden)
