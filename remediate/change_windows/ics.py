"""Freezes from an .ics calendar: its events, repeated, moved and cancelled ones as RFC 5545 has them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from remediate.change_windows.events import Event
from remediate.change_windows.icsevent import Component, as_wall, dates, event
from remediate.change_windows.model import Span, Spans
from remediate.errors import UserError
from remediate.language.words import shown
from remediate.model import Source

if TYPE_CHECKING:
    from icalendar import Calendar

LARGEST = 5_000_000
"""Bytes of a file."""
MOST = 5_000
"""Events of a file."""
MOST_OFTEN = 20_000
"""Times all of them take place within FIVE_YEARS of their first."""
FIVE_YEARS = timedelta(days=5 * 366)

Placed = tuple[Component, Source]


def from_ics(name: str, path: Path, zone: ZoneInfo | None, source: Source | None) -> Spans:
    """The events of a calendar file; each freezes under its own summary. ``UserError`` for a file that is none.

    ``zone`` is for whole days and times without a zone of their own; None: that of the window asked for.
    """
    events = read(name, path, source)

    def spans(first: datetime, last: datetime, of_window: ZoneInfo) -> tuple[Span, ...]:
        return tuple(span for event in events for span in event.spans(first, last, zone or of_window))

    return spans


def read(name: str, path: Path, source: Source | None) -> tuple[Event, ...]:
    """Every event of the file that freezes something."""
    text = _bytes(path, source)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().upper() == b"BEGIN:VEVENT"]
    whole = Source(str(path), 1, 1)
    if len(lines) > MOST:
        raise UserError(f"{len(lines):,} events; {MOST:,} are read at most", source=whole)
    parts = _parsed(text, path).walk("VEVENT")
    if len(parts) != len(lines):
        raise UserError("not an .ics calendar: a VEVENT is not closed", source=whole)
    placed = [(part, Source(str(path), line, 1)) for part, line in zip(parts, lines, strict=True)]
    found = _events(name, placed)
    often = 0
    for item in found:
        often += sum(1 for _ in islice(item.starts(item.start + FIVE_YEARS), MOST_OFTEN + 1))
        if often > MOST_OFTEN:
            hint = "fewer events that repeat, or an UNTIL for them"
            raise UserError(
                f"its events take place more than {MOST_OFTEN:,} times in five years", source=whole, hint=hint
            )
    return found


def _bytes(path: Path, source: Source | None) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise UserError(f"larger than {LARGEST:,} bytes", source=Source(str(path), 1, 1))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        hint = "its path starts at the file of windows"
        raise UserError(f"{shown(path.name)} cannot be read: {why}", source=source, hint=hint) from None


def _parsed(text: bytes, path: Path) -> Calendar:
    from icalendar import Calendar

    try:
        found = Calendar.from_ical(text.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, RecursionError) as error:
        hint = "its lines are NAME:VALUE, each BEGIN has its END; export the calendar again"
        raise UserError("not an .ics calendar from here on", source=_place(text, path, str(error)), hint=hint) from None
    if not isinstance(found, Calendar) or found.name != "VCALENDAR":
        raise UserError("not an .ics calendar: it does not begin with BEGIN:VCALENDAR", source=Source(str(path), 1, 1))
    return found


def _place(text: bytes, path: Path, problem: str) -> Source:
    """The line that is quoted in what the library complains of; the first one where none is."""
    quoted = re.search(r"parts: '(.*?)':", problem, re.DOTALL)
    lines = text.decode("utf-8", "replace").splitlines()
    wanted = quoted[1][:60] if quoted else ""
    found = next((number for number, line in enumerate(lines, 1) if wanted and line.startswith(wanted)), 1)
    return Source(str(path), found, 1)


def _events(name: str, placed: Sequence[Placed]) -> tuple[Event, ...]:
    """Events, those that replace one occurrence of another taken out of that one."""
    replaced: Mapping[str, list[Placed]] = defaultdict(list)
    plain: list[Placed] = []
    for part, place in placed:
        own = "RECURRENCE-ID" in part
        (replaced[str(part.get("UID", ""))] if own else plain).append((part, place))
    found = [
        _without(event(part, name, place), replaced.get(str(part.get("UID", "")), ()))
        for part, place in plain
        if not _cancelled(part)
    ]
    others = [event(part, name, place) for group in replaced.values() for part, place in group if not _cancelled(part)]
    return (*found, *others)


def _cancelled(part: Component) -> bool:
    return str(part.get("STATUS", "")).upper() == "CANCELLED"


def _without(master: Event, replaced: Sequence[Placed]) -> Event:
    days, times = set(master.without_days), set(master.without)
    for part, place in replaced:
        if re.search("RANGE", str(part["RECURRENCE-ID"].params), re.IGNORECASE):
            raise UserError("RECURRENCE-ID with a RANGE is not understood", source=place, hint="make it a second event")
        for item, _ in dates(part, "RECURRENCE-ID"):
            if isinstance(item, datetime):
                times.add(as_wall(item, master.zone))
            else:
                days.add(item)
    return replace(master, without=frozenset(times), without_days=frozenset(days))
