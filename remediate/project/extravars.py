"""Reads ``-e``: ``key=value`` pairs, ``@file``, or a mapping in JSON or YAML; later ones win."""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from remediate.errors import UserError
from remediate.language import quoting
from remediate.language.words import kind
from remediate.language.yamlfile import Map
from remediate.model import Secret, Source

WHERE = Source("--extra-vars")


def read(words: Sequence[str], folder: Path) -> Mapping[str, object]:
    """All ``-e`` options together. ``folder``: where the path of ``@file`` starts."""
    variables = Map(source=WHERE)
    for word in words:
        given = _one(word.strip(), folder)
        for name, value in given.items():
            variables.put(name, value, *_places(given, name))
    for name in variables:
        if not name.isidentifier():
            hint = "names are letters, digits and underscores, as in -e route=hotfix"
            what = f"{quoting.named(name, 'what stands there')} cannot be the name of a variable"
            raise UserError(what, source=variables.key_source(name), hint=hint)
        _keepable(variables[name], name, variables.value_source(name))
    return variables


def _places(given: Mapping[str, object], name: str) -> tuple[Source, Source]:
    """Where a name and its value stand: in a file, or on the command line."""
    if isinstance(given, Map) and given.source.file != WHERE.file:
        return given.key_source(name), given.value_source(name)
    return WHERE, WHERE


def _keepable(value: object, name: str, place: Source = WHERE) -> None:
    """``UserError`` for what neither a plan nor the ledger could write down."""
    if isinstance(value, Mapping):
        for item in value.values():
            _keepable(item, name, place)
    elif isinstance(value, list):
        for item in value:
            _keepable(item, name, place)
    elif value is not None and (not isinstance(value, str | int | float | Secret) or _endless(value)):
        hint = f'quote it, if it is meant as text: -e \'{{"{name}": "..."}}\''
        what = value if isinstance(value, float) else "this kind of value"
        raise UserError(f"{name}: {what} cannot be kept in a plan", source=place, hint=hint)


def _endless(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _one(word: str, folder: Path) -> Mapping[str, object]:
    if word.startswith("@"):
        return _from_file(word[1:], folder)
    if word.startswith(("{", "[")):
        return _mapping(_read(word), "the value")
    return _pairs(word)


def _from_file(name: str, folder: Path) -> Mapping[str, object]:
    from remediate.language import yamlfile

    path = folder / Path(name).expanduser()
    if not os.path.isfile(path):  # noqa: PTH113 - answers for every text
        raise UserError(
            f"there is no file {quoting.path(name, 'of the name behind @')}",
            source=WHERE,
            hint="-e @FILE reads variables from a YAML or JSON file",
        )
    return _mapping(yamlfile.load(path), f"the file {name}")


def _read(text: str) -> object:
    """A mapping in YAML, or in JSON that is no YAML (tabs between its words)."""
    from remediate.language import yamlfile

    try:
        return yamlfile.load_text(text, WHERE.file)
    except UserError as error:
        try:
            if error.message.startswith("not valid YAML"):
                return json.loads(text)
            raise
        except (ValueError, RecursionError):
            raise UserError(
                f"neither JSON nor YAML: {error.message}",
                source=error.source,
                hint="quote the whole: -e '{\"a\": 1}'",
            ) from None


def _mapping(value: object, shown: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise UserError(f"{shown} holds {kind(value)}; a mapping of variables is wanted", source=WHERE)
    if isinstance(value, Map) and all(isinstance(key, str) for key in value):
        return value
    return {str(key): item for key, item in value.items()}


def _pairs(word: str) -> Mapping[str, object]:
    try:
        parts = shlex.split(word)
    except ValueError as error:
        name = quoting.beginning(word, "=")
        what = f"a quote is not closed behind {name}=" if name else "a quote is not closed"
        raise UserError(what, source=WHERE, hint="as in -e 'note=\"two words\"'") from error
    pairs = [part.partition("=") for part in parts]
    for number, (name, equals, _) in enumerate(pairs):
        if not equals:
            first = "" if number else quoting.named(name, "")
            what = f"{first} is not a variable" if first else "a word is not key=value; a value with blanks is quoted"
            hint = "key=value pairs, @file, or a mapping: -e route=hotfix -e @vars.yml -e '{\"forks\": 3}'"
            raise UserError(what, source=WHERE, hint=hint)
    return {name: value for name, _, value in pairs}
