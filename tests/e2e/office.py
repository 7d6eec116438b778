"""A project with its own ledger and its own clock, driven inside the test process."""

from __future__ import annotations

import io
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from remediate.commands.cli import run
from remediate.commands.outside import Outside
from tests.commands.driver import Done, Screen
from tests.e2e.project import Project

TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The time it is; it goes on by itself, and is put forward at will."""

    at: datetime = TUESDAY
    since: float = field(default_factory=time.monotonic)

    def set(self, at: datetime) -> None:
        self.at, self.since = at, time.monotonic()

    def now(self) -> datetime:
        return self.at + timedelta(seconds=time.monotonic() - self.since)

    def wait(self, stop: threading.Event, seconds: float) -> None:
        if not stop.is_set():
            self.set(self.now() + timedelta(seconds=seconds))


@dataclass
class Office:
    """A project, its ledger and its clock."""

    project: Project
    ledger: str
    clock: Clock = field(default_factory=Clock)

    def remediate(self, *words: str) -> Done:
        out, err = Screen(), Screen()
        outside = Outside(
            stdin=io.StringIO(),
            stdout=out,
            stderr=err,
            environ={"REMEDIATE_LEDGER": self.ledger, "USER": "root"},
            folder=self.project.folder,
            now=self.clock.now,
            wait=self.clock.wait,
        )
        return Done(run(words, outside), out.getvalue(), err.getvalue())

    def json(self, *words: str) -> tuple[int, Any]:
        done = self.remediate(*words, "--format", "json")
        return done.code, json.loads(done.out) if done.out else done.err
