"""Time zones of the hosts: by the embedded lab's names, and by those of the time-zone database, which Wine goes by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

ZONES: Mapping[str, str] = {
    "london": "Europe/London",
    "eastern": "America/New_York",
    "sydney": "Australia/Sydney",
    "berlin": "Europe/Berlin",
    "kolkata": "Asia/Kolkata",
    "newfoundland": "America/St_Johns",
}


def now_in(zone: str) -> datetime:
    """The present local time of a zone of the lab."""
    return datetime.now(ZoneInfo(ZONES[zone]))


def daylight(zone: str) -> bool:
    """Whether daylight saving time is in force there now: the lab has to be told."""
    return bool(now_in(zone).dst())
