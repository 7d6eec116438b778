"""Where a package comes from: a file of this machine, a share the host reads, or a place on the host itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from remediate.errors import Blocked, UserError
from remediate.kb.evidence import Evidence
from remediate.kb.judge import Verdict, judge
from remediate.kb.packagefile import Expected, unfit
from remediate.model import Json

Way = Literal["upload", "share", "host"]


def is_unc(path: str) -> bool:
    """``\\\\server\\share\\x``: the host reads it, this machine does not."""
    return bool(re.match(r"\\\\[^\\?.]", path))


def is_on_host(path: str) -> bool:
    """Whether it can be the full path of a file on a Windows host's own disk."""
    return bool(re.match(r"([A-Za-z]:|%[^%]+%)[\\/]", path))


def way(package: str, file: str, on_host: str) -> Way:
    """How the package gets to the host. ``UserError`` for two places, ``Blocked`` for none."""
    if file and on_host:
        raise UserError(f"packages: {package}: both file and on_host say where it is", hint="leave one of them out")
    if on_host:
        if not is_on_host(on_host):
            raise UserError(
                f"packages: {package}: on_host {on_host!r} is no full path of a Windows host",
                hint="write it as D:\\kb\\package.exe; a share goes into file: \\\\server\\share\\package.exe",
            )
        return "host"
    if not file:
        raise Blocked(
            f"there is no file for package {package}",
            f"get it and say where it is: packages: {{{package}: {{file: PATH, sha256: HASH}}}}",
        )
    return "share" if is_unc(file) else "upload"


def check(found: Mapping[str, Json], expected: Expected, how: Way) -> Verdict:
    """What the host tells of its source against what the article and the operator say. ``Blocked`` says what to do."""
    path, name = str(found.get("path")), expected.package.id
    if not found.get("exists") or found.get("folder"):
        raise Blocked(f"the host does not see {path}", _look(name, how))
    size = found.get("size")
    if not isinstance(size, int | float):
        raise Blocked(f"the host sees {path} and cannot open it", "see to the rights of the account on that file")
    if expected.size and size != expected.size:
        raise Blocked(
            f"{path} has {size:,} bytes, {name} has {expected.size:,}",
            "put the right file there, or correct the size in packages",
        )
    version = str(found.get("version") or "")
    if expected.version and version and version != expected.version:
        raise Blocked(
            f"{path} carries version {version}, {name} should carry {expected.version}: packages of two "
            "branches may share a file name",
            "get the package for this branch, or correct the version in packages",
        )
    verdict = judge(expected.advisory, expected.package, inside(found), expected.language)
    if trouble := unfit(path, verdict, expected):
        raise trouble
    return verdict


def inside(found: Mapping[str, Json]) -> Evidence:
    """As far as a host tells it: the version; what else it says, nobody here can read."""
    return Evidence(file_version=str(found.get("version") or ""), by_host=True)


def other_file(path: str, digest: str, expected: Expected) -> Blocked:
    """The file that lies there is not the one that was recorded."""
    return Blocked(
        f"{path} is not the file recorded for {expected.package.id}: its SHA-256 is {digest}, recorded is "
        f"{expected.sha256.strip().lower()}",
        "put the right file there; if it is the right one, record its hash in packages",
    )


def _look(package: str, how: Way) -> str:
    if how == "host":
        return f"put it there, or correct packages: {{{package}: {{on_host: ...}}}}"
    return (
        "see whether this account can read the share from the host: a log-on by key or NTLM has no password to go "
        "on to another server with; log on by password over SSH, by CredSSP, or by Kerberos with delegation, or "
        "give a file of this machine instead"
    )
