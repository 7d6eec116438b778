"""What it costs to write everything down first: many hosts' steps, against bare transactions of the same database."""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Ratio, pairs
from remediate.ledger.rows import NewRun, StepBegun, StepEnded
from remediate.ledger.store import Ledger, open_ledger

HOSTS, STEPS, THREADS = 200, 10, 50
TEXT = "x" * 500


def steps() -> Ratio:
    """Each step twice durable, before and after, from fifty threads; bare: one durable row for each step, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        numbers = itertools.count()
        with open_ledger(str(folder / "ledger.sqlite3"), now=lambda: datetime.now(UTC)) as ledger:
            return pairs(
                f"{HOSTS} x {STEPS} changing steps written down / bare commits",
                lambda: _ours(ledger),
                lambda: _bare(folder / f"{next(numbers)}.sqlite3"),
                runs=3,
                limit=float("inf"),  # it is the disk that decides
            )


def _ours(ledger: Ledger) -> None:
    hosts = tuple(f"ex{number}" for number in range(HOSTS))
    run = ledger.begin_run(
        NewRun(kind="run", playbook="bench.yml", who="ann", controller="ctl1", pid=os.getpid(), hosts=hosts)
    )

    def work(host: str) -> None:
        for number in range(STEPS):
            begun = StepBegun(host=host, address=f"play/task {number}@{host}", task="install", module="hotfix")
            ended = StepEnded(status="changed", seconds=1.0, result={"message": TEXT})
            ledger.step_ended(run, host, ledger.step_begun(run, begun), ended)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, hosts))
    ledger.end_run(run, status="finished", exit_code=0, hosts=())


def _bare(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE steps (text TEXT)")
        for _ in range(HOSTS * STEPS):
            db.execute("INSERT INTO steps VALUES (?)", (TEXT,))
