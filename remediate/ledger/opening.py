"""Proves that a ledger can be used: the schema is right, and a write goes through and comes to rest."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import SQLAlchemyError

from remediate.ledger import migrate, schema, sqlitefile, trouble
from remediate.ledger.address import Address
from remediate.ledger.engine import WRITE


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
