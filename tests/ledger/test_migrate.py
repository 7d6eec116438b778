"""The migrations make the schema the program works with, once, whoever comes first."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text, update

from remediate.ledger import chain, migrate, schema
from remediate.ledger.address import parse
from remediate.ledger.engine import build
from remediate.ledger.rows import FINISHED, HostEnd
from remediate.ledger.text import canonical
from tests.ledger.world import new_run, opened, raw
from tests.patience import LIMIT

CASES = Path(__file__).parent / "cases"
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


def test_a_ledger_of_the_first_schema_is_brought_up_and_still_proved(url: str) -> None:
    """Its hosts were told of without how they were left; the chain was made without it, too."""
    with opened(url) as ledger:
        run = ledger.begin_run(new_run("a"))
        ledger.end_run(run, status=FINISHED, exit_code=0, hosts=[HostEnd(host="a", outcome="changed")])
    _as_first(url)
    with opened(url) as ledger:
        assert ledger.verify().whole, ledger.verify()
        (host,) = ledger.hosts(run)
        assert (host.outcome, host.now) == ("changed", {})
        again = ledger.begin_run(new_run("a"))
        now = {"line": "DOWN NOW: MSExchangeIS"}
        ledger.end_run(again, status=FINISHED, exit_code=4, hosts=[HostEnd(host="a", outcome="failed", now=now)])
        assert ledger.hosts(again)[0].now == now
        assert ledger.verify().whole
    with raw(url) as execute:
        execute("UPDATE hosts SET now = '{\"line\":\"fine\"}' WHERE outcome = 'failed'")
    with opened(url) as ledger:
        assert "host a is not as event" in ledger.verify().what


def _as_first(url: str) -> None:
    """As remediate wrote it before schema 0002: without the column, and its chain without the word."""
    engine, events = build(parse(url)), schema.events
    with engine.begin() as connection:
        previous = schema.GENESIS
        for row in list(connection.execute(select(events).order_by(events.c.number))):
            told = json.loads(row.data)
            if row.kind == "host ended":
                del told["now"]
            if row.kind == "step begun":
                del told["place"]
            fields = {name: getattr(row, name) for name in ("number", "at", "run", "kind", "host")}
            data, before = canonical(told), previous
            previous = chain.link(**fields, data=data, previous=before)
            values = {"data": data, "previous": before, "hash": previous}
            connection.execute(update(events).where(events.c.number == row.number).values(**values))
        connection.execute(update(schema.head).values(hash=previous))
        connection.execute(text("ALTER TABLE hosts DROP COLUMN now"))
        connection.execute(text("ALTER TABLE steps DROP COLUMN place"))
        connection.execute(text("DROP TABLE blobs"))
        connection.execute(text("UPDATE ledger_version SET version_num = '0001'"))
    engine.dispose()


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


def test_a_ledger_of_the_first_schema_is_brought_up_and_still_proves_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path)) as old:
        old.executescript((CASES / "schema-0001.sql").read_text(encoding="utf-8"))
    with opened(str(path)) as ledger:
        assert ledger.verify().whole
        (run,) = ledger.runs()
        rows = ledger.journal(run.id)["ex1"]
        assert [(row.address, row.status, row.place) for row in rows] == [
            ("play/look@ex1", "ok", ""),
            ("play/do@ex1", "changed", ""),
            ("play/more@ex1", "", ""),
        ]
