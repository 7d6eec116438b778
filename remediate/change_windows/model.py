"""What a file of windows says, checked, and the openings that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from remediate.model import Source

LONGEST = timedelta(days=31)
"""One opening; what takes longer is not a window."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``start`` up to, not including, ``end``; aware, UTC. ``name``: of the freeze, where it is one."""

    start: datetime
    end: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class Opening:
    """One stretch of time in which a window is open; aware, UTC; ``end`` is outside."""

    window: str
    start: datetime
    end: datetime

    def left(self, now: datetime) -> float:
        """Seconds from ``now`` until it closes; negative afterwards."""
        return (self.end - now).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One RRULE of RFC 5545 over wall-clock times; ``until`` and ``count`` taken out of it."""

    text: str
    until: datetime | None = None
    """Last start, wall clock."""
    count: int = 0
    """Starts in all; 0: no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window as written. Starts are wall-clock times of ``zone``; ``duration`` is time that really goes by."""

    name: str
    title: str
    zone: ZoneInfo
    start: datetime
    """The first start, naive: DTSTART."""
    rules: tuple[Rule, ...]
    without: frozenset[date]
    """Local dates on which no rule opens it."""
    also: tuple[datetime, ...]
    """Further starts, naive."""
    duration: timedelta
    source: Source | None = None


Spans = Callable[[datetime, datetime, ZoneInfo], tuple[Span, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Times in which nothing may be changed. ``spans`` gives them between two moments, for a window's zone."""

    name: str
    windows: frozenset[str]
    """Only these; empty: all."""
    spans: Spans
