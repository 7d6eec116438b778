"""What became of a job's work, as the host keeps it in the job's folder: written down once, read by every later run."""

from __future__ import annotations

import re
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.errors import HostError, RemoteFailed
from remediate.kb import probe
from remediate.kb.builds import readable
from remediate.model import Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFate:
    """One file of the package: its version right before the start and when the end was judged; "" unreadable."""

    name: str
    before: str
    now: str
    waiting: bool
    """Replaced by a rename that waits for the next start of Windows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a job ended."""

    at: str
    """UTC, by the host's clock."""
    ok: bool
    exit_code: int | None
    files: tuple[FileFate, ...]

    @property
    def fruitless(self) -> bool:
        """It ended well and changed nothing, nor will the next start of Windows."""
        known = bool(self.files) and all(f.before and f.now for f in self.files)
        return self.ok and known and not any(f.waiting or f.before != f.now for f in self.files)

    def left(self, behind: Set[str]) -> tuple[FileFate, ...]:
        """Those of ``behind`` that are as they were, and will be after the next start of Windows."""
        same = (f for f in self.files if f.before and f.before == f.now and not f.waiting)
        return tuple(f for f in same if f.name in behind)

    def still(self, versions: dict[str, str]) -> bool:
        """Whether its files are as they were when it was judged; ``versions`` by lower-case name."""
        return all(versions.get(f.name.lower(), f.now) == f.now for f in self.files)

    @property
    def shown(self) -> str:
        """``store.exe 6.5.7226.0, mdbmsg.dll 6.5.7226.0``"""
        return ", ".join(f"{f.name} {f.now or 'unreadable'}" for f in self.files)


def job_name(package: str, sha256: str) -> str:
    """The same for every controller that installs the same bytes, so that they find each other's installer."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"{package[:40]}-{sha256[:12].lower()}")


def judge(session: Session, job: str, *, ok: bool, meaning: str) -> Verdict | None:
    """Write down how a job ended; None while it runs, and where the host cannot keep it: then a later run judges."""
    with suppress(RemoteFailed):
        return of(session.call("hotfix", "judge", {"name": job, "ok": ok, "meaning": meaning}))
    return None


def judge_failure(session: Session, job: str, meaning: str) -> None:
    """The same of a job that ended badly: whatever keeps it from being written down, the failure is what counts."""
    with suppress(HostError):
        judge(session, job, ok=False, meaning=meaning)


def of(job: State) -> Verdict | None:
    """The verdict on a job; None when nobody has judged it, or what the host keeps is no verdict."""
    kept = probe.part(job, "judged")
    if not isinstance(kept.get("ok"), bool):
        return None
    code = kept.get("exit_code")
    return Verdict(
        at=str(kept.get("at") or ""),
        ok=bool(kept["ok"]),
        exit_code=code if isinstance(code, int) else None,
        files=tuple(map(_fate, probe.entries(kept, "files")[:100])),
    )


def due(job: State) -> bool:
    """Whether a job's end has still to be judged: it tells of the files it was to replace, and nobody did."""
    return isinstance(probe.part(job, "record").get("files"), list) and of(job) is None


def _fate(row: State) -> FileFate:
    return FileFate(
        name=str(row.get("name"))[:100],
        before=_version(row.get("before")),
        now=_version(row.get("now")),
        waiting=row.get("waiting") is True,
    )


def _version(value: Json) -> str:
    """As builds are written, so that two spellings of one are one."""
    text = value.strip()[:50] if isinstance(value, str) else ""
    return str(readable(text) or text)
