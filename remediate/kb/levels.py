"""How the files a package brings stand on a host: at its versions, or which of them are not and at what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from remediate.kb.advisory import Advisory, Package
from remediate.kb.builds import Build, Range
from remediate.kb.facts import FileSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLevel:
    """One file of a package: what is wanted, what is there."""

    name: str
    wanted: Build
    seen: FileSeen
    reached: bool
    """At the wanted version, or later in the same branch."""

    @property
    def found(self) -> Build | None:
        return self.seen.version

    @property
    def missing(self) -> bool:
        return self.seen.exists is False

    @property
    def shown(self) -> str:
        """``mdbmsg.dll 6.5.7226.0``"""
        return f"{self.name} {self.found or ('missing' if self.missing else 'unreadable')}"


def levels(advisory: Advisory, package: Package, files: Mapping[str, FileSeen]) -> tuple[FileLevel, ...]:
    """The package's files against those of the host; without a file table the key file stands for all."""
    wanted = {f.name.lower(): f.version for f in package.files} or {advisory.key_file.lower(): package.provides}
    branch = advisory.branch_of(package.provides)
    target = branch.builds if branch else Range(at_least=package.provides)
    found = []
    for name, version in wanted.items():
        seen = files.get(name) or FileSeen(name=name)
        inside = seen.version is not None and seen.version in target and version in target
        reached = inside and seen.version is not None and target.reaches(seen.version, version)
        found.append(FileLevel(name=name, wanted=version, seen=seen, reached=reached))
    return tuple(found)
