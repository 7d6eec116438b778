"""What a database's error means: whether to try again, and how to say it to a person."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from remediate.errors import UserError
from remediate.ledger.address import Address

BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
NO_RIGHT = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
FULL_HINT = "make room on that disk, or keep the ledger elsewhere"
BACKUP_HINT = "put back a copy, or move the file away to begin a new ledger; keep it for `sqlite3 FILE .recover`"


PASSING = (
    *BUSY,
    "SQLITE_PROTOCOL",
    "SQLITE_IOERR",
    "SQLITE_FULL",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_NOMEM",
)
"""What ends by itself, or once somebody has made room or given back a right."""
STATES = ("08", "40", "53", "57", "55P03", "25P03", "25006", "58030")
"""How those codes of PostgreSQL begin that pass: connections, neighbours, resources, restarts, a standby."""


def transient(error: SQLAlchemyError) -> bool:
    """Whether the same work may succeed later on a fresh connection: only what is known to pass."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        name = sqlite_name(error.orig)  # "": not SQLite's own, so nothing is known against the file
        return not name or name.startswith(PASSING)
    state = getattr(error.orig, "sqlstate", None)
    # Without a code it never came from the server: the connection was lost, or none was had.
    return state is None or state.startswith(STATES)


def busy(error: SQLAlchemyError) -> bool:
    """Whether a neighbour holds the SQLite file just now."""
    return isinstance(error, DBAPIError) and sqlite_name(error.orig).startswith(BUSY)


def sqlite_name(error: BaseException | None) -> str:
    """``SQLITE_BUSY`` and the like; "" for errors of anything else."""
    return getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""


def reason(error: BaseException, address: Address) -> str:
    """The database's own words on one line, without SQL, parameters and passwords."""
    told = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return address.masked(" ".join(str(told).split())) or type(told).__name__


def refusal(error: BaseException, address: Address, *, reading: bool = False) -> UserError:
    """Why the ledger cannot be opened, and what to do; ``reading``: nothing is to be written."""
    told = error.orig if isinstance(error, DBAPIError) and error.orig else error
    if reading and (sqlite_name(told).startswith(NO_RIGHT) or isinstance(told, PermissionError)):
        hint = "the file, its folder and the -wal beside it must be readable for whoever runs this"
        return UserError(f"the ledger {address} cannot be read: {reason(told, address)}", hint=hint)
    if reading and getattr(told, "sqlstate", None) == "42501":
        hint = "on the server: GRANT SELECT ON ALL TABLES IN SCHEMA public TO the user of the URL"
        return UserError(f"the ledger {address} cannot be read: {reason(told, address)}", hint=hint)
    if address.file:
        return _of_a_file(told, address)
    return _of_a_server(told, address)


def _of_a_file(error: BaseException, address: Address) -> UserError:
    name, file, told = sqlite_name(error), address.file, reason(error, address)
    if name.startswith(DAMAGED):
        return UserError(f"the ledger {file} is damaged: {told}", hint=BACKUP_HINT)
    if name.startswith(BUSY):
        hint = f"end the program that holds it (`fuser {file}` names it), then try again"
        return UserError(f"the ledger {file} is locked by another program", hint=hint)
    if name.startswith("SQLITE_FULL"):
        return UserError(f"the ledger {file} cannot be written: the disk is full", hint=FULL_HINT)
    if name.startswith(NO_RIGHT) or isinstance(error, PermissionError):
        hint = "the file, its folder and the files beside it (-wal, -shm) must be writable for whoever runs this"
        return UserError(f"the ledger {file} cannot be written: {told}", hint=hint)
    hint = "see whether its disk is full or failing, or keep the ledger elsewhere"
    return UserError(f"the ledger {file} cannot be used: {told}", hint=hint)


def _of_a_server(error: BaseException, address: Address) -> UserError:
    told, state = reason(error, address), getattr(error, "sqlstate", None) or ""
    hints = (
        ("password authentication failed", "the password of the URL is wrong, or of another user"),
        ("no password supplied", "put the password into the URL, or into ~/.pgpass"),
        ("no pg_hba.conf entry", "the server does not let this machine or user in: see pg_hba.conf there"),
        ("does not exist", "create it on the server: createuser NAME, createdb --encoding=UTF8 --owner=NAME NAME"),
        ("failed to resolve", "there is no such name: see the server's name in the URL"),
        ("could not translate host name", "there is no such name: see the server's name in the URL"),
        ("onnection refused", "nothing listens there: see the port of the URL, and whether the server runs"),
        ("permission denied", "on the server: GRANT CREATE, USAGE ON SCHEMA public TO the user of the URL"),
        ("read-only transaction", "this is a standby: name the primary server in the URL"),
        ("timeout", "the server does not answer in time: see its name, the network and its load"),
    )
    hint = next((hint for words, hint in hints if words in told), "see the URL, and the server's log")
    shown = told if not state else f"{told} ({state})"
    return UserError(f"the ledger {address} cannot be opened: {shown}", hint=hint)
