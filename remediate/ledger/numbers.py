"""Which number each step gets on its host, without asking the database each time."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Numbers:
    """``ask(run, host)`` gives the newest number that is in the database or on its way there."""

    def __init__(self, ask: Callable[[str, str], int]) -> None:
        self._ask = ask
        self._door = threading.Lock()
        self._new: set[str] = set()
        self._last: dict[tuple[str, str], int | None] = {}

    def begun(self, run: str) -> None:
        """A run that has no steps yet, and gets them from here only."""
        with self._door:
            self._new.add(run)

    def next(self, run: str, host: str) -> int:
        """The number of the next step."""
        with self._door:
            last = self._last.get((run, host), 0 if run in self._new else None)
            if last is not None:
                self._last[run, host] = last + 1
                return last + 1
        asked = self._ask(run, host)
        with self._door:
            last = max(asked, self._last.get((run, host)) or 0)
            self._last[run, host] = last + 1
            return last + 1

    def forget(self, run: str, host: str) -> None:
        """A step was not written after all: its number is free."""
        with self._door:
            self._last[run, host] = None
