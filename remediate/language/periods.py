"""Lengths of time as people write them: ``5d``, ``12h``, ``4h30m``."""

from __future__ import annotations

import re
from datetime import timedelta

UNITS = (("d", 1440), ("h", 60), ("m", 1))


def period(text: str) -> timedelta | None:
    """The length of time; None for anything else, and for nothing at all."""
    found = re.fullmatch(r"(?:(\d{1,6})d)?\s*(?:(\d{1,6})h)?\s*(?:(\d{1,6})m)?", text.strip())
    minutes = sum(int(found[n] or 0) * size for n, (_, size) in enumerate(UNITS, 1)) if found else 0
    return timedelta(minutes=minutes) if minutes else None


def written(length: timedelta) -> str:
    """The same the other way round, to the minute: ``1d 4h 30m``."""
    left, parts = int(length.total_seconds() // 60), []
    for unit, size in UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) or "0m"
