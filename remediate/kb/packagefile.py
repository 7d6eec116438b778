"""What a package's file on this side really is, held against what its operator and the article say of it.

The same documented file name was used for two different packages (KB916803, KB912442: SP1 and SP2 builds).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from remediate.errors import Blocked, UserError
from remediate.kb import image, localfile
from remediate.kb.advisory import Advisory, Package
from remediate.kb.evidence import Evidence
from remediate.kb.judge import Fit, Verdict, judge
from remediate.kb.localfile import Bytes, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """A local package as it was found."""

    path: Path
    size: int
    sha256: str
    """Lower-case hex."""
    inside: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the article and the operator say of a package; an empty field says nothing."""

    advisory: Advisory
    package: Package
    sha256: str = ""
    size: int = 0
    version: str = ""
    """File or product version."""
    language: str = ""
    identified_by: str = ""
    """Why the operator vouches for a file whose inside says too little."""


def look(local: Path) -> PackageFile:
    """Everything known of ``local`` alone, read once a run. ``Blocked`` where there is no file to be read."""
    return localfile.read(local, _examined)


def _examined(path: Path, content: Bytes, data: Window) -> PackageFile:
    return PackageFile(path=path, size=content.size, sha256=content.sha256, inside=image.read(data))


def check(local: Path, expected: Expected) -> tuple[PackageFile, Verdict]:
    """Read ``local`` and hold it against ``expected``: the hash, the operator's words, then the inside.

    ``Blocked`` when it is missing, unreadable, or not the package that was meant; ``UserError`` when ``expected``
    itself is wrong.
    """
    if expected.sha256.strip():
        recorded_hash(expected)
    found = look(local)
    verdict = judge(expected.advisory, expected.package, found.inside, expected.language)
    for _, trouble in troubles(found, verdict, expected):
        raise trouble
    return found, verdict


def troubles(found: PackageFile, verdict: Verdict, expected: Expected) -> Iterator[tuple[str, Blocked]]:
    """Everything that keeps the file from being taken, each with the word of ``packages`` it contradicts."""
    local, name, wanted = found.path, expected.package.id, expected.sha256.strip().lower()
    if expected.size and found.size != expected.size:
        yield "size", Blocked(f"{local} has {found.size:,} bytes, {name} has {expected.size:,}", get_again(name))
    if wanted and found.sha256 != wanted:
        text = f"{local} is not the file recorded for {name}: its SHA-256 is {found.sha256}, recorded is {wanted}"
        yield "sha256", Blocked(text, get_again(name))
    versions = dict.fromkeys(v for v in (found.inside.file_version, found.inside.product_version) if v)
    if expected.version and verdict.fit is not Fit.NEVER and expected.version not in versions:
        text = f"{local} carries version {' and '.join(versions) or '(none)'}, {name} should carry {expected.version}"
        advice = "get the package for this branch, or correct the version in packages"
        yield "version", Blocked(f"{text}: packages of two branches may share a file name", advice)
    if trouble := unfit(str(local), verdict, expected):
        yield "file", trouble


def recorded_hash(expected: Expected) -> str:
    """The recorded SHA-256, lower case. ``UserError`` when it cannot be one."""
    wanted = expected.sha256.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", wanted):
        what = f"{expected.sha256!r:.80} is not 64 hexadecimal digits" if wanted else "is missing"
        raise UserError(f"packages: {expected.package.id}: sha256 {what}", hint="sha256sum FILE prints it")
    return wanted


def unfit(shown: str, verdict: Verdict, expected: Expected) -> Blocked | None:
    """Why the file is not taken; None when its inside fits, or says too little and somebody vouches for it."""
    name = expected.package.id
    if verdict.fit is Fit.FITS or (verdict.fit < Fit.NEVER and expected.identified_by.strip() and expected.sha256):
        return None
    reason = f"{shown} is not {name}" if verdict.fit > Fit.UNTOLD else f"{shown} cannot be told to be {name}"
    return Blocked(f"{reason}: {'; '.join(verdict.reasons)}", advice(verdict, expected))


def advice(verdict: Verdict, expected: Expected) -> str:
    """What to do about a file that does not fit."""
    name, obtain = expected.package.id, expected.package.obtain
    where = f" ({obtain})" if obtain else ""
    if verdict.fit is Fit.NEVER:
        return f"get {name}{where}; a file's name tells nothing"
    vouch = "record its sha256" if not expected.sha256 else "say how you know it"
    also = " and say how you know it" if not expected.sha256 else ""
    return (
        f"get {name}{where}; if you know that this is it, {vouch}{also}: "
        f"packages: {{{name}: {{sha256: ..., identified_by: WHY}}}}"
    )


def vouched(verdict: Verdict, expected: Expected) -> str:
    """The sentence about a file that is taken on the operator's word; "" where its inside fits."""
    if verdict.fit is Fit.FITS:
        return ""
    return (
        f"{expected.package.id} is not known by its inside ({'; '.join(verdict.reasons)}); it is taken by its recorded "
        f"hash on the word of whoever wrote identified_by: {' '.join(expected.identified_by.split())[:300]}"
    )


def known_by(inside: Evidence, verdict: Verdict) -> str:
    """What speaks for a file, in one line: ``its version is 6.5.7232.35, it names KB870585; not signed``."""
    signed = "" if inside.by_host else f"; {inside.signature}"
    return (", ".join(verdict.says) or "nothing in it tells") + signed


def get_again(name: str) -> str:
    return f"get {name} again and compare; if the new file is right, record its hash in packages"
