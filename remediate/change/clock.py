"""A wall clock for gates that never goes back: a clock that jumps may close a window early, never keep it open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from remediate.errors import GateClosed

AGREE = timedelta(minutes=2)
"""How far two clocks may be apart that are both believed."""


def refuse_behind(now: datetime, newest: datetime | None) -> None:
    """``GateClosed`` where the ledger tells of a later time than this machine: one of its writers had another clock."""
    if newest is not None and newest - now > AGREE:
        raise GateClosed(
            f"the clock of this machine says {now:%Y-%m-%d %H:%M:%S} UTC, and the ledger's newest event is of "
            f"{newest:%Y-%m-%d %H:%M:%S} UTC: whether a window is open, or a plan valid, cannot be told",
            hint="set the clock right (on this machine, or on the one that wrote that: `remediate runs list`)",
        )


class SteadyClock:
    """``wall`` gives aware times, ``monotonic`` seconds; called from any thread."""

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._latest = wall()
        self._read = monotonic()

    def __call__(self) -> datetime:
        """The later one of the wall clock and of what must have gone by since it was read last."""
        with self._lock:
            read = self._monotonic()
            self._latest = max(self._wall(), self._latest + timedelta(seconds=read - self._read))
            self._read = read
            return self._latest
