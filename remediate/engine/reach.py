"""How a host is reached: worked out once in a play, for as long as no task says anything of it anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from remediate.connections.endpoint import endpoint
from remediate.language.template import Templar, is_plain
from remediate.model import Endpoint, Source


class Rendered(Mapping[str, object]):
    """Variables by name, each rendered when somebody asks for it."""

    def __init__(self, templar: Templar) -> None:
        self._templar = templar

    def __getitem__(self, name: str) -> object:
        if self._templar.variables.get(name) is None:
            raise KeyError(name)
        return self._templar.value(name)

    def place(self, name: str) -> Source | None:
        """Where the variable is written."""
        found = self._templar.variables.get(name)
        return found.source if found is not None else None

    def __iter__(self) -> Iterator[str]:
        return iter(self._templar.variables.names())

    def __len__(self) -> int:
        return len(list(self._templar.variables.names()))


class _Asked(Rendered):
    """Remembers what was asked for, and whether all of it was the same wherever it is asked for."""

    def __init__(self, templar: Templar) -> None:
        super().__init__(templar)
        self.names: set[str] = set()
        self.fixed = True

    def __getitem__(self, name: str) -> object:
        self.names.add(name)
        found = self._templar.variables.get(name)
        if found is not None and found.trusted and not is_plain(found.value):
            self.fixed = False
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:
        self.fixed = False
        return super().__iter__()


@dataclass(slots=True)
class Reach:
    """Of one host in one play."""

    _found: Endpoint | None = None
    _names: frozenset[str] = frozenset()
    """The variables it was made of, those that were looked for in vain among them."""

    def endpoint(self, host: str, templar: Templar, layers: Sequence[Mapping[str, object]]) -> Endpoint:
        """The Endpoint by the variables of ``templar``; ``layers``: what a task has over those of its play."""
        if self._found is not None and all(map(self._names.isdisjoint, layers)):
            return self._found
        asked = _Asked(templar)
        found = endpoint(host, asked)
        names = frozenset(asked.names)
        if asked.fixed and all(map(names.isdisjoint, layers)):
            self._found, self._names = found, names
        return found
