"""How a host was left: read once more at the end of its walk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hosts", sa.Column("now", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """A ledger is never taken back: what was proved stays proved."""
    raise NotImplementedError
