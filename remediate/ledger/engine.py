"""Connections to the database: every one of them durable, patient with neighbours, and impatient with dead servers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

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
    # A controller that was stopped inside a transaction must not hold the chain's head for ever.
    "SET idle_in_transaction_session_timeout = '15s'",
)


def build(address: Address) -> Engine:
    """An engine for the address; nothing is opened yet."""
    return _file_engine(address) if address.file else _server_engine(address)


def _file_engine(address: Address) -> Engine:
    engine = create_engine(address.url, hide_parameters=True, connect_args={"timeout": BUSY})

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


def _server_engine(address: Address) -> Engine:
    given = {name: value for name, value in SERVER_ARGUMENTS.items() if name not in address.url.query}
    # Prepared statements do not survive a pooler between us and the server.
    arguments = {**given, "prepare_threshold": None}
    try:
        engine = create_engine(
            address.url, hide_parameters=True, isolation_level="READ COMMITTED", connect_args=arguments
        )
    except ImportError as error:
        raise UserError(f"psycopg cannot be used: {error}", hint=NO_DRIVER) from None

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: object) -> None:
        try:
            with raw.cursor() as cursor:
                for setting in SERVER_SETTINGS:
                    cursor.execute(setting)
            raw.commit()
        except BaseException:
            raw.close()  # nobody else knows of it yet
            raise

    return engine
