"""Which product a package file says it is for: names of people's making, so words are compared and not spellings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from remediate.kb.advisory import Advisory, Package, Product
from remediate.kb.evidence import Evidence

_FILLERS = frozenset({"microsoft", "server", "r", "tm", "c", "the"})
_ELSEWHERE = ("FileDescription", "InternalName", "OriginalFilename", "Comments", "Title")


class Naming(Enum):
    OURS = "the package's product"
    OTHER = "another product"
    NOTHING = "nothing that tells"


@dataclass(frozen=True, slots=True)
class Found:
    verdict: Naming
    text: str = ""
    """What the file says, as it stands there."""


def naming(advisory: Advisory, package: Package, evidence: Evidence) -> Found:
    """The first place that tells decides: "Applies to", the product's name, then wherever a name may stand."""
    for text in evidence.said("Applies To"):
        if (found := _read(advisory, package, text, outright=True)).verdict is not Naming.NOTHING:
            return found
    by_packer = packed(advisory, evidence)
    for text in evidence.said("ProductName"):
        if (found := _read(advisory, package, text, outright=not by_packer)).verdict is not Naming.NOTHING:
            return found
    for text in evidence.said(*_ELSEWHERE):
        if (found := _read(advisory, package, text, outright=False)).verdict is not Naming.NOTHING:
            return found
    return Found(Naming.NOTHING)


def packed(advisory: Advisory, evidence: Evidence) -> bool:
    """Whether it is a packer's program, whose version and product may be those of the packer (likely: Windows)."""
    packers = {_stem(name) for name in advisory.package_files.extractors}
    return any(_stem(name) in packers for name in evidence.said("InternalName", "OriginalFilename"))


def _stem(name: str) -> str:
    """``WEXTRACT.EXE            .MUI`` -> wextract"""
    return name.lower().partition(".")[0].strip()


def _read(advisory: Advisory, package: Package, text: str, *, outright: bool) -> Found:
    """``outright``: a text that names none of the products names another one."""
    words = _words(text)
    named = {product.id for product in advisory.products if _names(package, product, words)}
    if package.product in named:
        return Found(Naming.OURS, text)
    if named or list(_numbered(advisory, words)):
        return Found(Naming.OTHER, text)
    family = {word for name in advisory.package_files.family for word in _words(name)}
    return Found(Naming.OTHER if outright and not family & set(words) else Naming.NOTHING, text)


def _names(package: Package, product: Product, words: Sequence[str]) -> bool:
    own = package.inside.product
    called = own.any_of if own and product.id == package.product else (product.name, *product.called)
    return any(_within(_words(name), words) for name in called)


def _within(wanted: Sequence[str], words: Sequence[str]) -> bool:
    size = len(wanted)
    return size > 0 and any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


def _numbered(advisory: Advisory, words: Sequence[str]) -> Iterator[str]:
    """Numbers right behind the word for all the products: ``Exchange 2007`` is none of 2000 and 2003."""
    family = {word for name in advisory.package_files.family for word in _words(name)}
    for word, following in itertools.pairwise(words):
        if word in family and following[0].isdigit():
            yield following


def _words(text: str) -> list[str]:
    """``Microsoft(R) Exchange Server2003`` -> exchange, 2003"""
    return [word for word in re.findall(r"[a-z]+|\d+(?:\.\d+)*", text.lower()) if word not in _FILLERS]
