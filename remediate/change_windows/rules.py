"""RFC 5545 recurrence rules over wall-clock times, bounded: a rule that never fires ends as quickly as any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice

from remediate.change_windows.model import Rule
from remediate.change_windows.ruleparts import EXAMPLE, take_apart
from remediate.errors import UserError
from remediate.model import Source

CENTURY = 100
"""Years within which a rule has to fire for the first time."""


def read(text: str, start: datetime, zone: tzinfo, source: Source | None) -> Rule:
    """One rule as written in a file; ``UserError`` for what RFC 5545 or a window does not allow."""
    parts = take_apart(text, source)
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
