"""Freezes: fixed dates or times, and the events of an .ics file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from remediate.errors import UserError
from remediate.model import Source
from remediate.windows.model import Span, Spans
from remediate.windows.wallclock import moment

if TYPE_CHECKING:
    from icalendar import Calendar

LARGEST = 5_000_000
"""Bytes of an .ics file."""
MOST = 20_000
"""Events of an .ics file."""
DAY = timedelta(days=1)


def fixed(name: str, start: datetime, end: datetime, zone: ZoneInfo | None) -> Spans:
    """From one wall-clock time to another, in ``zone`` or in that of the window it is asked for."""

    def spans(first: datetime, last: datetime, of_window: ZoneInfo) -> tuple[Span, ...]:
        found = Span(moment(start, zone or of_window), moment(end, zone or of_window), name)
        return (found,) if found.start < last and found.end > first else ()

    return spans


def from_ics(name: str, path: Path, zone: ZoneInfo | None, source: Source | None) -> Spans:
    """The events of a calendar file; each freezes under its own summary. ``UserError`` for a file that is none."""
    calendar = _read(path, source)

    def spans(first: datetime, last: datetime, of_window: ZoneInfo) -> tuple[Span, ...]:
        import recurring_ical_events

        place = zone or of_window
        found = recurring_ical_events.of(calendar).between(first - DAY, last + DAY)
        return tuple(_span(event, name, place) for event in found if str(event.get("STATUS")) != "CANCELLED")

    try:  # what the library cannot make sense of is found now, not at night
        now = datetime(2026, 1, 1, tzinfo=UTC)
        spans(now, now + DAY, ZoneInfo("UTC"))
    except Exception as error:  # noqa: BLE001 - whatever a broken calendar makes the library raise
        raise UserError(f"{path.name} is not a calendar that can be used: {error}", source=source) from None
    return spans


def _read(path: Path, source: Source | None) -> Calendar:
    from icalendar import Calendar

    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"{path.name} is larger than {LARGEST:,} bytes", source=source)
        calendar = Calendar.from_ical(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}", source=source,
                        hint="its path starts at the file of windows") from None  # fmt: skip
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise UserError(f"{path.name} is not an .ics calendar: {error}", source=source) from None
    events = len(calendar.walk("VEVENT"))
    if events > MOST:
        raise UserError(f"{path.name} has {events:,} events; {MOST:,} are read at most", source=source)
    return calendar


def _span(event: Any, name: str, zone: ZoneInfo) -> Span:
    """One occurrence; whole days and times without a zone are of ``zone``."""
    start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
    if end is None:
        end = start + (DAY if not isinstance(start, datetime) else timedelta())
    summary = str(event.get("SUMMARY") or "").strip()
    return Span(_aware(start, zone), _aware(end, zone), f"{name}: {summary}" if summary else name)


def _aware(value: date, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return moment(datetime(value.year, value.month, value.day), zone)  # noqa: DTZ001 - wall clock of the zone
    return value.astimezone(UTC) if value.tzinfo else moment(value, zone)
