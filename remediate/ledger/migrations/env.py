"""Run by alembic at each migration: on the connection, and inside the transaction, that ``migrate`` hands over."""

from __future__ import annotations

from alembic import context


def run() -> None:
    attributes = context.config.attributes
    context.configure(connection=attributes["connection"], version_table=attributes["version_table"])
    with context.begin_transaction():
        context.run_migrations()


run()
