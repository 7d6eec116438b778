"""Have a package on the host, byte for byte, before anything is installed; it comes from here, a share, or the host.

``file`` on this side is checked here first, against its recorded hash and by what is inside it: a missing file, a web
page under the package's name or a package of another branch is found before the host is written to; then it is
uploaded, and only as the very bytes that were checked. ``file`` as a UNC path (``\\\\server\\share\\x.exe``) is
copied by the host itself, ``on_host`` is used where it lies on the host: nothing is uploaded, the host tells size and
version, and the hash decides, so ``sha256`` must be given. A file whose inside says too little is refused unless
``identified_by`` says how you know it; one that says it is something else is refused always.

On the host a package lies in the toolkit's folder under a name that begins with its hash, so that two packages of one
name cannot be mistaken, and one that is there under any name is not sent again. It is trusted only by its hash.

The registered result holds ``path`` (on the host), ``sha256``, ``size``, ``version``, ``modified`` (when what lies on
the host was last written), ``language``, ``known_by`` (what speaks for it), ``way`` (``upload``, ``share``, ``host``).

Examples:

```yaml
- name: Have the package on the server
  package_staged:
    advisory: '{{ kb870585_advisory }}'
    package: KB870585-2003-SP1
    file: /srv/packages/Exchange2003-KB870585-x86-ENU.exe
    sha256: 3f5a...
  register: staged

- name: The same from a share the server can read
  package_staged:
    advisory: '{{ kb870585_advisory }}'
    package: KB870585-2003-SP1
    file: '\\\\files\\kb\\Exchange2003-KB870585-x86-ENU.exe'
    sha256: 3f5a...

- name: The same from a folder on the server
  package_staged:
    advisory: '{{ kb870585_advisory }}'
    package: KB870585-2003-SP1
    on_host: 'D:\\kb\\Exchange2003-KB870585-x86-ENU.exe'
    sha256: 3f5a...
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remediate.errors import Blocked, Failed, RemoteFailed, UserError
from remediate.kb import packagefile, probe, source, supplied
from remediate.kb.advisory import load
from remediate.kb.installing import staged_path
from remediate.kb.judge import Verdict
from remediate.kb.packagefile import Expected, PackageFile
from remediate.model import Change, Finding, Foreseen, Json, Known, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
VOLATILE = ("free",)
BEFOREHAND = ("advisory", "package", *supplied.WORDS)
BYTES_A_SECOND = 1_000_000
SLOWEST = 50_000
"""Bytes a second at which a host may still copy from a share."""
MARGIN = 20_000_000
"""Bytes that stay free beside the package, so that staging never fills a system drive."""


@dataclass(frozen=True, kw_only=True)
class Params:
    advisory: dict[str, Any] = field(metadata={"help": "The article as data; says what must be inside the package."})
    package: str = field(metadata={"help": "Id of the package in the advisory."})
    file: str = field(
        default="",
        metadata={"help": "The package on this side, or as a UNC path the host can read.", "controller_file": True},
    )
    on_host: str = field(default="", metadata={"help": "The package on the host already, instead of file."})
    sha256: str = field(default="", metadata={"help": "Its SHA-256 as recorded; empty: whatever a file here has."})
    size: int = field(default=0, metadata={"help": "Its size in bytes; 0: not checked."})
    version: str = field(default="", metadata={"help": "Version it must carry as well; empty: not checked."})
    language: str = field(default="", metadata={"help": "Three letters, when the package is not the English one."})
    identified_by: str = field(
        default="", metadata={"help": "How you know a file whose inside says too little; needs sha256."}
    )


def beforehand(known: Known) -> Foreseen:
    """The same for one package that is named in the task itself."""
    advisory, name = known.values.get("advisory"), known.values.get("package")
    if known.later or advisory is None or not isinstance(name, str):
        return Foreseen()
    words = {word: known.values[word] for word in supplied.WORDS if known.values.get(word)}
    found = supplied.foreseen(load(advisory), Known(values={supplied.ARGUMENT: {name: words}}))
    return Foreseen(findings=tuple(map(_own, found.findings)), files=found.files)


def _own(finding: Finding) -> Finding:
    """The same said of this task's argument."""
    return replace(finding, place=finding.place[2:3] or ("package",), of_key=False)


def expected(params: Params) -> Expected:
    """``UserError`` for a package the advisory does not know."""
    advisory = load(params.advisory)
    package = advisory.package(params.package)
    if package is None:
        known = ", ".join(p.id for p in advisory.packages)
        raise UserError(f"{advisory.kb} knows no package {params.package!r}", hint=f"it knows {known}")
    return Expected(
        advisory=advisory,
        package=package,
        sha256=params.sha256,
        size=params.size,
        version=params.version,
        language=params.language,
        identified_by=params.identified_by,
    )


def inspect(session: Session, params: Params) -> State:
    way, wanted = source.way(params.package, params.file, params.on_host), expected(params)
    if way == "upload":
        return _from_here(session, wanted, *packagefile.check(Path(params.file), wanted))
    return (_on_host if way == "host" else _from_share)(session, params, wanted)


def _on_host(session: Session, params: Params, wanted: Expected) -> State:
    """Used where it lies: it is the package, or there is none."""
    recorded = packagefile.recorded_hash(wanted)
    seen = session.call("package_staged", "inspect", {"path": params.on_host, "source": "", "prefix": ""})
    found = probe.part(seen, "staged")
    verdict = source.check(found, wanted, "host")
    path = str(found.get("path"))
    if (digest := session.hash(path)) != recorded:
        raise source.other_file(path, digest, wanted)
    return {**seen, "way": "host", **_told(wanted, verdict, recorded, found), "path": path, "same": True}


def _from_share(session: Session, params: Params, wanted: Expected) -> State:
    """The share is looked at only as long as the host has no copy: it may be gone by the next run."""
    recorded = packagefile.recorded_hash(wanted)
    path = staged_path(session.folder, recorded, params.file)
    seen = session.call("package_staged", "inspect", {"path": path, "source": params.file, "prefix": recorded[:16]})
    staged = _staged(session, seen, recorded, params.size)
    found = staged or probe.part(seen, "source")
    verdict = source.check(found, wanted, "share")
    told = {**_told(wanted, verdict, recorded, found), "modified": staged.get("modified") or ""}
    return {**seen, "way": "share", **told, "path": _place(staged, seen, path), "same": bool(staged)}


def _told(wanted: Expected, verdict: Verdict, sha256: str, found: Mapping[str, Json]) -> dict[str, Json]:
    """What the host tells of a file this machine does not read."""
    return {
        "package": wanted.package.id,
        "sha256": sha256,
        "size": found.get("size"),
        "version": found.get("version") or "",
        "modified": found.get("modified") or "",
        "language": wanted.language,
        "known_by": packagefile.known_by(source.inside(found), verdict),
        "vouched": packagefile.vouched(verdict, wanted),
    }


def _from_here(session: Session, wanted: Expected, local: PackageFile, verdict: Verdict) -> State:
    path = staged_path(session.folder, local.sha256, local.path.name)
    seen = session.call("package_staged", "inspect", {"path": path, "source": "", "prefix": local.sha256[:16]})
    staged = _staged(session, seen, local.sha256, local.size)
    return {
        **seen,
        "way": "upload",
        "package": wanted.package.id,
        "path": _place(staged, seen, path),
        "sha256": local.sha256,
        "size": local.size,
        "version": local.inside.file_version,
        "modified": staged.get("modified") or "",
        "language": local.inside.language,
        "known_by": packagefile.known_by(local.inside, verdict),
        "vouched": packagefile.vouched(verdict, wanted),
        "same": bool(staged),
    }


def _place(staged: Mapping[str, Json], seen: State, path: str) -> str:
    """Where the package is or will be, as the host names it: the same over every road."""
    return str(staged.get("path") or probe.part(seen, "staged").get("path") or path)


def _staged(session: Session, seen: State, sha256: str, size: int) -> Mapping[str, Json]:
    """What lies on the host and is the package by its hash, under its own name or another; {} when nothing does."""
    for entry in (probe.part(seen, "staged"), *probe.entries(seen, "others")):
        fits = entry.get("exists") and not entry.get("folder") and size in (0, entry.get("size"))
        if fits and session.hash(str(entry.get("path"))) == sha256:
            return entry
    return {}


def diff(state: State, params: Params) -> list[Change]:
    if state["same"]:
        return []
    size, free, staged = int(str(state["size"])), state.get("free"), probe.part(state, "staged")
    if isinstance(free, int | float) and free < size + MARGIN:
        raise Blocked(
            f"{free / 1e6:,.0f} MB are free on the host, {params.package} needs {(size + MARGIN) / 1e6:,.0f} MB there",
            "free some space on the system drive, then run again",
        )
    shared = state.get("way") == "share"
    why = f"the host copies it from {params.file}, nothing is uploaded" if shared else ""
    return [
        Change(
            target=str(state["path"]),
            before="something else of that name" if staged.get("exists") else None,
            after=f"{size:,} bytes, {'copied by the host' if shared else 'uploaded'}",
            seconds=1.0 + size / BYTES_A_SECOND,
            why="; ".join(filter(None, (why, str(state.get("known_by") or "")))),
            details={"sha256": state["sha256"]},
        )
    ]


def notes(state: State, params: Params) -> Sequence[str]:
    found = [str(state["vouched"])] if state.get("vouched") else []
    if not state.get("same") or not state.get("way"):
        return found
    size = f"{int(str(state['size'])):,} bytes"
    where = "is used where it lies on the host" if state["way"] == "host" else "is on the host already"
    return (*found, f"{params.package} {where}: {state['path']}, {size}, nothing is uploaded")


def apply(session: Session, change: Change, params: Params) -> State | None:
    """Exactly the bytes that were looked at: their hash is in the change, not read again from the file."""
    wanted = str(change.details["sha256"])
    if source.is_unc(params.file):
        session.say(f"the host copies {params.file}")
        patience = 300 + params.size / SLOWEST if params.size else 3600.0
        session.call("package_staged", "copy", {"source": params.file, "target": change.target}, timeout=patience)
    else:
        _upload(session, Path(params.file), wanted, change.target)
    arrived = session.hash(change.target)
    if arrived != wanted:
        session.call("package_staged", "discard", {"path": change.target})
        raise Failed(
            f"{change.target} arrived with SHA-256 {arrived}, wanted is {wanted}",
            remedy="see whether it is another package, or a scanner on the host alters files, then run again",
        )
    return None


def _upload(session: Session, local: Path, sha256: str, target: str) -> None:
    """Another controller may have put the same package there meanwhile, and its installer may hold the file already."""
    try:
        session.put(local, target, sha256=sha256)
    except RemoteFailed:
        try:
            there = session.hash(target)
        except RemoteFailed:
            there = ""
        if there != sha256:
            raise
