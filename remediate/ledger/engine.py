"""Connections to the database: every one of them durable, patient with neighbours, and impatient with dead servers."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from remediate.errors import UserError
from remediate.ledger.address import NO_DRIVER, Address

BUSY = 2.0
"""Seconds one try waits for another process's write to the same file."""
WRITE = {"ledger_write": True}
"""Execution option of transactions that write: SQLite takes its lock at the start, so nothing fails half-way."""

SERVER_ARGUMENTS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "remediate",
}
SERVER_SETTINGS = (
    "SET synchronous_commit = on",
    "SET lock_timeout = '10s'",
    "SET statement_timeout = '30s'",
    # A controller that was stopped inside a transaction must not hold the chain's head for ever.
    "SET idle_in_transaction_session_timeout = '15s'",
)


class Lines:
    """The sockets of open connections to a server: whoever waits can cut them where another thread hangs in one."""

    def __init__(self) -> None:
        self._door = threading.Lock()
        self._open: dict[int, socket.socket] = {}

    def add(self, raw: Any) -> None:
        """A driver's connection; its socket gets a second number here, which nobody else is given meanwhile."""
        with self._door:
            self._open[id(raw)] = socket.socket(fileno=os.dup(raw.fileno()))

    def drop(self, raw: Any) -> None:
        """A connection that is about to be closed."""
        with self._door:
            line = self._open.pop(id(raw), None)
        if line is not None:
            line.close()

    def cut(self) -> None:
        """End every connection: what waits for an answer gets an error."""
        with self._door:
            for line in self._open.values():
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


def build(address: Address, lines: Lines | None = None) -> Engine:
    """An engine for the address; nothing is opened yet."""
    if address.file:
        return _file_engine(create_engine(address.url, hide_parameters=True, connect_args={"timeout": BUSY}))
    return _server_engine(address, lines or Lines(), SERVER_SETTINGS)


def build_for_reading(address: Address, lines: Lines, connect: Callable[[], sqlite3.Connection]) -> Engine:
    """As ``build``, but nothing is ever written; ``connect`` opens the file, where it is one."""
    if address.file:
        return _file_engine(create_engine("sqlite://", hide_parameters=True, creator=connect, poolclass=NullPool))
    return _server_engine(address, lines, (*SERVER_SETTINGS, "SET default_transaction_read_only = on"))


def _file_engine(engine: Engine) -> Engine:

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: object) -> None:
        raw.text_factory = _legible
        raw.isolation_level = None  # the driver's own idea of when transactions begin is not ours
        raw.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        write = connection.get_execution_options().get("ledger_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _legible(stored: bytes) -> str:
    """Text as it is stored; damaged text can be read too, and is then not what its hash says."""
    return stored.decode("utf-8", "backslashreplace")


def _server_engine(address: Address, lines: Lines, settings: Sequence[str]) -> Engine:
    given = {name: value for name, value in SERVER_ARGUMENTS.items() if name not in address.url.query}
    # Prepared statements do not survive a pooler between us and the server.
    arguments = {**given, "prepare_threshold": None}
    try:
        engine = create_engine(
            address.url, hide_parameters=True, isolation_level="READ COMMITTED", connect_args=arguments
        )
    except ImportError as error:
        raise UserError(f"psycopg cannot be used: {error}", hint=NO_DRIVER) from None

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _: object, words: Any, named: Any) -> Any:
        raw = dialect.connect(*words, **named)
        lines.add(raw)
        return raw

    @event.listens_for(engine, "close")
    def closed(raw: Any, _: object) -> None:
        lines.drop(raw)

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: object) -> None:
        try:
            with raw.cursor() as cursor:
                for setting in settings:
                    cursor.execute(setting)
            raw.commit()
        except BaseException:
            lines.drop(raw)  # nobody else knows of it yet
            raw.close()
            raise

    return engine
