"""Which window is open when: starts by rule, made moments, merged, with the freezes cut out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from remediate.change_windows import rules
from remediate.change_windows.model import LONGEST, Freeze, Opening, Span, Window
from remediate.change_windows.wallclock import moment
from remediate.errors import UserError
from remediate.language.words import suggestion

DAY = timedelta(days=1)
AROUND = 2 * LONGEST
"""How far an opening is followed back and on: one that never closes is known for that long."""
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2300, 1, 1, tzinfo=UTC)
STEPS = (timedelta(days=40), timedelta(days=400), timedelta(days=5 * 366))
"""How far the next opening is looked for."""


class Calendar:
    """The windows of one file. Every time that comes in or goes out is aware."""

    def __init__(self, windows: Mapping[str, Window], freezes: Sequence[Freeze]) -> None:
        self.windows = dict(windows)
        self._freezes = tuple(freezes)
        self._known: dict[str, tuple[datetime, datetime, tuple[Opening, ...]]] = {}

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
        found = next(self._from(name, now, now), None)
        return found if found and found.start <= now else None

    def upcoming(self, name: str, after: datetime) -> Opening | None:
        """The first opening that begins later than ``after``; None when there is none within five years."""
        for step in STEPS:
            found = next((o for o in self._from(name, after, _shifted(after, step)) if o.start > after), None)
            if found is not None:
                return found if found.start <= _shifted(after, STEPS[-1]) else None
        return None

    def openings(self, name: str, after: datetime, before: datetime) -> Iterator[Opening]:
        """The openings that have some time in common with ``after`` to ``before``, in order."""
        for opening in self._from(name, after, before):
            if opening.start >= before:
                return
            yield opening

    def shown(self, name: str, moment: datetime) -> str:
        """A time as people read it: on the clock of the window, and in UTC."""
        local = moment.astimezone(self.window(name).zone)
        day = "" if local.date() == moment.astimezone(UTC).date() else f"{moment.astimezone(UTC):%a} "
        return f"{local:%a %Y-%m-%d %H:%M %Z} ({day}{moment.astimezone(UTC):%H:%M} UTC)"

    def frozen(self, name: str, now: datetime) -> str:
        """Name of the freeze in force for the window, "" when there is none."""
        window = self.window(name)
        spans = self._frozen_spans(window, now, now + timedelta(seconds=1))
        return next((span.name for span in spans if span.start <= now < span.end), "")

    def _from(self, name: str, after: datetime, before: datetime) -> Iterator[Opening]:
        """Openings that end later than ``after``, at least all that begin by ``before``; kept for the next time."""
        window = self.window(name)
        first, last = _shifted(after, -AROUND), _shifted(before, AROUND)
        known = self._known.get(name)
        if known is None or first < known[0] or last > known[1]:
            last = _shifted(last, STEPS[0])
            spans = _merged(_spans(window, first, last))
            frozen = _merged(self._frozen_spans(window, first, last + LONGEST))
            found = tuple(Opening(name, span.start, span.end) for span in _without(spans, frozen))
            known = self._known[name] = (first, last, found)
        sure = known[1] - AROUND
        for opening in known[2][bisect_right(known[2], after, key=lambda opening: opening.end) :]:
            if opening.start > sure:  # what is to be merged with it may lie beyond what is known
                return
            yield opening

    def _frozen_spans(self, window: Window, first: datetime, last: datetime) -> list[Span]:
        meant = (freeze for freeze in self._freezes if not freeze.windows or window.name in freeze.windows)
        return [span for freeze in meant for span in freeze.spans(first, last, window.zone)]


def _shifted(moment: datetime, by: timedelta) -> datetime:
    """``moment`` in UTC, moved as far as the calendar goes."""
    try:
        return moment.astimezone(UTC) + by
    except OverflowError:
        return (EARLIEST if by < timedelta() else LATEST).astimezone(UTC)


def _spans(window: Window, first: datetime, last: datetime) -> Iterator[Span]:
    """Every stretch that begins between the two moments. Exceptions are of the rules; ``also`` opens all the same."""
    end = last.astimezone(window.zone).replace(tzinfo=None) + DAY
    walls = set() if window.rules else {window.start}
    for rule in window.rules:
        walls |= set(rules.starts(rule, window.start, end))
    for wall in {wall for wall in walls if wall.date() not in window.without} | set(window.also):
        if not first - DAY < wall.replace(tzinfo=UTC) < last + DAY:
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
            start = freeze.end
        if start < span.end:
            yield Span(start, span.end)
