"""Copy a file or a text to the host, when what is there differs by SHA-256.

A ``dest`` that is a folder, or ends with a backslash, receives the file under its own name. The folder must be
there: ``win_file`` makes one. The file arrives under a temporary name and is then renamed, so a broken connection
never leaves half a file. With ``backup`` the file that was there stays beside it as ``NAME.<UTC time>.bak``. The
registered result holds ``dest``, ``checksum``, ``size`` and, where one was made, ``backup_file``.

Examples:

```yaml
- name: The tool
  win_copy: {src: files/tool.exe, dest: 'C:\\Tools\\'}

- name: Its settings
  win_copy:
    content: "server={{ inventory_hostname }}\\r\\n"
    dest: 'C:\\Tools\\tool.ini'
    backup: true
```
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from remediate.errors import Blocked
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
VOLATILE = ("free",)
SLACK = 1_000_000
"""Bytes that must stay free on the host's drive."""


@dataclass(frozen=True, kw_only=True)
class Params:
    dest: str = field(metadata={"help": "File on the host, or a folder there (existing, or ending with \\)."})
    src: str = field(
        default="",
        metadata={
            "help": "File on this machine; a relative path counts from the working folder.",
            "controller_file": True,
        },
    )
    content: str | None = field(default=None, metadata={"help": "Text to write instead of src, as UTF-8, unchanged."})
    backup: bool = field(default=False, metadata={"help": "Keep the file that was there under a name with the time."})
    force: bool = field(default=True, metadata={"help": "False: only copy when there is no file yet."})

    def __post_init__(self) -> None:
        if bool(self.src) == (self.content is not None):
            raise ValueError("give either src or content")
        if self.content is not None and self.dest.endswith(("\\", "/")):
            raise ValueError("content needs the name of a file as dest")


def inspect(session: Session, params: Params) -> State:
    size, checksum = _local(params)
    name = PureWindowsPath(params.src).name if params.src else ""
    seen = session.call("win_copy", "inspect", {"dest": params.dest, "name": name})
    same_size = seen["exists"] and not seen["folder"] and seen["size"] == size
    remote = session.hash(str(seen["dest"])) if same_size else ""
    return {**seen, "checksum": remote, "wanted": {"size": size, "checksum": checksum}}


def diff(state: State, params: Params) -> list[Change]:
    dest, wanted = str(state["dest"]), state["wanted"]
    if not isinstance(wanted, dict):
        raise TypeError("wanted is a mapping")
    if state["folder"]:
        raise Blocked(f"{dest} is a folder", "name the file in it")
    if not state["parent_exists"]:
        raise Blocked(f"there is no folder for {dest}", "make it first with win_file, state: directory")
    if state["exists"] and (not params.force or state["checksum"] == wanted["checksum"]):
        return []
    size, free = int(str(wanted["size"])), state["free"]
    if isinstance(free, int | float) and free < size + SLACK:
        raise Blocked(f"{dest} needs {size} bytes and only {free:.0f} are free", "free some space on the host's drive")
    before = _described(state["size"], state["checksum"]) if state["exists"] else "absent"
    backup = bool(params.backup and state["exists"])
    return [
        Change(
            target=dest,
            before=before,
            after=_described(size, wanted["checksum"]),
            seconds=max(1.0, size / 500_000),
            reversible=False,
            why="the file that is there is kept as a backup" if backup else "",
            details={"backup": backup, "checksum": wanted["checksum"], "size": size},
        )
    ]


def apply(session: Session, change: Change, params: Params) -> State:
    done: dict[str, Json] = {
        "dest": change.target,
        "checksum": change.details["checksum"],
        "size": change.details["size"],
    }
    if change.details["backup"]:
        done |= dict(session.call("win_copy", "backup", {"path": change.target}))
    if params.content is None:
        session.put(Path(params.src), change.target, sha256=str(change.details["checksum"]))
        return done
    with tempfile.TemporaryDirectory(prefix="remediate-") as folder:
        local = Path(folder) / "content"
        local.write_bytes(params.content.encode())
        session.put(local, change.target)
    return done


def _local(params: Params) -> tuple[int, str]:
    """Size and SHA-256 of what is to arrive."""
    if params.content is not None:
        data = params.content.encode()
        return len(data), hashlib.sha256(data).hexdigest()
    path = Path(params.src)
    if not path.is_file():
        raise Blocked(f"there is no file {path} on this machine", "correct src, or bring the file there")
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _described(size: Json, checksum: Json) -> str:
    return f"{size} bytes" + (f", sha256 {str(checksum)[:12]}" if checksum else "")
