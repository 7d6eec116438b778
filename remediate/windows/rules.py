"""RFC 5545 recurrence rules over wall-clock times, bounded: a rule that never fires ends as quickly as any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from zoneinfo import ZoneInfo

from remediate.errors import UserError
from remediate.language.words import suggestion
from remediate.model import Source
from remediate.windows.model import Rule

PARTS = (
    "FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS",
    "BYHOUR", "BYMINUTE", "WKST",
)  # fmt: skip
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
MOST = 10_000
"""COUNT of a rule."""
CENTURY = 100
"""Years within which a rule has to open its window for the first time."""
LENGTHS = MappingProxyType(dict(zip(range(1, 13), (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), strict=True)))


def read(text: str, start: datetime, zone: ZoneInfo, source: Source | None) -> Rule:
    """One rule as written in a file; ``UserError`` for what RFC 5545 or a window does not allow."""
    parts = _parts(text, source)
    _refuse_endless(parts, source)
    until, count = parts.pop("UNTIL", ""), parts.pop("COUNT", "")
    if until and count:
        raise UserError("a rule has UNTIL or COUNT, not both", source=source)
    if count and not (count.isdecimal() and 0 < int(count) <= MOST):
        raise UserError(f"COUNT must be a whole number from 1 to {MOST:,}, not {count}", source=source)
    rule = Rule(
        text=";".join(f"{name}={value}" for name, value in parts.items()),
        until=_until(until, zone, source) if until else None,
        count=int(count or 0),
    )
    try:
        first = next(starts(rule, start, start.replace(year=start.year + CENTURY, day=1)), None)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise UserError(f"not a rule of RFC 5545: {error}", source=source, hint="as in FREQ=WEEKLY;BYDAY=SA") from None
    if first is None:
        raise UserError("the rule never opens the window", source=source, hint="see its start, UNTIL and BY... parts")
    return rule


def _refuse_endless(parts: dict[str, str], source: Source | None) -> None:
    """Rules that would be searched for ever because they hit no day at all."""
    frequency = parts.get("FREQ", "nothing")
    if frequency not in FREQUENCIES:
        hint = "a window opens once a day at most; write several where it does not"
        raise UserError(f"FREQ must be one of {', '.join(FREQUENCIES)}, not {frequency}", source=source, hint=hint)
    for name in ("BYSETPOS", "BYYEARDAY", "BYWEEKNO"):
        if name in parts and frequency in ("DAILY", "WEEKLY"):
            raise UserError(f"{name} does not go with FREQ={frequency}", source=source, hint="use MONTHLY or YEARLY")
    months, days = _numbers(parts.get("BYMONTH", "")), _numbers(parts.get("BYMONTHDAY", ""))
    if days and not any(0 < abs(day) <= LENGTHS.get(month, 0) for month in months or LENGTHS for day in days):
        raise UserError("none of its months has such a day", source=source)


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",") if word.lstrip("+-").isdecimal()]


def _parts(text: str, source: Source | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.strip().removeprefix("RRULE:").strip(";").upper().split(";"):
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not value:
            raise UserError(f"{part!r} is not NAME=VALUE", source=source, hint="as in FREQ=WEEKLY;BYDAY=SA")
        if name not in PARTS:
            raise UserError(f"unknown part of a rule {name!r}", source=source, hint=suggestion(name, PARTS))
        if name in found:
            raise UserError(f"{name} is written twice", source=source)
        found[name] = value
    return found


def _until(text: str, zone: ZoneInfo, source: Source | None) -> datetime:
    for form in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d"):
        try:
            until = datetime.strptime(text, form)  # noqa: DTZ007 - wall clock, the zone is the window's
        except ValueError:
            continue
        if form.endswith("Z"):
            return until.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
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
