"""What a package file on the controller really is: size, hash, the versions and language inside. Names prove nothing.

The same documented file name was used for two different packages (KB916803, KB912442: SP1 and SP2 builds), so a package
is told by its hash and by the version it carries.
"""

from __future__ import annotations

import hashlib
import mmap
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remediate.errors import Blocked, UserError
from remediate.kb import languages

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """A local package as it was found."""

    path: Path
    size: int
    sha256: str
    """Lower-case hex."""
    file_version: str
    """Four parts; "" when the file carries none."""
    product_version: str
    language: str
    """Three letters, "" when the file does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the operator said of a package; an empty field is not checked."""

    package: str
    """Its id, for the messages."""
    sha256: str = ""
    size: int = 0
    version: str = ""
    """File or product version."""
    language: str = ""


def check(local: Path, expected: Expected) -> PackageFile:
    """Read ``local`` and hold it against ``expected``.

    ``Blocked`` when it is missing, unreadable, no program, or not the package that was meant; ``UserError`` when
    ``expected`` itself is wrong. The hash is compared before the file is taken apart.
    """
    wanted = expected.sha256.strip().lower()
    if wanted and not re.fullmatch(r"[0-9a-f]{64}", wanted):
        raise UserError(
            f"packages: {expected.package}: sha256 {expected.sha256!r:.80} is not 64 hexadecimal digits",
            hint="sha256sum FILE prints it",
        )
    size, digest = _measured(local, expected.package)
    if expected.size and size != expected.size:
        raise Blocked(f"{local} has {size:,} bytes, {expected.package} has {expected.size:,}", _get_again(expected))
    if wanted and digest != wanted:
        raise Blocked(
            f"{local} is not the file recorded for {expected.package}: its SHA-256 is {digest}, recorded is {wanted}",
            _get_again(expected),
        )
    found = _read(local, size, digest)
    _check_version(found, expected)
    return found


def inspect(local: Path) -> PackageFile:
    """Everything known of ``local`` alone; ``Blocked`` when it is missing, unreadable or no program."""
    return _read(local, *_measured(local, local.name))


def _measured(local: Path, package: str) -> tuple[int, str]:
    """Size and SHA-256, read in pieces: service packs are larger than one wants in memory."""
    digest, size = hashlib.sha256(), 0
    try:
        with local.open("rb") as stream:
            while piece := stream.read(CHUNK):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError:
        raise Blocked(
            f"the file of {package} is not there: {local}",
            f"put it there, or correct packages: {{{package}: {{file: ...}}}}",
        ) from None
    except OSError as error:
        raise _unreadable(local, error) from None
    if not size:
        raise Blocked(f"{local} is empty", f"get {package} again; the download may have been cut off")
    return size, digest.hexdigest()


def _unreadable(local: Path, error: OSError) -> Blocked:
    return Blocked(
        f"{local} cannot be read: {error.strerror or error}", "see to its rights and path, or copy it to a local disk"
    )


def _check_version(found: PackageFile, expected: Expected) -> None:
    versions = [v for v in (found.file_version, found.product_version) if v]
    if expected.version and expected.version not in versions:
        raise Blocked(
            f"{found.path} carries version {' and '.join(versions) or '(none)'}, "
            f"{expected.package} should carry {expected.version}: packages of two branches may share a file name",
            "get the package for this branch, or correct the version in packages",
        )
    wanted = languages.name(expected.language)
    if wanted and found.language and found.language not in (wanted, languages.ENGLISH):
        # Neutral or English resources are common in packages of every language; another one is a contradiction.
        raise Blocked(
            f"{found.path} is in {found.language}, {expected.package} was said to be {wanted}",
            "get the package in the server's language, or correct the language in packages",
        )


def _get_again(expected: Expected) -> str:
    return f"get {expected.package} again and compare; if the new file is right, record its hash in packages"


def _read(local: Path, size: int, digest: str) -> PackageFile:
    import pefile

    try:
        with local.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            image = pefile.PE(data=data, fast_load=True)  # never closed: that collects the whole process's garbage
            image.parse_data_directories(directories=[pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_RESOURCE"]])
            file_version, product_version = _versions(image)
            language = _language(image)
    except OSError as error:
        raise _unreadable(local, error) from None
    except (pefile.PEFormatError, struct.error, ValueError, LookupError, AttributeError, TypeError) as error:
        raise Blocked(
            f"{local} is no Windows program ({_kind(local)}): {error}",
            "a download cut off, or a page saved under the package's name, looks like this; get the file again",
        ) from None
    return PackageFile(
        path=local,
        size=size,
        sha256=digest,
        file_version=file_version,
        product_version=product_version,
        language=language,
    )


def _versions(image: Any) -> tuple[str, str]:
    fixed = getattr(image, "VS_FIXEDFILEINFO", None)
    if not fixed:
        return "", ""
    first = fixed[0]
    return (
        _dotted(first.FileVersionMS, first.FileVersionLS),
        _dotted(first.ProductVersionMS, first.ProductVersionLS),
    )


def _dotted(high: int, low: int) -> str:
    return f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}"


def _language(image: Any) -> str:
    """The first language its version data is translated to; "" when neutral or absent."""
    for group in getattr(image, "FileInfo", None) or []:
        for info in group:
            for variable in getattr(info, "Var", []):
                for value in variable.entry.values():
                    return languages.name(int(str(value).split()[0], 16))
    return ""


def _kind(local: Path) -> str:
    with local.open("rb") as stream:
        head = stream.read(64)
    if head.lstrip()[:1] == b"<":
        return "it begins like a web page"
    known = {b"MZ": "it begins like one", b"PK": "it is a ZIP archive", b"MSCF": "it is a cabinet"}
    return next(
        (text for start, text in known.items() if head.startswith(start)), f"it begins with {head[:4].hex(' ')}"
    )
