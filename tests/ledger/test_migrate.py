"""The migrations make the schema the program works with, once, whoever comes first."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from remediate.ledger import migrate, schema
from remediate.ledger.address import parse
from remediate.ledger.engine import build
from tests.ledger.world import opened, raw
from tests.patience import LIMIT

OPEN = """
import sys
from datetime import UTC, datetime
from remediate.ledger.store import open_ledger
sys.stdin.readline()
open_ledger(sys.argv[1], now=lambda: datetime.now(UTC)).close()
"""


def test_the_migrations_make_the_schema(url: str) -> None:
    opened(url).close()
    engine = build(parse(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE})
        assert compare_metadata(context, schema.metadata) == []
        assert context.get_current_revision() == schema.REVISION
    engine.dispose()
    assert max(migrate.revisions()) == schema.REVISION


@pytest.mark.faults
def test_many_processes_open_a_new_ledger_at_once(url: str) -> None:
    """They all start on one word, so that they meet in the middle of it."""
    many = [
        subprocess.Popen([sys.executable, "-c", OPEN, url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ended = [process.communicate("go\n" if process.stdin else "", timeout=LIMIT) for process in many]
    assert [process.returncode for process in many] == [0] * 4, ended
    with raw(url) as execute:
        assert execute("SELECT count(*) FROM ledger_version").scalar() == 1
        assert execute("SELECT count(*) FROM head").scalar() == 1
        assert execute("SELECT count(*) FROM writers").scalar() == 0


def test_a_ledger_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    url = str(tmp_path / "x.sqlite3")
    opened(url).close()
    code = OPEN + "print('alembic' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), url],
        input="\n", capture_output=True, text=True, check=True, timeout=LIMIT,
    )  # fmt: skip
    assert done.stdout == "False\n"
