"""RFC 5545 recurrence rules over wall-clock times, bounded: a rule that never fires ends as quickly as any other, and
what would be searched for without end is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from itertools import islice
from types import MappingProxyType

from remediate.change_windows.model import Rule
from remediate.errors import UserError
from remediate.language.words import shown, suggestion
from remediate.model import Source

CENTURY = 100
"""Years within which a rule has to fire for the first time."""

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
BOUNDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "INTERVAL": (1, 1_000),
        "COUNT": (1, 10_000),
        "BYMONTH": (1, 12),
        "BYMONTHDAY": (-31, 31),
        "BYYEARDAY": (-366, 366),
        "BYWEEKNO": (-53, 53),
        "BYSETPOS": (-366, 366),
        "BYHOUR": (0, 23),
        "BYMINUTE": (0, 59),
    }
)
"""Parts that hold whole numbers, with their bounds; 0 is none of those that count from both ends."""
SINGLE = ("INTERVAL", "COUNT")
PARTS = ("FREQ", "UNTIL", "BYDAY", "WKST", *BOUNDS)
EXAMPLE = "as in FREQ=WEEKLY;BYDAY=SA"
LONGEST = 1_000
"""Characters of a rule."""
PER_DAY = 24
"""Starts on one day."""
LENGTHS = MappingProxyType(dict(zip(range(1, 13), (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True)))
WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)\Z")


def read(text: str, start: datetime, zone: tzinfo, source: Source | None) -> Rule:
    """One rule as written in a file; ``UserError`` for what RFC 5545 or a window does not allow."""
    parts = _apart(text, source)
    until, count = parts.pop("UNTIL", ""), parts.pop("COUNT", "")
    rule = Rule(
        text=";".join(f"{name}={value}" for name, value in parts.items()),
        until=_until(until, zone, source) if until else None,
        count=int(count or 0),
    )
    try:
        first = next(starts(rule, start, start.replace(year=start.year + CENTURY, day=1)), None)
    except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
        raise UserError(f"not a rule of RFC 5545: {error}", source=source, hint=EXAMPLE) from None
    if first is None:
        raise UserError("the rule never fires", source=source, hint="see its start, UNTIL, INTERVAL and BY... parts")
    return rule


def _until(text: str, zone: tzinfo, source: Source | None) -> datetime:
    for form in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d"):
        try:
            until = datetime.strptime(text, form)  # noqa: DTZ007 - wall clock, the zone is the window's
            if form.endswith("Z"):
                return until.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        except (ValueError, OverflowError):
            continue
        return until if "T" in text else until.replace(hour=23, minute=59, second=59)
    raise UserError(f"UNTIL={text} is not a date", source=source, hint="as in UNTIL=20261231 or UNTIL=20261231T220000Z")


def starts(rule: Rule, start: datetime, before: datetime) -> Iterator[datetime]:
    """Wall-clock starts from ``start`` on, up to and including ``before``."""
    from dateutil.rrule import rrulestr

    last = min(before, rule.until) if rule.until else before
    if last < start:
        return iter(())
    found = iter(rrulestr(f"{rule.text};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=start))
    return islice(found, rule.count) if rule.count else found


def _apart(text: str, source: Source | None) -> dict[str, str]:
    """The parts of a rule by name, every one checked. Raises UserError."""
    parts = _split(text, source)
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        what = f"not {shown(frequency)}" if frequency else "and it is missing"
        hint = "a rule repeats daily at most; BYHOUR=2,14 makes two starts a day"
        raise UserError(f"FREQ must be one of {', '.join(FREQUENCIES)}, {what}", source=source, hint=hint)
    if "UNTIL" in parts and "COUNT" in parts:
        raise UserError("a rule has UNTIL or COUNT, not both", source=source)
    for name in BOUNDS:
        if name in parts:
            _check_numbers(name, parts[name], source)
    _check_weekdays(parts, source)
    for name in ("BYSETPOS", "BYYEARDAY", "BYWEEKNO"):
        if name in parts and frequency in ("DAILY", "WEEKLY"):
            raise UserError(f"{name} does not go with FREQ={frequency}", source=source, hint="use MONTHLY or YEARLY")
    if len(_numbers(parts, "BYHOUR") or [0]) * len(_numbers(parts, "BYMINUTE") or [0]) > PER_DAY:
        hint = "write a longer duration: openings that overlap are one"
        raise UserError(f"more than {PER_DAY} starts on one day", source=source, hint=hint)
    months, days = _numbers(parts, "BYMONTH"), _numbers(parts, "BYMONTHDAY")
    if days and not any(abs(day) <= LENGTHS[month] for month in months or LENGTHS for day in days):
        raise UserError("none of its months has such a day", source=source, hint="see BYMONTH and BYMONTHDAY")
    return parts


def _split(text: str, source: Source | None) -> dict[str, str]:
    if len(text) > LONGEST:
        raise UserError(f"a rule of {len(text):,} characters; {LONGEST:,} are read at most", source=source)
    found: dict[str, str] = {}
    for part in text.strip().upper().removeprefix("RRULE:").strip(";").split(";"):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not value:
            raise UserError(f"{shown(part)} is not NAME=VALUE", source=source, hint=EXAMPLE)
        if name not in PARTS:
            hint = suggestion(name, PARTS, what="parts")
            raise UserError(f"unknown part of a rule {shown(name)}", source=source, hint=hint)
        if name in found:
            raise UserError(f"{name} is written twice", source=source)
        found[name] = value
    return found


def _check_numbers(name: str, text: str, source: Source | None) -> None:
    low, high = BOUNDS[name]
    words = [text] if name in SINGLE else text.split(",")
    for word in words:
        sound = re.fullmatch(r"[+-]?[0-9]{1,6}", word.strip()) is not None
        if not sound or not low <= int(word) <= high or (low < 0 and int(word) == 0):
            bounds = f"{low} to {high:,}" if low >= 0 else f"1 to {high}, or -1 to {low}"
            what = "a whole number" if name in SINGLE else "whole numbers"
            raise UserError(f"{name} must be {what} from {bounds}, not {shown(word)}", source=source)


def _check_weekdays(parts: Mapping[str, str], source: Source | None) -> None:
    frequency = parts["FREQ"]
    if "WKST" in parts and not re.fullmatch(r"MO|TU|WE|TH|FR|SA|SU", parts["WKST"]):
        raise UserError(f"WKST must be a weekday, not {shown(parts['WKST'])}", source=source, hint="as in WKST=MO")
    most = 5 if frequency == "MONTHLY" or "BYMONTH" in parts else 53
    for word in filter(None, parts.get("BYDAY", "").split(",")):
        found = WEEKDAY.match(word.strip())
        if found is None:
            raise UserError(f"BYDAY holds weekdays, not {shown(word)}", source=source, hint="as in SA, 2TU or -1FR")
        if not found[1]:
            continue
        if frequency in ("DAILY", "WEEKLY") or "BYWEEKNO" in parts:
            hint = f"that day of a month is FREQ=MONTHLY;BYDAY={word.strip()}; of every week BYDAY={found[2]}"
            raise UserError(f"BYDAY={word.strip()} does not go with FREQ={frequency}", source=source, hint=hint)
        if not 1 <= abs(int(found[1])) <= most:
            raise UserError(f"BYDAY={word.strip()}: there are {most} at most", source=source)


def _numbers(parts: Mapping[str, str], name: str) -> list[int]:
    return [int(word) for word in parts.get(name, "").split(",") if word]
