"""As much of a value as can be known before any host is met, and where each part of it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from remediate.errors import UserError
from remediate.language.template import OMIT, Templar, has_template, is_plain
from remediate.language.values import Constant, Unknown, UnknownValue
from remediate.language.variables import Layer, Var, Variables
from remediate.language.yamlfile import Map, Raw, source_of
from remediate.model import Source
from remediate.secrets.names import names_a_secret

Place = tuple[str, ...]
_LONE = re.compile(r"\s*\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}\s*\Z")


@dataclass(slots=True)
class Partly:
    """Renders with ``templar``; ``later`` and ``errors`` tell what could not be, by place."""

    templar: Templar
    later: set[Place] = field(default_factory=set)
    errors: list[UserError] = field(default_factory=list)
    _active: list[str] = field(default_factory=list)

    def value(self, written: object, source: Source | None, place: Place) -> object:
        """``written`` rendered; OMIT where it depends on a host or is wrong, with its place noted."""
        if isinstance(written, str):
            return self._text(written, source, place)
        if isinstance(written, Map) and is_plain(written):
            return self.templar.render(written, source)
        if isinstance(written, Mapping) and not isinstance(written, Constant):
            return self._mapping(written, source, place)
        return self._rendered(written, source, place)

    def _text(self, written: str, source: Source | None, place: Place) -> object:
        var = _followed(self.templar.variables, written)
        if var is None or (name := _name(written)) in self._active:
            return self._rendered(written, source, place)
        self._active.append(name)
        try:
            return self.value(var.value, var.source or source, place)
        finally:
            self._active.pop()

    def _mapping(self, written: Mapping[object, object], source: Source | None, place: Place) -> object:
        found: dict[object, object] = {}
        for key, item in written.items():
            at = written.value_source(key) if isinstance(written, Map) else source
            value = self.value(item, at, (*place, str(key)))
            if value is not OMIT:
                found[str(key) if isinstance(key, str) else key] = value
        return found

    def _rendered(self, written: object, source: Source | None, place: Place) -> object:
        try:
            value = self.templar.render(written, source)
            if not _holds_unknown(value):
                return value
        except UnknownValue:
            pass
        except UserError as error:
            self.errors.append(error)
        self.later.add(place)
        return OMIT


def written_at(variables: Variables, args: Mapping[str, object], place: Place, *, of_key: bool) -> Source | None:
    """Where the value (or its key) at ``place`` of a task's arguments was written, through the variables it names."""
    value: object = args
    key_source = value_source = args.source if isinstance(args, Map) else None
    for part in place:
        if not isinstance(value, Mapping):
            break
        key = next((k for k in value if str(k) == part), None)
        if key is None:
            break
        if isinstance(value, Map):
            key_source, value_source = value.key_source(key), value.value_source(key)
        value, through = _through(variables, value[key])
        if through is not None:
            value_source = through
    return key_source if of_key else source_of(value, value_source)


def _through(variables: Variables, value: object) -> tuple[object, Source | None]:
    """What a lone ``{{ name }}`` stands for, and where that was written."""
    source: Source | None = None
    for _ in range(50):
        var = _followed(variables, value) if isinstance(value, str) else None
        if var is None:
            break
        value = var.value
        source = var.source or (Source("--extra-vars") if var.layer is Layer.EXTRA else source)
    return value, source


def _followed(variables: Variables, written: str) -> Var | None:
    """The variable a lone ``{{ name }}`` means, where its value was written by a person."""
    name = _name(written)
    var = variables.get(name) if name and not names_a_secret(name) else None
    return var if var is not None and var.trusted else None


def is_lone(written: object) -> bool:
    """Whether a value is nothing but one variable: ``{{ name }}``."""
    return isinstance(written, str) and bool(_name(written))


def _name(written: str) -> str:
    found = None if isinstance(written, Raw) or not has_template(written) else _LONE.match(written)
    return found[1] if found else ""


def _holds_unknown(value: object) -> bool:
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Constant):
        return False
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(map(_holds_unknown, inner))
