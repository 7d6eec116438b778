"""Wall-clock times of a zone as moments: right in the gap of spring and in the doubled hour of autumn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo


def moment(wall: datetime, zone: tzinfo) -> datetime:
    """The moment (UTC) at which clocks in ``zone`` show ``wall``.

    A time that is shown twice is meant the first time. One that is never shown (clocks go forward, or a day is left
    out) stands for the first moment after the gap.
    """
    first = wall.replace(tzinfo=zone, fold=0)
    as_utc = first.astimezone(UTC)
    if as_utc.astimezone(zone).replace(tzinfo=None) == wall:
        return as_utc
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return _change(min(early, as_utc), max(early, as_utc), zone)


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The moment between these two, to the second, from which on the clocks go by the offset of ``after``."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            middle = before + timedelta(seconds=1)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
