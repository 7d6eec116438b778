"""Keeps a run to the files it began with: one that was exchanged on this side meanwhile is sent to no further host."""

from __future__ import annotations

import dataclasses
import stat
import threading
from collections.abc import Iterator, Mapping
from hashlib import file_digest
from pathlib import Path

from remediate.engine.control import Control, Intent
from remediate.errors import Blocked
from remediate.planfile.build import CONTROLLER_FILE


class SameFiles(Control):
    """``files``: path as the playbook names it -> SHA-256 at the beginning of the run."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._seen: dict[str, tuple[tuple[int, ...], str]] = {}
        self._lock = threading.Lock()

    def permit(self, intent: Intent) -> None:
        for name in _named(intent) if intent.changes else ():
            wanted = self._files.get(name, "")
            now = self._now(name) if wanted else ""
            if now != wanted:
                raise Blocked(
                    f"{name} was exchanged on this side after the run began: its SHA-256 is {now or '(no file)'}, "
                    f"it was {wanted}",
                    "see who writes to that file; run again when it is the right one: it is checked anew",
                )

    def _now(self, name: str) -> str:
        """Its SHA-256; read again only when its times or its size say that it was written to."""
        try:
            with self._lock:
                found = Path(name).stat()
                if not stat.S_ISREG(found.st_mode):
                    return ""
                mark = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
                if self._seen.get(name, ((), ""))[0] != mark:
                    with Path(name).open("rb") as file:
                        self._seen[name] = (mark, file_digest(file, "sha256").hexdigest())
                return self._seen[name][1]
        except OSError:
            return ""


def _named(intent: Intent) -> Iterator[str]:
    """The files of this side that the step names."""
    for field in dataclasses.fields(intent.module.params_type):
        value = intent.step.params.get(field.name)
        if field.metadata.get(CONTROLLER_FILE) and isinstance(value, str) and value:
            yield value
