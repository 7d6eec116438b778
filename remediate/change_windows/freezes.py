"""Freezes between two fixed times."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from remediate.change_windows.model import Span, Spans
from remediate.change_windows.wallclock import moment


def fixed(name: str, start: datetime, end: datetime, zone: ZoneInfo | None) -> Spans:
    """From one wall-clock time to another, in ``zone`` or in that of the window it is asked for."""

    def spans(first: datetime, last: datetime, of_window: ZoneInfo) -> tuple[Span, ...]:
        found = Span(moment(start, zone or of_window), moment(end, zone or of_window), name)
        return (found,) if found.start < last and found.end > first and found.start < found.end else ()

    return spans
