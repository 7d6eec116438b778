"""What an article says that the inside of a package's file must be: numbers, names, builds, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from remediate.kb.builds import Range

Sure = Literal["verified", "inferred", "likely", "unverified"]
"""How well a statement is known: read in its source, concluded from such, background knowledge, a guess."""

_STRICT: dict[str, str] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One of these; with none of them nothing is known."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    any_of: tuple[str, ...] = ()
    sure: Sure = "likely"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A version within ``builds``."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    builds: Range
    sure: Sure = "likely"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Statements about one package's file; None: what follows from its ``kb``, ``product`` and ``provides``, likely."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    kb: Named | None = None
    """Article numbers, without letters."""
    product: Named | None = None
    """Product names."""
    version: Built | None = None
    architecture: Named | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What package files of all products of an article have in common."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    family: tuple[str, ...] = ()
    """Words for all the products together: a name with one of them and no number may be any of theirs."""
    extractors: tuple[str, ...] = ()
    """Names of the programs packages are packed with: version and product of such a file may be the packer's."""
