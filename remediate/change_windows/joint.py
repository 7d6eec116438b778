"""Several windows as one: what is bound to two of them may begin only while both are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from remediate.change_windows.calendar import Calendar
from remediate.change_windows.model import Opening
from remediate.model import AND

MOST = 400
"""Openings that are looked at for one that is long enough."""


class Joint:
    """Bindings over one or more files, the one in use first: a name that several know has to be open in each."""

    def __init__(self, calendars: Sequence[Calendar]) -> None:
        self._calendars = tuple(calendars)

    def refuse_unknown(self, binding: str) -> None:
        """``UserError`` for a name in none of the files."""
        for name in binding.split(AND):
            self._of(name)

    def current(self, binding: str, now: datetime) -> Opening | None:
        """The opening ``now`` is in."""
        found = [calendar.current(name, now) for calendar, name in self._parts(binding)]
        openings = [opening for opening in found if opening is not None]
        return _common(binding, openings) if len(openings) == len(found) else None

    def upcoming(self, binding: str, after: datetime) -> Opening | None:
        """The first opening that begins later than ``after``; None when there is none for years."""
        moment = after
        for _ in range(MOST):
            openings = []
            for calendar, name in self._parts(binding):
                found = calendar.current(name, moment) or calendar.upcoming(name, moment)
                if found is None:
                    return None
                openings.append(found)
            common = _common(binding, openings)
            if after < common.start < common.end:
                return common
            apart = common.start >= common.end
            moment = common.start if apart else common.end  # until then they have nothing more in common
        return None

    def openings(self, binding: str, after: datetime) -> Iterator[Opening]:
        """The one ``after`` is in, and those that follow it."""
        found = self.current(binding, after)
        if found is not None:
            yield found
        while (found := self.upcoming(binding, after)) is not None:
            yield found
            after = found.start

    def first_for(self, binding: str, seconds: float, after: datetime) -> Opening | None:
        """The first opening later than ``after`` that is ``seconds`` long; None when there will be none."""
        for number, opening in enumerate(self.openings(binding, after)):
            if opening.start > after and (opening.end - opening.start).total_seconds() >= seconds:
                return opening
            if number >= MOST:
                break
        return None

    def longest(self, binding: str, after: datetime) -> timedelta:
        """The longest of the openings that are looked at."""
        found = timedelta()
        for number, opening in enumerate(self.openings(binding, after)):
            found = max(found, opening.end - max(opening.start, after))
            if number >= MOST:
                break
        return found

    def frozen(self, binding: str, now: datetime) -> str:
        """Name of a freeze in force, "" when there is none."""
        return next((why for calendar, name in self._parts(binding) if (why := calendar.frozen(name, now))), "")

    def shown(self, binding: str, moment: datetime) -> str:
        """A time as people read it, on the clock of the first window."""
        calendar, name = self._parts(binding)[0]
        return calendar.shown(name, moment)

    def _parts(self, binding: str) -> list[tuple[Calendar, str]]:
        return [(calendar, name) for name in binding.split(AND) for calendar in self._of(name)]

    def _of(self, name: str) -> list[Calendar]:
        found = [calendar for calendar in self._calendars if name in calendar.names()]
        return found or [self._known(name)]

    def _known(self, name: str) -> Calendar:
        """The first calendar says what is wrong with a name that none of them knows."""
        self._calendars[0].window(name)
        return self._calendars[0]


def _common(binding: str, openings: Sequence[Opening]) -> Opening:
    return Opening(binding, max(opening.start for opening in openings), min(opening.end for opening in openings))
