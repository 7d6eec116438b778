"""Reads a SQLite ledger without a right to write: a live one, a copy, on a read-only disk, of an older schema."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from remediate.ledger.trouble import NO_RIGHT, sqlite_name

Mark: TypeAlias = "tuple[object, ...]"
BUSY = 2.0
"""Seconds one try waits for another process's write to the same file."""


class Reader:
    """Connections to one file. Leaves nothing beside it: what has to be written is written into a copy elsewhere."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._alone = False

    def connect(self) -> sqlite3.Connection:
        """One that reads. While nobody has the file open its locks, which have to be written, are done without."""
        self._alone = self._folder is None and not self._log.exists()
        if self._alone or self._folder is not None:
            return self._open()
        try:
            return self._open()
        except sqlite3.OperationalError as error:
            if not sqlite_name(error).startswith(NO_RIGHT):
                raise
        # Somebody copied the log too, or died, and it cannot be worked in where it is.
        self._alone = not self._log.stat().st_size
        if not self._alone:
            shutil.copy(self._log, self._elsewhere().with_name("ledger.sqlite3-wal"))
            shutil.copy(self._path, self._elsewhere())
        return self._open()

    def mark(self) -> Mark:
        """How the file stands, to be compared with later."""
        try:
            seen = self._path.stat()
            return seen.st_mtime_ns, seen.st_size, self._log.exists() and self._log.stat().st_size
        except OSError:
            return ()

    def disturbed(self, mark: Mark) -> bool:
        """Whether it was written to since ``mark`` while it was read without locks."""
        return self._alone and self.mark() != mark

    def copied(self) -> Path:
        """From now on a whole copy is read; where it is."""
        with closing(self.connect()) as found, closing(sqlite3.connect(self._elsewhere())) as copy:
            found.backup(copy)
        return self._elsewhere()

    def close(self) -> None:
        """Remove the copy, if there is one."""
        if self._folder is not None:
            self._folder.cleanup()

    def _elsewhere(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="remediate-ledger-")
        return Path(self._folder.name) / "ledger.sqlite3"

    def _open(self) -> sqlite3.Connection:
        where = self._path if self._folder is None else self._elsewhere()
        how = "?mode=ro&immutable=1" if self._alone else "?mode=ro" if self._folder is None else ""
        db = sqlite3.connect(
            where.absolute().as_uri() + how, uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False
        )
        try:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error:
            db.close()
            raise
        return db
