"""Proves that a ledger can be used: the schema is right, and a write, if one is meant, goes through and rests."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import SQLAlchemyError

from remediate.errors import UserError
from remediate.ledger import migrate, schema, sqlitefile, trouble
from remediate.ledger.address import Address, parse
from remediate.ledger.engine import WRITE, build
from remediate.ledger.readonly import Reader


def prove(
    engine: Engine, address: Address, writer: str, sleep: Callable[[float], None], monotonic: Callable[[], float]
) -> None:
    """``UserError`` where the ledger cannot be used. Waits a while for neighbours that write to the same file."""
    if address.file:
        sqlitefile.check(address, address.file, sleep=sleep, monotonic=monotonic)
    end = monotonic() + sqlitefile.PATIENCE
    while True:
        try:
            migrate.ensure(engine, address)
            _write(engine, writer)
        except SQLAlchemyError as error:
            if not trouble.busy(error) or monotonic() >= end:
                raise trouble.refusal(error, address) from error
        else:
            return
        sleep(0.05)


def prove_readable(engine: Engine, address: Address, reader: Reader | None) -> None:
    """``UserError`` where the ledger cannot be read. ``reader``: who opens the file, where it is one."""
    if address.file and reader:
        sqlitefile.check_for_reading(address, address.file, reader.connect)
    try:
        with engine.connect() as connection:
            found = migrate.version(connection)
            if found and found != schema.REVISION:
                migrate.refuse(connection, found, address)
        if not found:
            raise UserError(
                f"there is no ledger in {address} yet: nothing was run here", hint="remediate run writes it"
            )
        if found != schema.REVISION:
            _brought_up(address, reader, found)
    except SQLAlchemyError as error:
        raise trouble.refusal(error, address, reading=True) from error


def _brought_up(address: Address, reader: Reader | None, found: str) -> None:
    """Tables of an older version are brought up to date in a copy; a server's are for somebody who may write them."""
    if reader is None:
        raise UserError(
            f"the ledger {address} is of an older remediate (schema {found}; this one reads {schema.REVISION})",
            hint="`remediate run` by an account that may write there brings it up to date",
        )
    engine = build(parse(str(reader.copied())))
    try:
        migrate.ensure(engine, address)
    finally:
        engine.dispose()


def _write(engine: Engine, writer: str) -> None:
    """Two transactions, for only what is committed shows whether the disk takes it."""
    table = schema.writers
    mine = table.c.writer == writer
    with engine.connect().execution_options(**WRITE) as connection:
        with connection.begin():
            connection.execute(delete(table).where(mine))
            connection.execute(insert(table).values(writer=writer, write=0, answer=""))
        with connection.begin():
            connection.execute(delete(table).where(mine))
