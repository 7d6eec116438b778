"""One VEVENT of an .ics file made an Event; what it says wrong is a UserError at its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from remediate.change_windows import rules
from remediate.change_windows.events import Event
from remediate.errors import UserError
from remediate.language.words import shown
from remediate.model import Source

Component = Any
"""A VEVENT as icalendar reads it: what its properties hold is found out here."""
DAY = timedelta(days=1)
LONGEST = timedelta(days=3_660)
"""One event."""
YEARS = (1900, 2200)
TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")


def event(part: Component, name: str, place: Source) -> Event:
    """The event; ``name`` is that of the freeze it belongs to."""
    _refuse_broken(part, place)
    if "DTSTART" not in part:
        raise UserError("an event without DTSTART", source=place)
    start = part["DTSTART"].dt
    wall, zone, whole = _wall(start), _zone(start), not isinstance(start, datetime)
    length = _length(part, start, place)
    repeats = part.get("RRULE")
    if isinstance(repeats, list):
        raise UserError("an event with several RRULE", source=place, hint="make them several events")
    without = [item for item, _ in dates(part, "EXDATE")]
    return Event(
        name=titled(name, part),
        start=wall,
        length=length,
        zone=zone,
        whole_days=whole,
        rule=rules.read(repeats.to_ical().decode(), wall, zone or UTC, place) if repeats else None,
        also=tuple((as_wall(item, zone), end or length) for item, end in dates(part, "RDATE")),
        without=frozenset(as_wall(item, zone) for item in without if isinstance(item, datetime)),
        without_days=frozenset(item for item in without if not isinstance(item, datetime)),
    )


def titled(name: str, part: Component) -> str:
    """Name of the freeze and of the event, on one line."""
    summary = " ".join(str(part.get("SUMMARY") or "").split())[:80]
    return f"{name}: {summary}" if summary else name


def dates(part: Component, key: str) -> Iterator[tuple[date, timedelta | None]]:
    """Every date or time of a property that may hold several, with its length where it is a period."""
    value: Any = part.get(key, [])
    for entry in value if isinstance(value, list) else [value]:
        for item in [found.dt for found in entry.dts] if hasattr(entry, "dts") else [entry.dt]:
            if isinstance(item, tuple):
                start, end = item
                yield start, end if isinstance(end, timedelta) else end - start
            else:
                yield item, None


def as_wall(value: date, zone: tzinfo | None) -> datetime:
    """``value`` as the clock of ``zone`` shows it, naive."""
    if isinstance(value, datetime) and value.tzinfo and zone:
        return value.astimezone(zone).replace(tzinfo=None)
    return _wall(value)


def _refuse_broken(part: Component, place: Source) -> None:
    for key, problem in part.errors:
        if not key or key.upper() in TIMES:
            raise UserError(f"{key or 'a line'} of an event cannot be read: {shown(str(problem))}", source=place)
    for key in TIMES:
        values = part.get(key, [])
        for value in values if isinstance(values, list) else [values]:
            zone = str(getattr(value, "params", {}).get("TZID", ""))
            found = value.dts[0].dt if getattr(value, "dts", None) else getattr(value, "dt", None)
            found = found[0] if isinstance(found, tuple) else found
            if zone and isinstance(found, datetime) and found.tzinfo is None:
                hint = "the file needs a VTIMEZONE of that name, or a name of the IANA database"
                raise UserError(f"{key} is in an unknown time zone {shown(zone)}", source=place, hint=hint)
            if isinstance(found, date) and not YEARS[0] <= found.year <= YEARS[1]:
                raise UserError(f"{key} is in the year {found.year}", source=place)


def _length(part: Component, start: date, place: Source) -> timedelta:
    """How long it takes; a day where a date says no more. Nothing at all is allowed: it freezes nothing."""
    timed = isinstance(start, datetime)
    if "DURATION" in part:
        length: timedelta = part["DURATION"].dt
    elif "DTEND" in part:
        length = _between(start, part["DTEND"].dt, place)
    else:
        length = timedelta() if timed else DAY
    if length < timedelta():
        raise UserError("an event ends before it begins", source=place)
    if length > LONGEST:
        raise UserError(f"an event of {length.days:,} days; {LONGEST.days:,} are read at most", source=place)
    return length if timed else max(length, DAY)


def _between(start: date, end: date, place: Source) -> timedelta:
    if isinstance(start, datetime) and isinstance(end, datetime) and bool(start.tzinfo) == bool(end.tzinfo):
        return end.astimezone(UTC) - start.astimezone(UTC) if start.tzinfo else end - start
    if isinstance(start, datetime) or isinstance(end, datetime):
        raise UserError("DTSTART and DTEND are not of one kind", source=place, hint="dates, or times with a zone")
    return end - start


def _wall(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - wall clock


def _zone(value: date) -> tzinfo | None:
    return value.tzinfo if isinstance(value, datetime) else None
