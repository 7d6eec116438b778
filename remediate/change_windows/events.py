"""Stretches of time: events of a calendar, one or many by rule, in the zone each was written in; and fixed freezes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import chain
from zoneinfo import ZoneInfo

from remediate.change_windows import rules
from remediate.change_windows.model import Rule, Span, Spans
from remediate.change_windows.wallclock import moment

MARGIN = timedelta(days=2)
"""More than any two clocks of this world differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One VEVENT, checked. Times are wall-clock times of ``zone``; None: of whoever asks."""

    name: str
    start: datetime
    length: timedelta
    zone: tzinfo | None
    whole_days: bool = False
    """``length`` is counted in days of the calendar; otherwise it is time that really goes by."""
    rule: Rule | None = None
    also: tuple[tuple[datetime, timedelta], ...] = ()
    """Further starts, each with its length."""
    without: frozenset[datetime] = field(default=frozenset())
    """Starts that do not take place, or were moved."""
    without_days: frozenset[date] = field(default=frozenset())

    def spans(self, first: datetime, last: datetime, default: tzinfo) -> Iterator[Span]:
        """What has time in common with ``first`` to ``last``; not ordered."""
        zone = self.zone or default
        for wall, length in self.starts(last.astimezone(UTC).replace(tzinfo=None) + MARGIN):
            rough = wall.replace(tzinfo=UTC)
            if not first - MARGIN - length < rough < last + MARGIN:
                continue
            start = moment(wall, zone)
            end = moment(wall + length, zone) if self.whole_days else start + length
            if start < last and end > first and start < end:
                yield Span(start, end, self.name)

    def starts(self, before: datetime) -> Iterator[tuple[datetime, timedelta]]:
        """Wall-clock starts up to ``before``, with their lengths. The first counts, whether it fits the rule or not."""
        later = rules.starts(self.rule, self.start, before) if self.rule else iter(())
        repeated = ((wall, self.length) for wall in chain((self.start,), later))
        for wall, length in chain(repeated, self.also):
            if wall not in self.without and wall.date() not in self.without_days:
                yield wall, length


def fixed(name: str, start: datetime, end: datetime, zone: ZoneInfo | None) -> Spans:
    """From one wall-clock time to another, in ``zone`` or in that of the window it is asked for."""

    def spans(first: datetime, last: datetime, of_window: ZoneInfo) -> tuple[Span, ...]:
        found = Span(moment(start, zone or of_window), moment(end, zone or of_window), name)
        return (found,) if found.start < last and found.end > first and found.start < found.end else ()

    return spans
