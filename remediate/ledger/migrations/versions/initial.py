"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, *, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), primary_key=key, nullable=False)


def _number(name: str) -> sa.Column[int]:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, big, primary_key=True, autoincrement=False)


def upgrade() -> None:
    _run_tables()
    _chain_tables()
    _other_tables()


def _run_tables() -> None:
    op.create_table(
        "runs",
        _text("id", key=True),
        sa.Column("number", sa.BigInteger(), nullable=False, unique=True),
        *(_text(name) for name in ("kind", "playbook", "request", "plan_hash", "resumes", "who", "controller")),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        _text("process_start"),
        _text("started"),
        sa.Column("finished", sa.Text()),
        _text("status"),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        _text("beat_at"),
    )
    op.create_table(
        "hosts",
        _text("run", key=True),
        _text("host", key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        *(_text(name) for name in ("outcome", "reason", "remedy", "columns", "counts", "notes")),
    )
    op.create_index("hosts_by_host", "hosts", ["host"])
    op.create_table(
        "steps",
        _text("run", key=True),
        _text("host", key=True),
        sa.Column("number", sa.Integer(), primary_key=True, nullable=False, autoincrement=False),
        *(_text(name) for name in ("address", "task", "module", "key", "begun_at")),
        sa.Column("ended_at", sa.Text()),
        sa.Column("seconds", sa.Double(), nullable=False),
        _text("status"),
        sa.Column("redacted", sa.Boolean(), nullable=False),
        _text("result"),
    )
    op.create_index("steps_by_key", "steps", ["key", "status", "ended_at"])


def _chain_tables() -> None:
    op.create_table(
        "events",
        _number("number"),
        *(_text(name) for name in ("run", "at", "kind", "host", "data", "previous", "hash")),
    )
    op.create_index("events_by_run", "events", ["run", "number"])
    head = op.create_table(
        "head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        _text("hash"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": "0" * 64}])


def _other_tables() -> None:
    op.create_table(
        "packages",
        *(_text(name, key=True) for name in ("run", "host", "sha256")),
        _text("name"),
        _text("version"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _text("at"),
    )
    op.create_table(
        "locks",
        _text("host", key=True),
        *(_text(name) for name in ("run", "who", "controller")),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        *(_text(name) for name in ("process_start", "since", "why")),
    )
    op.create_table(
        "approvals",
        _number("number"),
        *(_text(name) for name in ("plan_hash", "name", "reason", "user", "controller", "at")),
    )
    op.create_index("approvals_by_plan", "approvals", ["plan_hash"])
    op.create_table(
        "writers",
        _text("writer", key=True),
        sa.Column("write", sa.BigInteger(), nullable=False),
        _text("answer"),
    )


def downgrade() -> None:
    """A ledger is never taken back: what was proved stays proved."""
    raise NotImplementedError
