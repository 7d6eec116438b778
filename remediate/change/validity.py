"""A saved plan is begun on no host after its time; what was begun is finished."""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import datetime

from remediate.engine.control import Control, Intent
from remediate.errors import Blocked


class Validity(Control):
    """``until``: the plan's. ``begun``: hosts something was changed on already, kept up to date by others."""

    def __init__(self, until: datetime, now: Callable[[], datetime], begun: Set[str]) -> None:
        self._until = until
        self._now = now
        self._begun = begun
        self._first: set[str] = set()

    def enter(self, host: str, window: str) -> None:
        if host not in self._begun:
            self._refuse_late(f"; its window is {window}" if window else "")

    def permit(self, intent: Intent) -> None:
        if intent.changes and intent.step.on not in self._begun:
            self._refuse_late("")
            self._first.add(intent.step.on)

    def prove(self, intent: Intent, *, deed: bool) -> None:
        if deed and intent.step.on in self._first:
            self._refuse_late("")

    def left(self, intent: Intent) -> None:
        self._first.discard(intent.step.on)

    def _refuse_late(self, more: str) -> None:
        if self._now() > self._until:
            raise Blocked(f"not begun: the plan was valid until {self._until:%Y-%m-%d %H:%M} UTC{more}",
                          "make a new plan, and have it approved where that is asked for")  # fmt: skip
