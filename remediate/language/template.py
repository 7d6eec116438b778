"""Renders what was written with the variables of one host: Jinja2, sandboxed, native types."""

from __future__ import annotations

from pathlib import Path

from remediate.language.values import OMIT, Omit, Unknown, UnknownValue
from remediate.language.variables import Variables
from remediate.model import Source

__all__ = ["OMIT", "Omit", "Templar", "Unknown", "UnknownValue"]


class Templar:
    """Renders with one set of variables; not shared between threads."""

    def __init__(self, variables: Variables, *, folder: Path = Path()) -> None:
        self.variables = variables
        self.folder = folder

    def render(self, value: object, source: Source | None = None) -> object:
        """``value`` with every template in it rendered."""
        raise NotImplementedError

    def condition(self, expr: object, source: Source | None = None) -> bool:
        """Whether a condition as written under ``when`` holds."""
        raise NotImplementedError
