"""Have a package on the host, byte for byte, before anything is installed. The file itself is checked here first.

A missing file, a wrong hash, a web page under the package's name or a package of another branch is found on this side,
before the host is written to. On the host the package lies in the toolkit's folder under a name that begins with its
hash, so that two packages of one name cannot be mistaken. What is there already is trusted only by its hash.

The registered result holds ``path`` (on the host), ``sha256``, ``size``, ``version`` and ``language`` of the package.

Examples:

```yaml
- name: Have the package on the server
  package_staged:
    package: KB870585-2003-SP1
    file: /srv/packages/Exchange2003-KB870585-x86-ENU.exe
    sha256: 3f5a...
  register: staged
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.errors import Blocked, Failed
from remediate.kb import packagefile, probe
from remediate.kb.installing import staged_path
from remediate.model import Change, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
BYTES_A_SECOND = 1_000_000
MARGIN = 20_000_000
"""Bytes that stay free beside the package, so that staging never fills a system drive."""


@dataclass(frozen=True, kw_only=True)
class Params:
    package: str = field(metadata={"help": "Id of the package, for messages."})
    file: str = field(default="", metadata={"help": "The package on this side."})
    sha256: str = field(default="", metadata={"help": "Its SHA-256 as recorded; empty: whatever the file has."})
    size: int = field(default=0, metadata={"help": "Its size in bytes; 0: not checked."})
    version: str = field(default="", metadata={"help": "Version it must carry; empty: not checked."})
    language: str = field(default="", metadata={"help": "Three letters of its language; empty: not checked."})


def inspect(session: Session, params: Params) -> State:
    if not params.file:
        raise Blocked(
            f"there is no file for package {params.package}",
            f"get it and say where it is: packages: {{{params.package}: {{file: PATH, sha256: HASH}}}}",
        )
    local = packagefile.check(
        Path(params.file),
        packagefile.Expected(
            package=params.package,
            sha256=params.sha256,
            size=params.size,
            version=params.version,
            language=params.language,
        ),
    )
    path = staged_path(session.folder, local.sha256, local.path.name)
    seen = session.call("package_staged", "inspect", {"path": path})
    staged = probe.part(seen, "staged")
    same = bool(staged.get("exists")) and staged.get("size") == local.size and session.hash(path) == local.sha256
    return {
        **seen,
        "package": params.package,
        "path": path,
        "sha256": local.sha256,
        "size": local.size,
        "version": local.file_version,
        "language": local.language,
        "same": same,
    }


def diff(state: State, params: Params) -> list[Change]:
    if state["same"]:
        return []
    size, free, staged = int(str(state["size"])), state.get("free"), probe.part(state, "staged")
    if isinstance(free, int | float) and free < size + MARGIN:
        raise Blocked(
            f"{free / 1e6:,.0f} MB are free on the host, {params.package} needs {(size + MARGIN) / 1e6:,.0f} MB there",
            "free some space on the system drive, then run again",
        )
    return [
        Change(
            target=str(state["path"]),
            before="something else of that name" if staged.get("exists") else None,
            after=f"{Path(params.file).name}, {size:,} bytes",
            seconds=1.0 + size / BYTES_A_SECOND,
        )
    ]


def apply(session: Session, change: Change, params: Params) -> State | None:
    local = packagefile.inspect(Path(params.file))
    session.put(local.path, change.target)
    arrived = session.hash(change.target)
    if arrived != local.sha256:
        raise Failed(
            f"{change.target} arrived with SHA-256 {arrived}, sent was {local.sha256}",
            remedy="see whether a scanner on the host alters files, then run again",
        )
    return None
