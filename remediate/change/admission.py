"""The change window as a gate: outside of it nothing begins, and what would not end inside it is not begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from remediate.change.durations import Durations
from remediate.engine.control import Control, Intent
from remediate.errors import Blocked, Deferred
from remediate.model import Effect, Step

if TYPE_CHECKING:
    from remediate.change_windows import Calendar, Joint, Opening

LONGER = "lengthen the window or bind the host to another one; --override-window REASON goes ahead without"
LATER = "go on in the next window with `remediate resume`, or --wait for it"


@dataclass(frozen=True, slots=True)
class _Grant:
    at: datetime
    seconds: float
    what: str


class Admission(Control):
    """``expected``: seconds that all planned changes of a host take; one without an entry is only looked at.
    ``begun``: hosts something was changed on already, kept up to date by others.

    A host is admitted when all of it fits. Once its first change is made, whatever brings it back to life (effect
    none: services started again) is let through even after the end; a further change that interrupts is not.
    """

    def __init__(
        self,
        calendar: Joint,
        now: Callable[[], datetime],
        expected: Mapping[str, float],
        durations: Durations,
        begun: Set[str],
    ) -> None:
        self._calendar = calendar
        self._now = now
        self._expected = expected
        self._durations = durations
        self._begun = begun
        self._windows: dict[str, str] = {}
        self._granted: dict[str, _Grant | None] = {}

    def enter(self, host: str, window: str) -> None:
        self._windows[host] = window
        if window and host in self._expected and host not in self._begun:
            self._fits(window, self._expected[host], "the host")

    def permit(self, intent: Intent) -> None:
        step, changes = intent.step, intent.changes
        self._granted[step.on] = None
        if changes and step.on not in self._windows:
            raise _unmet(step)
        window = self._windows.get(step.on, "")
        if changes and window:
            seconds, what = self._durations.of(step.module, changes), changes[0].target
            if step.on not in self._begun:
                seconds, what = max(seconds, self._expected.get(step.on, 0.0)), "the host"
            elif all(change.effect is Effect.NONE for change in changes):
                return
            self._fits(window, seconds, what)
            self._granted[step.on] = _Grant(self._now(), seconds, what)

    def prove(self, intent: Intent, *, deed: bool) -> None:
        host = intent.step.on
        grant = self._granted.get(host)
        if deed and grant is not None:
            passed = (self._now() - grant.at).total_seconds()
            self._fits(self._windows[host], max(0.0, grant.seconds - passed), grant.what)

    def _fits(self, window: str, seconds: float, what: str) -> None:
        now = self._now()
        opening = self._calendar.current(window, now)
        if opening is None:
            raise Deferred(closed(self._calendar, window, now), hint=LATER)
        left = opening.left(now)
        if seconds <= left:
            return
        said = f"does not fit: {what} needs {_minutes(seconds)}, {window} closes in {_minutes(left)}"
        never = never_fits(self._calendar, window, seconds, now)
        raise Deferred(f"{said}; {never}" if never else said, hint=LONGER if never else LATER)


class Unforeseen(Control):
    """For a run without windows: a host that turns out to be bound to one is not begun outside of all arithmetic."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    def enter(self, host: str, window: str) -> None:
        if window:
            raise Blocked(f"{host} is bound to change window {window}, which was not foreseen", "plan again")
        self._met.add(host)

    def permit(self, intent: Intent) -> None:
        if intent.changes and intent.step.on not in self._met:
            raise _unmet(intent.step)


def _unmet(step: Step) -> Blocked:
    """Nobody has asked for the windows of the host that would be changed: only possible where that is another one."""
    return Blocked(f"{step.on} would be changed for {step.host}, and its change windows are not known",
                   f"make {step.on} one of the hosts of the play")  # fmt: skip


def closed(calendar: Calendar | Joint, window: str, now: datetime) -> str:
    """Says that a window is closed, why, and when it opens."""
    frozen = calendar.frozen(window, now)
    why = f" (freeze: {frozen})" if frozen else ""
    return f"change window {window} is closed{why}; {opens(calendar, window, calendar.upcoming(window, now))}"


def never_fits(calendar: Joint, window: str, seconds: float, now: datetime) -> str:
    """Says that no opening to come is as long as that; "" when one is."""
    if calendar.first_for(window, seconds, now) is not None:
        return ""
    longest = calendar.longest(window, now).total_seconds()
    return f"no opening of {window} is that long: the longest to come is {_minutes(longest)}"


def opens(calendar: Calendar | Joint, window: str, opening: Opening | None) -> str:
    """When the next opening is."""
    return f"it opens {calendar.shown(window, opening.start)}" if opening else "it does not open again"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
