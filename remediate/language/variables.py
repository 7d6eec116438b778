"""The variables of one host at one moment: layers over layers, each value knowing where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from remediate.language.yamlfile import Map, source_of
from remediate.model import Source


class Layer(IntEnum):
    """Precedence, lowest first, as Ansible's. Within a layer the later mapping wins."""

    ROLE_DEFAULTS = 10
    INVENTORY = 20
    PLAY = 30
    VARS_FILES = 40
    ROLE_VARS = 50
    TASK = 60
    FACTS = 70
    """set_fact and register."""
    ROLE_PARAMS = 80
    INCLUDE_PARAMS = 90
    EXTRA = 100
    LOOP = 110
    MAGIC = 120

    @property
    def words(self) -> str:
        """What to call the layer when talking to a user."""
        return self.name.lower().replace("_", " ")


_NEVER_TRUSTED = frozenset({Layer.FACTS, Layer.LOOP, Layer.MAGIC})
"""Layers whose values are rendered already or come from hosts: never templates, whoever hands them in."""


@dataclass(frozen=True, slots=True)
class Var:
    """One definition of a variable; ``value`` as written, not rendered. ``trusted`` False: never a template."""

    value: object
    layer: Layer
    source: Source | None
    trusted: bool


@dataclass(frozen=True, slots=True)
class _Sheet:
    layer: Layer
    values: Mapping[str, object]
    trusted: bool
    origin: str


@dataclass(frozen=True, slots=True)
class Variables:
    """An immutable stack of mappings. Extending shares everything already there.

    Mappings are kept, not copied: who hands one in must not change it afterwards.
    """

    _sheets: tuple[_Sheet, ...] = ()
    """Lowest precedence first."""

    def with_layer(
        self, layer: Layer, mapping: Mapping[str, object], *, trusted: bool = True, origin: str = ""
    ) -> Variables:
        """These variables with ``mapping`` laid over its own layer; ``origin``: the place of values that know none."""
        if not mapping:
            return self
        sheet = _Sheet(layer, mapping, trusted and layer not in _NEVER_TRUSTED, origin)
        at = len(self._sheets)
        while at and self._sheets[at - 1].layer > layer:
            at -= 1
        return Variables((*self._sheets[:at], sheet, *self._sheets[at:]))

    def with_layers(self, layer: Layer, mappings: Iterable[Mapping[str, object]]) -> Variables:
        """These variables with each mapping laid over its own layer, one after the other."""
        found = self
        for mapping in mappings:
            found = found.with_layer(layer, mapping)
        return found

    def get(self, name: str) -> Var | None:
        """The definition that wins, or None."""
        for sheet in reversed(self._sheets):
            if name in sheet.values:
                return _var(sheet, name)
        return None

    def __contains__(self, name: object) -> bool:
        return any(name in sheet.values for sheet in self._sheets)

    def names(self) -> frozenset[str]:
        """Every defined name."""
        return frozenset(name for sheet in self._sheets for name in sheet.values)

    def explain(self, name: str) -> tuple[Var, ...]:
        """Every definition of ``name``, the winning one first: value, layer and file:line:column."""
        return tuple(_var(sheet, name) for sheet in reversed(self._sheets) if name in sheet.values)


def _var(sheet: _Sheet, name: str) -> Var:
    value = sheet.values[name]
    if isinstance(sheet.values, Map) and sheet.values.value_source(name).line:
        source: Source | None = sheet.values.value_source(name)
    else:
        source = source_of(value) or (Source(sheet.origin) if sheet.origin else None)
    return Var(value, sheet.layer, source, sheet.trusted)
