"""Looks at a SQLite file before anything trusts it: is it one, is it ours, is it whole."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from remediate.errors import UserError
from remediate.ledger.address import Address
from remediate.ledger.schema import VERSION_TABLE
from remediate.ledger.trouble import BACKUP_HINT, refusal, sqlite_name
from remediate.secrets import files

MAGIC = b"SQLite format 3\0"
PATIENCE = 15.0
"""Seconds for which a neighbour may hold the file while it is being opened."""


def check(
    address: Address,
    path: Path,
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Raises ``UserError`` where the file cannot become, or does not hold, a ledger. Turns WAL on."""
    try:
        _place(path)
        files.own_file(path)  # SQLite gives what it puts beside it (-wal, -shm) the same mode
        with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as db:
            _whole(path, db)
            _ours(path, db)
            _wal(path, db, sleep, monotonic)
    except (sqlite3.Error, OSError) as error:
        if sqlite_name(error) == "SQLITE_NOTADB" and _something_else(path):
            raise UserError(f"{path} is not a ledger: it is no SQLite database", hint=BACKUP_HINT) from error
        raise refusal(error, address) from error


def check_for_reading(address: Address, path: Path, connect: Callable[[], sqlite3.Connection]) -> None:
    """Raises ``UserError`` where the file holds no ledger, or cannot be read. Changes nothing."""
    try:
        if path.exists() and not path.is_file():
            raise UserError(f"the ledger {path} is no file", hint="name a file, as in .remediate/ledger.sqlite3")
        with closing(connect()) as db:
            _whole(path, db)
            _ours(path, db)
    except (sqlite3.Error, OSError) as error:
        if sqlite_name(error) == "SQLITE_NOTADB" and _something_else(path):
            raise UserError(f"{path} is not a ledger: it is no SQLite database", hint=BACKUP_HINT) from error
        raise refusal(error, address, reading=True) from error


def _place(path: Path) -> None:
    if not path.parent.is_dir():
        raise UserError(f"there is no folder {path.parent} for the ledger", hint=f"mkdir -p {path.parent}")
    if path.exists() and not path.is_file():
        raise UserError(f"the ledger {path} is no file", hint="name a file, as in .remediate/ledger.sqlite3")


def _something_else(path: Path) -> bool:
    """Whether this never was a database.

    Asked only once SQLite has refused the file: closing a file that this process has open as a database as well
    would drop SQLite's locks on it.
    """
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) != MAGIC
    except OSError:
        return False


def _whole(path: Path, db: sqlite3.Connection) -> None:
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise UserError(f"the ledger {path} is damaged: {' '.join(str(found).split())}", hint=BACKUP_HINT)


def _ours(path: Path, db: sqlite3.Connection) -> None:
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and VERSION_TABLE not in tables:
        raise UserError(f"{path} is not a ledger: it is another program's database", hint="name another file")


def _wal(path: Path, db: sqlite3.Connection, sleep: Callable[[float], None], monotonic: Callable[[], float]) -> None:
    """The switch fails at once, without waiting, where a neighbour is at it too."""
    deadline = monotonic() + PATIENCE
    while True:
        try:
            (mode,) = db.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if not sqlite_name(error).startswith("SQLITE_BUSY") or monotonic() > deadline:
                raise
            sleep(0.05)
        else:
            break
    if mode != "wal":
        hint = "keep it on a local disk; several machines share a ledger on PostgreSQL"
        raise UserError(f"the ledger {path} cannot be kept on this kind of disk", hint=hint)
