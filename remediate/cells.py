"""The cells of the closing table: what is known of a host's product, its way to the fix and its build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

BUILD = "build"
"""What modules call the build they see: the first one of a host is what it was before, the last one what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """ "" where nothing is known."""

    product: str = ""
    route: str = ""
    before: str = ""
    """The build as the host was met."""
    after: str = ""
    """The build as it was seen last."""
    planned: str = ""
    """The build that pending changes lead to."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Of modules that know more words."""

    @classmethod
    def of(cls, columns: Mapping[str, object]) -> Cells:
        """From what a module, a ledger, a plan or a report has."""
        return cls().told(columns)

    def told(self, columns: Mapping[str, object]) -> Cells:
        """With what was seen after that."""
        given = {name: str(cell) for name, cell in columns.items()}
        build, met, after = given.pop(BUILD, ""), given.pop("before", ""), given.pop("after", self.after)
        return replace(
            self,
            product=given.pop("product", self.product),
            route=given.pop("route", self.route),
            before=self.before or met or build,
            after=build or after,
            planned=given.pop("planned", self.planned),
            more={**self.more, **given},
        )

    def unread(self) -> Cells:
        """Something was done since, and nobody could see what came of it."""
        return replace(self, after="unknown") if self.after else self

    @property
    def moved(self) -> bool:
        return self.before != self.after

    @property
    def build(self) -> str:
        """``before -> after``; one build alone where nothing moved."""
        if self.before and self.after and self.moved:
            return f"{self.before} -> {self.after}"
        return self.after or self.before

    def columns(self, *, pending: bool = False) -> dict[str, str]:
        """Those that are known, by name; ``pending``: the build after is the planned one."""
        after = (pending and self.planned) or self.after
        known = {"product": self.product, "route": self.route, "before": self.before, "after": after}
        return {name: cell for name, cell in {**known, **self.more}.items() if cell}
