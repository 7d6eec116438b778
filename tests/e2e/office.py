"""A project with its own ledger and its own clock, driven inside the test process."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from remediate.commands.cli import run
from remediate.project.outside import Account, Outside
from tests.commands.driver import NOWHERE, Console, Done, Screen
from tests.e2e.project import Project
from tests.lab import inprocess

LONG = timedelta(hours=1)
"""Made later than it is in the office: then its history is moved as well, for it has been there all along."""
NEAR = timedelta(minutes=3)
"""Less than anybody calls a clock wrong for. Not less: each time a clock is put back what happens next is older."""
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass
class Clock:
    """The time it is. It stands still but for a tick at every look, and is put forward at will."""

    at: datetime = TUESDAY
    wrong: timedelta = timedelta()
    """How far ahead of true time, which the hosts have, it is."""
    tell: Callable[[datetime], None] = lambda _: None
    """Told of true time whenever anybody looks."""
    _to_come: list[tuple[Callable[[], object], Callable[[], object]]] = field(default_factory=list)
    _turn: threading.RLock = field(default_factory=threading.RLock)

    def set(self, at: datetime) -> None:
        self.at = at

    def when(self, seen: Callable[[], object], then: Callable[[], object]) -> None:
        """``then`` happens, once, when anybody asks for the time and ``seen`` is true: no decision comes between."""
        self._to_come.append((seen, then))

    def now(self) -> datetime:
        with self._turn:
            for one in [one for one in self._to_come if one[0]()]:
                self._to_come.remove(one)
                one[1]()
            self.at += timedelta(milliseconds=1)
            self.tell(self.at - self.wrong)
            return self.at

    def wait(self, stop: threading.Event, seconds: float) -> None:
        if not stop.is_set():
            self.set(self.now() + timedelta(seconds=seconds))


@dataclass
class Office:
    """A project, its ledger and its clock."""

    project: Project
    ledger: str
    clock: Clock = field(default_factory=Clock)
    account: Account = field(default_factory=Account.of_this_process)
    policy: Path = NOWHERE
    console: Console = field(default_factory=Console)
    """Standard error of the newest command."""

    def __post_init__(self) -> None:
        self.clock.tell = self._set_hosts

    def _set_hosts(self, true: datetime) -> None:
        """The hosts of its labs have the time of the office, but for what is wrong with their own clocks."""
        for machine in inprocess.machines_under(self.project.folder):
            fault = machine.faults.clock
            now = true + timedelta(seconds=fault.skew_seconds if fault else 0.0)
            by = now - machine.clock.utc_now()
            if abs(by) > NEAR:
                machine.set_clock(now)
            if by < -LONG:
                inprocess.move_history(machine, by)

    def remediate(self, *words: str, **environ: str) -> Done:
        self.console.close()
        out, err = Screen(), Console()
        self.console = err
        outside = Outside(
            stdin=io.StringIO(),
            stdout=out,
            stderr=err,
            environ={"REMEDIATE_LEDGER": self.ledger, **environ},
            folder=self.project.folder,
            now=self.clock.now,
            wait=self.clock.wait,
            account=self.account,
            policy=self.policy,
        )
        return Done(run(words, outside), out.getvalue(), err.getvalue())

    def json(self, *words: str) -> tuple[int, Any]:
        done = self.remediate(*words, "--format", "json")
        return done.code, json.loads(done.out) if done.out else done.err
