"""The change window as a gate: outside of it nothing begins, and what would not end inside it is not begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from datetime import datetime
from typing import Protocol

from remediate.control.durations import Durations
from remediate.engine.control import Control, Intent
from remediate.errors import Blocked, Deferred
from remediate.model import Effect

LATER = "go on in the next window with `remediate resume`, or --wait for it"


class Opening(Protocol):
    """One stretch of time in which a window is open."""

    @property
    def start(self) -> datetime: ...

    def left(self, now: datetime) -> float: ...


class Calendar(Protocol):
    """The windows by name; ``remediate.windows`` reads them from a file."""

    def current(self, name: str, now: datetime) -> Opening | None: ...

    def upcoming(self, name: str, after: datetime) -> Opening | None: ...

    def frozen(self, name: str, now: datetime) -> str: ...

    def shown(self, name: str, moment: datetime) -> str: ...


class Admission(Control):
    """``expected``: seconds that all planned changes of a host take; a host without an entry takes none.
    ``begun``: hosts something was changed on already, kept up to date by others.

    A host is admitted when all of it fits. Once its first change is made, whatever brings it back to life (effect
    none: services started again) is let through even after the end; a further change that interrupts is not.
    """

    def __init__(
        self,
        calendar: Calendar,
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

    def enter(self, host: str, window: str) -> None:
        self._windows[host] = window
        if window and host not in self._begun:
            self._fits(window, self._expected.get(host, 0.0), "the host")

    def permit(self, intent: Intent) -> None:
        step, changes = intent.step, intent.changes
        window = self._windows.get(step.host, "")
        if changes and window:
            seconds = self._durations.of(step.module, changes)
            if step.host not in self._begun:
                self._fits(window, max(seconds, self._expected.get(step.host, 0.0)), "the host")
            elif any(change.effect is not Effect.NONE for change in changes):
                self._fits(window, seconds, changes[0].target)

    def _fits(self, window: str, seconds: float, what: str) -> None:
        now = self._now()
        opening = self._calendar.current(window, now)
        if opening is None:
            raise Deferred(closed(self._calendar, window, now), hint=LATER)
        left = opening.left(now)
        if seconds > left:
            raise Deferred(
                f"does not fit: {what} needs {_minutes(seconds)}, {window} closes in {_minutes(left)}", hint=LATER
            )


class Unforeseen(Control):
    """For a run without windows: a host that turns out to be bound to one is not begun outside of all arithmetic."""

    def enter(self, host: str, window: str) -> None:
        if window:
            raise Blocked(f"{host} is bound to change window {window}, which was not foreseen", "plan again")


def closed(calendar: Calendar, window: str, now: datetime) -> str:
    """Says that a window is closed, why, and when it opens."""
    frozen = calendar.frozen(window, now)
    why = f" (freeze: {frozen})" if frozen else ""
    return f"change window {window} is closed{why}; {opens(calendar, window, calendar.upcoming(window, now))}"


def opens(calendar: Calendar, window: str, opening: Opening | None) -> str:
    """When the next opening is."""
    return f"it opens {calendar.shown(window, opening.start)}" if opening else "it does not open again"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
