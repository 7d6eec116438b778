"""Brings the schema up to what this program writes, under a lock: one controller does it, the others wait."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from remediate.errors import UserError
from remediate.ledger import schema
from remediate.ledger.address import Address
from remediate.ledger.engine import WRITE

KEY = 0x72656D656469
"""Number of the lock that PostgreSQL holds for whoever migrates."""


def ensure(engine: Engine, address: Address) -> None:
    """The schema as it must be; ``UserError`` where it is a newer one or another program's."""
    with engine.connect() as connection:
        found = version(connection)
    if found == schema.REVISION:
        return
    with engine.connect().execution_options(**WRITE) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            _utf8(connection, address)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})
        found = version(connection)
        if found == schema.REVISION:
            return
        refuse(connection, found, address)
        upgrade(connection)


def version(connection: Connection) -> str:
    """The revision of the database; "" for one without a ledger."""
    if not inspect(connection).has_table(schema.VERSION_TABLE):
        return ""
    found = connection.execute(text(f"SELECT version_num FROM {schema.VERSION_TABLE}")).scalar()  # noqa: S608 - ours
    return str(found or "")


def refuse(connection: Connection, found: str, address: Address) -> None:
    """``UserError`` for a newer schema, or tables of another program."""
    if found and found not in revisions():
        hint = "use the remediate that wrote it, or a later one; nothing was changed"
        raise UserError(
            f"the ledger {address} was written by a newer remediate (schema {found}; this one knows {schema.REVISION})",
            hint=hint,
        )
    foreign = sorted(set(inspect(connection).get_table_names()) & set(schema.metadata.tables))
    if foreign and not found:
        raise UserError(
            f"the database {address} has tables of another program: {', '.join(foreign)}",
            hint="give the ledger a database of its own: createdb --encoding=UTF8 NAME",
        )


def _utf8(connection: Connection, address: Address) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise UserError(
            f"the database {address} has the encoding {encoding}: names from hosts would not fit into it",
            hint="createdb --encoding=UTF8 --template=template0 NAME",
        )


def revisions() -> set[str]:
    """Every revision this program knows."""
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(str(folder())).walk_revisions()}


def folder() -> Path:
    """Where the migrations are, in a checkout and in an installed package."""
    return Path(__file__).with_name("migrations")


def upgrade(connection: Connection) -> None:
    """Run what is missing on this connection, inside its transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "version_table": schema.VERSION_TABLE})
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    command.upgrade(config, "head")
