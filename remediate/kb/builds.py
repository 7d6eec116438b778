"""Four-part file versions: read strictly, and ordered only inside one branch of one product.

A plain "is it at least X" is wrong across branches: Exchange 2003 SP1 (6.5.7226.0) is a higher number than the repaired
RTM build (6.5.6981.0) and lacks the repair. So ``Build`` has no ``<``; order belongs to a ``Range``, which refuses
builds from outside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from remediate.errors import UserError

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

LARGEST = 0xFFFF
"""Each part of a file version is a 16 bit word."""


class OtherBranch(ValueError):
    """Two builds of different branches were compared: an error in the code, never in the input."""


@dataclass(frozen=True, slots=True)
class Build:
    """One file version, such as 6.5.7232.35. Equality only; use a ``Range`` to order two of them."""

    major: int
    minor: int
    build: int
    revision: int

    @property
    def parts(self) -> tuple[int, int, int, int]:
        return (self.major, self.minor, self.build, self.revision)

    @property
    def release(self) -> str:
        """Major and minor, which name the product: ``6.5`` is Exchange Server 2003."""
        return f"{self.major}.{self.minor}"

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_validated)


def parse(text: object) -> Build:
    """``"6.5.7232.35"`` -> Build; ``UserError`` says what is wrong with anything else."""
    if isinstance(text, Build):
        return text
    if not isinstance(text, str):
        raise UserError(f"a build is text of four numbers, this is {text!r:.60}", hint='quote it: "6.5.7226.0"')
    shown = text.strip()
    found = re.fullmatch(r"\d{1,5}(\.\d{1,5})*", shown, re.ASCII)
    if not found:
        raise UserError(f"{shown!r:.80} is not a build", hint=_hint(shown))
    numbers = [int(n) for n in shown.split(".")]
    if len(numbers) != 4:
        raise UserError(f"{shown!r} has {len(numbers)} of the four parts of a build", hint=_hint(shown))
    if max(numbers) > LARGEST:
        raise UserError(f"{shown!r}: no part of a build is above {LARGEST}")
    return Build(*numbers)


def _hint(text: str) -> str:
    if re.fullmatch(r"\d+\.\d+\.\d+", text, re.ASCII):
        return (
            "three parts are a service pack level, as the directory shows it; whether a hotfix is on needs the file's "
            f"own four-part version, such as {text}.0"
        )
    if found := re.match(r"\d+\.\d+\.\d+\.\d+(?=\D)", text, re.ASCII):
        return f"write only the number, {found[0]}; what follows it names a build laboratory or a pre-release"
    return "a build is four numbers with dots between, such as 6.5.7226.0"


def readable(text: object) -> Build | None:
    """The Build in what a host answered, or None: hosts are not users and get no hint."""
    try:
        return parse(text)
    except UserError:
        return None


def _validated(value: object) -> Build:
    try:
        return parse(value)
    except UserError as error:
        raise ValueError(f"{error.message}; {error.hint}" if error.hint else error.message) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The builds from ``at_least`` up to, not including, ``below``; the only place where builds have an order.

    Without ``below`` it reaches to the end of the release (all of 6.5, say).
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    at_least: Build
    below: Build | None = None

    def __post_init__(self) -> None:
        if self.below and self.at_least.release != self.below.release:
            raise ValueError(f"from {self.at_least} below {self.below} spans two products")
        if not self.at_least.parts < self._end:
            raise ValueError(f"from {self.at_least} below {self.below} holds no build")

    @property
    def _end(self) -> tuple[int, int, int, int]:
        return self.below.parts if self.below else (self.at_least.major, self.at_least.minor, LARGEST + 1, 0)

    def __contains__(self, build: object) -> bool:
        return isinstance(build, Build) and self.at_least.parts <= build.parts < self._end

    def within(self, other: Range) -> bool:
        return other.at_least.parts <= self.at_least.parts and self._end <= other._end

    def overlaps(self, other: Range) -> bool:
        return self.at_least.parts < other._end and other.at_least.parts < self._end

    def reaches(self, build: Build, wanted: Build) -> bool:
        """Whether ``build`` is ``wanted`` or later; ``OtherBranch`` unless both lie in this range."""
        for one in (build, wanted):
            if one not in self:
                raise OtherBranch(f"{one} is not in {self}: builds are compared inside one branch only")
        return build.parts >= wanted.parts

    def __str__(self) -> str:
        return f"{self.at_least} .. below {self.below}" if self.below else f"{self.at_least} or later"
