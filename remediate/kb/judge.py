"""Whether a file is the package it is said to be: what it says of itself, held against what the article says.

One judge for every road a package takes. A name or a hash given by an operator proves nothing about build, product or
language; the inside does, as far as it speaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from remediate.kb import languages
from remediate.kb.advisory import Advisory, Package
from remediate.kb.builds import Build, Range, readable
from remediate.kb.evidence import Evidence
from remediate.kb.inside import Named, Sure
from remediate.kb.productnames import Naming, naming, packed

_FIRM: tuple[Sure, ...] = ("verified", "inferred")
_ARCHITECTURES = {"i386": "x86", "ix86": "x86", "x86": "x86", "amd64": "x64", "x64": "x64", "ia64": "IA-64"}


class Fit(IntEnum):
    """How well one statement of the article, or all of them, fit a file; the worst counts."""

    FITS = 0
    UNTOLD = 1
    """The file says nothing of it: a person who knows may vouch for it."""
    UNLIKELY = 2
    """It says something else than what is only likely, and nothing that is known: the same."""
    NEVER = 3
    """It says that it is something else: nobody can vouch for it."""


@dataclass(frozen=True, slots=True)
class Told:
    fit: Fit
    text: str
    """Part of a sentence about the file: ``its version is 6.5.6981.0, which is that of KB870585-2003-RTM``."""


@dataclass(frozen=True, slots=True)
class Verdict:
    told: tuple[Told, ...]

    @property
    def fit(self) -> Fit:
        return max((each.fit for each in self.told), default=Fit.UNTOLD)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against it; where it is something else, only that."""
        least = Fit.NEVER if self.fit is Fit.NEVER else Fit.UNTOLD
        return tuple(each.text for each in self.told if each.fit >= least)

    @property
    def says(self) -> tuple[str, ...]:
        """What speaks for it."""
        return tuple(each.text for each in self.told if each.fit is Fit.FITS)


def judge(advisory: Advisory, package: Package, evidence: Evidence, language: str = "") -> Verdict:
    """``language``: three letters, when the package is not in the advisory's own."""
    if evidence.kind:
        return Verdict((Told(Fit.NEVER, f"it is {evidence.kind}, no installer"),))
    broken = tuple(_broken(evidence))
    if broken:
        return Verdict(broken)
    kb, product = _article(advisory, package, evidence), _product(advisory, package, evidence)
    version = _version(advisory, package, evidence)
    told = [
        *_architecture(advisory, package, evidence),
        *(each for each in (version, kb, product) if each),
        *_language(package, evidence, language),
    ]
    if max((each.fit for each in told), default=Fit.FITS) < Fit.UNLIKELY:
        told += _untold(advisory, package, evidence, version, kb, product)
    return Verdict(tuple(told))


def builds(package: Package) -> Range:
    """The versions its file may carry: what it provides; of a service pack any revision of that build (likely)."""
    if package.inside.version:
        return package.inside.version.builds
    least = package.provides
    if package.kind == "service_pack":
        return Range(at_least=least, below=Build(least.major, least.minor, least.build + 1, 0))
    return Range(at_least=least, below=Build(least.major, least.minor, least.build, least.revision + 1))


def articles(package: Package) -> Named:
    return package.inside.kb or Named(any_of=(package.number,))


def _broken(evidence: Evidence) -> Iterator[Told]:
    if evidence.missing:
        yield Told(Fit.NEVER, f"it was cut short: {evidence.missing:,} more bytes belong to it")
    if evidence.signature.state == "broken":
        yield Told(Fit.NEVER, f"it was {evidence.signature}")


def _worst(sure: Sure) -> Fit:
    return Fit.NEVER if sure in _FIRM else Fit.UNLIKELY


def _architecture(advisory: Advisory, package: Package, evidence: Evidence) -> Iterator[Told]:
    product = advisory.product(package.product)
    wanted = package.inside.architecture or Named(any_of=(product.architecture,) if product else ())
    said = [_ARCHITECTURES.get(text.lower(), text) for text in evidence.said("Proc. Architecture")]
    for name in dict.fromkeys((evidence.architecture, *said)):
        if name and wanted.any_of and name not in wanted.any_of:
            yield Told(Fit.NEVER, f"it is for {name}, not for {' or '.join(wanted.any_of)}")
            return


def _article(advisory: Advisory, package: Package, evidence: Evidence) -> Told | None:
    named, wanted = evidence.articles(), articles(package).any_of
    if not named:
        return None
    own = [number for number in named if number in wanted]
    if own:
        return Told(Fit.FITS, f"it names KB{own[0]}")
    others = [p.id for p in advisory.packages if p.number in named and p.number != package.number]
    if not wanted and not others:
        return None
    return Told(Fit.NEVER, f"it names KB{' and KB'.join(named[:3])}, not KB{(*wanted, package.number)[0]}")


def _product(advisory: Advisory, package: Package, evidence: Evidence) -> Told | None:
    found = naming(advisory, package, evidence)
    product = advisory.product(package.product)
    wanted = product.name if product else package.product
    match found.verdict:
        case Naming.OURS:
            return Told(Fit.FITS, f"it names {wanted}")
        case Naming.OTHER:
            return Told(Fit.NEVER, f"it says that it is of {found.text!r}, not of {wanted}")
        case _:
            return None


def _version(advisory: Advisory, package: Package, evidence: Evidence) -> Told | None:
    seen = _builds_in(advisory, evidence)
    if not seen:
        return None
    first, *others = (placed(advisory, package, build) for build in seen)
    if first.fit is Fit.FITS:  # a product's version may be that of its service pack, not one of another branch
        wrong = [other for other in others if other.fit is Fit.NEVER]
        return Told(Fit.UNLIKELY, f"{first.text}, but {wrong[0].text}") if wrong else first
    return first


def _builds_in(advisory: Advisory, evidence: Evidence) -> list[Build]:
    """Its versions that can be builds of one of the products, the file's own first."""
    vague = evidence.by_host or packed(advisory, evidence)
    packer = set(evidence.said("Self-Extractor Version"))
    releases = {product.release for product in advisory.products}
    led = {id(advisory.branch_of(package.provides)) for package in advisory.packages}
    found: list[Build] = []
    for text in (evidence.file_version, evidence.product_version):
        build = readable(text)
        if build is None or build in found or build.release not in releases or text in packer:
            continue
        # likely: packers have versions such as 6.0.2900.2180, which look like builds nothing here leads to
        if vague and id(advisory.branch_of(build)) not in led:
            continue
        found.append(build)
    return found


def placed(advisory: Advisory, package: Package, build: Build) -> Told:
    """Whether a file with this version can be the package."""
    text = f"its version is {build}"
    if build in builds(package):
        return Told(Fit.FITS, text)
    if other := next((p for p in advisory.packages if build in builds(p)), None):
        return Told(Fit.NEVER, f"{text}, which is that of {other.id} ({other.title}), not {package.provides}")
    branch, target = advisory.branch_of(build), advisory.branch_of(package.provides)
    if branch is not None and branch is not target:
        return Told(Fit.NEVER, f"{text}, a build of {branch.name}, not {package.provides}")
    sure = package.inside.version.sure if package.inside.version else "likely"
    return Told(_worst(sure), f"{text}, not {package.provides}")


def _language(package: Package, evidence: Evidence, language: str) -> Iterator[Told]:
    """Neutral or English resources are common in packages of every language; another one is a contradiction."""
    wanted = languages.name(language or package.language)
    if wanted and evidence.language not in ("", wanted, languages.ENGLISH):
        yield Told(Fit.NEVER, f"it is in {evidence.language}, not in {wanted}")


def _untold(
    advisory: Advisory,
    package: Package,
    evidence: Evidence,
    version: Told | None,
    kb: Told | None,
    product: Told | None,
) -> Iterator[Told]:
    """What has to be told for the file to be known, and is not."""
    if version is None:
        shown = f" (its version {evidence.file_version} is none of these products)" if evidence.file_version else ""
        yield Told(Fit.UNTOLD, f"it does not say which build it brings{shown}")
    if evidence.by_host:
        return
    if kb is None and product is None:
        own = advisory.product(package.product)
        yield Told(Fit.UNTOLD, f"it names neither {package.kb} nor {own.name if own else package.product}")
    elif kb is None and (twins := _twins(advisory, package)):
        yield Told(Fit.UNTOLD, f"it names no article, and {' and '.join(twins)} would look the same")


def _twins(advisory: Advisory, package: Package) -> list[str]:
    """Packages that only their article tells from this one."""
    own = builds(package)
    return [p.id for p in advisory.packages if p.id != package.id and builds(p).overlaps(own)]
