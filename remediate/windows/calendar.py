"""Which window is open when: starts by rule, made moments, merged, with the freezes cut out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from remediate.errors import UserError
from remediate.language.words import suggestion
from remediate.windows import rules
from remediate.windows.model import LONGEST, Freeze, Opening, Span, Window
from remediate.windows.wallclock import moment

DAY = timedelta(days=1)
AROUND = 2 * LONGEST
"""How far an opening is followed back and on: one that never closes is known for that long."""
STEPS = (timedelta(days=40), timedelta(days=400), timedelta(days=5 * 366))
"""How far the next opening is looked for."""


class Calendar:
    """The windows of one file. Every time that comes in or goes out is aware."""

    def __init__(self, windows: Mapping[str, Window], freezes: Sequence[Freeze]) -> None:
        self.windows = dict(windows)
        self._freezes = tuple(freezes)

    def names(self) -> tuple[str, ...]:
        """Every window, in the order of the file."""
        return tuple(self.windows)

    def window(self, name: str) -> Window:
        """The window of that name; ``UserError`` with the nearest one there is."""
        if name not in self.windows:
            raise UserError(f"there is no change window {name!r}", hint=suggestion(name, self.windows, what="windows"))
        return self.windows[name]

    def current(self, name: str, now: datetime) -> Opening | None:
        """The opening ``now`` is in."""
        return next((o for o in self._around(name, now, now) if o.start <= now < o.end), None)

    def upcoming(self, name: str, after: datetime) -> Opening | None:
        """The first opening that begins later than ``after``; None when there is none within five years."""
        for step in STEPS:
            found = next((o for o in self._around(name, after, after + step) if o.start > after), None)
            if found is not None:
                return found
        return None

    def openings(self, name: str, after: datetime, before: datetime) -> Iterator[Opening]:
        """The openings that have some time in common with ``after`` to ``before``, in order."""
        yield from (o for o in self._around(name, after, before) if o.start < before and o.end > after)

    def frozen(self, name: str, now: datetime) -> str:
        """Name of the freeze in force for the window, "" when there is none."""
        window = self.window(name)
        spans = self._frozen_spans(window, now, now + timedelta(seconds=1))
        return next((span.name for span in spans if span.start <= now < span.end), "")

    def _around(self, name: str, after: datetime, before: datetime) -> Iterator[Opening]:
        window = self.window(name)
        first, last = after.astimezone(UTC) - AROUND, before.astimezone(UTC) + AROUND
        spans = _merged(_spans(window, first, last))
        frozen = _merged(self._frozen_spans(window, first, last))
        return (Opening(name, span.start, span.end) for span in _without(spans, frozen))

    def _frozen_spans(self, window: Window, first: datetime, last: datetime) -> list[Span]:
        meant = (freeze for freeze in self._freezes if not freeze.windows or window.name in freeze.windows)
        return [span for freeze in meant for span in freeze.spans(first, last, window.zone)]


def _spans(window: Window, first: datetime, last: datetime) -> Iterator[Span]:
    """Every stretch that begins between the two moments."""
    end = last.astimezone(window.zone).replace(tzinfo=None) + DAY
    walls = set(window.also) | (set() if window.rules else {window.start})
    for rule in window.rules:
        walls |= set(rules.starts(rule, window.start, end))
    for wall in walls:
        if wall.date() in window.without or not first - DAY < wall.replace(tzinfo=UTC) < last + DAY:
            continue
        start = moment(wall, window.zone)
        if first <= start <= last:
            yield Span(start, start + window.duration)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, what overlaps or touches made one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(Span(span.start, span.end))
    return found


def _without(spans: Sequence[Span], frozen: Sequence[Span]) -> Iterator[Span]:
    """What is left of ordered, disjoint ``spans`` outside of ordered, disjoint ``frozen`` ones."""
    at = 0
    for span in spans:
        while at < len(frozen) and frozen[at].end <= span.start:
            at += 1
        start = span.start
        for freeze in frozen[at:]:
            if freeze.start >= span.end:
                break
            if freeze.start > start:
                yield Span(start, freeze.start)
            start = max(start, freeze.end)
        if start < span.end:
            yield Span(start, span.end)
