"""Runs, steps and ledgers as the tests of the ledger want them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy
from hypothesis import Phase

from remediate.ledger.address import parse
from remediate.ledger.engine import build
from remediate.ledger.rows import NewRun, StepBegun, StepEnded
from remediate.ledger.store import Ledger, open_ledger

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""Of hypothesis: a failing example is shown as found, for each try at a smaller one would write a whole ledger."""
START = datetime(2026, 11, 25, 23, 49, 1, 5, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that goes a second per look at it, and a sleep that only moves it."""

    time: datetime = START
    slept: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        with self._lock:
            self.time += timedelta(seconds=1)
            return self.time

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def monotonic(self) -> float:
        return self.slept


def opened(url: str, clock: Clock | None = None, **more: Any) -> Ledger:
    """A ledger with a clock of its own; real waiting unless ``clock`` comes in."""
    if clock is None:
        return open_ledger(url, now=Clock().now, **more)
    return open_ledger(url, now=clock.now, sleep=clock.sleep, monotonic=clock.monotonic, **more)


def new_run(*hosts: str, **more: Any) -> NewRun:
    given = {"kind": "run", "playbook": "kb870585.yml", "who": "ann", "controller": "ctl1", "pid": os.getpid(), **more}
    return NewRun(hosts=hosts, **given)


def begun(host: str, **more: Any) -> StepBegun:
    given = {"address": f"play/task@{host}", "task": "install", "module": "package_installed", "key": "k", **more}
    return StepBegun(host=host, **given)


def ended(status: str = "changed", seconds: float = 2.5, **more: Any) -> StepEnded:
    return StepEnded(status=status, seconds=seconds, **more)


def step(ledger: Ledger, run: str, host: str, **more: Any) -> int:
    """One whole step."""
    number = ledger.step_begun(run, begun(host))
    ledger.step_ended(run, host, number, ended(**more))
    return number


@contextmanager
def raw(url: str) -> Iterator[Callable[[str], Any]]:
    """SQL behind the ledger's back."""
    engine = build(parse(url))
    try:
        with engine.connect() as connection, connection.begin():
            yield lambda statement: connection.execute(sqlalchemy.text(statement))
    finally:
        engine.dispose()
