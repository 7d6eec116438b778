"""Several windows as one: what is bound to two of them may begin only while both are open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from remediate.engine.walk import AND

MOST = 400
"""Openings that are looked at for one that is long enough."""


class Opening(Protocol):
    """One stretch of time in which a window is open."""

    @property
    def window(self) -> str: ...

    @property
    def start(self) -> datetime: ...

    @property
    def end(self) -> datetime: ...

    def left(self, now: datetime) -> float: ...


class Windows(Protocol):
    """What can be said of windows by name, or of bindings."""

    def upcoming(self, name: str, after: datetime, /) -> Opening | None: ...

    def frozen(self, name: str, now: datetime, /) -> str: ...

    def shown(self, name: str, moment: datetime, /) -> str: ...


class Single(Windows, Protocol):
    """The windows of one file by name, read by ``remediate.windows``; ``window`` raises ``UserError`` for no window."""

    def names(self) -> tuple[str, ...]: ...

    def window(self, name: str) -> object: ...

    def current(self, name: str, now: datetime, /) -> Opening | None: ...


@dataclass(frozen=True, slots=True)
class Common:
    """What the openings of several windows have in common."""

    window: str
    start: datetime
    end: datetime

    def left(self, now: datetime) -> float:
        """Seconds from ``now`` until it closes; negative afterwards."""
        return (self.end - now).total_seconds()


class Joint:
    """Bindings over one or more files, the one in use first: a name that several know has to be open in each."""

    def __init__(self, calendars: Sequence[Single]) -> None:
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
            moment = min(opening.end for opening in openings)  # until then they have nothing more in common
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

    def _parts(self, binding: str) -> list[tuple[Single, str]]:
        return [(calendar, name) for name in binding.split(AND) for calendar in self._of(name)]

    def _of(self, name: str) -> list[Single]:
        found = [calendar for calendar in self._calendars if name in calendar.names()]
        if not found:
            self._calendars[0].window(name)
        return found


def _common(binding: str, openings: Sequence[Opening]) -> Opening:
    return Common(binding, max(opening.start for opening in openings), min(opening.end for opening in openings))
