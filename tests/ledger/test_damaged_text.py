"""Text that is not as it was written is called damaged at once, with the run and the event; nobody waits for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from remediate.errors import LedgerLost
from remediate.ledger.store import Ledger
from tests.ledger.world import Clock, new_run, opened, raw, step


@pytest.mark.parametrize(
    ("table", "column", "read", "where"),
    [
        ("events", "data", lambda ledger, run: list(ledger.events(run)), "event 1 of run RUN cannot"),
        ("runs", "request", lambda ledger, run: ledger.run(run), "run RUN cannot"),
        ("runs", "started", lambda ledger, run: ledger.runs(), "run RUN cannot"),
        ("steps", "result", lambda ledger, run: ledger.journal(run), "step 1 of host a of run RUN cannot"),
        ("hosts", "notes", lambda ledger, run: ledger.hosts(run), "host a of run RUN cannot"),
    ],
)
def test_damaged_text(table: str, column: str, read: Callable[[Ledger, str], object], where: str, url: str) -> None:
    clock = Clock()
    with opened(url, clock) as ledger:
        run = ledger.begin_run(new_run("a"))
        step(ledger, run, "a")
        with raw(url) as sql:
            sql(f"UPDATE {table} SET {column} = 'rotten'")
        with pytest.raises(LedgerLost, match="is damaged: " + where.replace("RUN", run)):
            read(ledger, run)
        assert not ledger.verify().whole
        assert clock.slept == 0


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.sqlite3", Clock()
    with opened(str(path), clock) as ledger:
        run = ledger.begin_run(new_run("a"))
        step(ledger, run, "a")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE events SET data = CAST(X'7bff7d' AS TEXT) WHERE number = 2")
    with opened(str(path), clock) as ledger:
        with pytest.raises(LedgerLost, match=f"is damaged: event 2 of host a of run {run} cannot"):
            list(ledger.events(run))
        report = ledger.verify()
        assert (report.broken, report.how) == (2, "changed")
        assert clock.slept == 0
