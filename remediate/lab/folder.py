"""Where one lab keeps its state, and how files there are written whole."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from remediate.model import Json
from remediate.secrets import files


@dataclass(frozen=True, slots=True)
class LabFolder:
    """The folder of one inventory file's lab."""

    root: Path

    @property
    def plan(self) -> Path:
        """The hosts as last declared."""
        return self.root / "plan.json"

    @property
    def daemon(self) -> Path:
        """Process id, control port and token of the daemon that runs or ran."""
        return self.root / "daemon.json"

    @property
    def log(self) -> Path:
        return self.root / "daemon.log"

    @property
    def ports(self) -> Path:
        return self.root / "ports.json"

    @property
    def known_hosts(self) -> Path:
        return self.root / "known_hosts"

    @property
    def hosts(self) -> Path:
        return self.root / "hosts"

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def packages(self) -> Path:
        return self.root / "packages"

    @property
    def blobs(self) -> Path:
        """Large contents of virtual files, by SHA-256."""
        return self.root / "blobs"


def lab_folder(inventory: Path, state_root: Path) -> LabFolder:
    """``<state_root>/<stem>-<hash of the absolute path>``; ``state_root`` is usually ``.remediate/lab``."""
    full = inventory.resolve()
    mark = hashlib.sha256(str(full).encode()).hexdigest()[:8]
    return LabFolder(state_root.resolve() / f"{full.stem}-{mark}")


def write_whole(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace ``path`` in one step: a reader, or a restart after kill -9, sees the old file or the new one."""
    files.own_folder(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:  # noqa: PTH123 - mode
        file.write(data)
    partial.replace(path)


def write_json(path: Path, value: Json, *, mode: int = 0o600) -> None:
    write_whole(path, json.dumps(value, separators=(",", ":")).encode(), mode=mode)


def read_json(path: Path) -> dict[str, Json]:
    """The mapping in ``path``; {} when it is missing or damaged."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``, waiting for whoever has it; the system lets go of it when a process dies."""
    files.own_folder(path.parent)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock file ``path``."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
