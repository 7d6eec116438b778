"""One Step at a time on each host, whichever host it is done for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Hosts by name, each with a door only one can be behind."""

    def __init__(self) -> None:
        self._doors: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextmanager
    def of(self, host: str) -> Iterator[bool]:
        """Within, nobody else is at ``host``; whether that had to be waited for."""
        with self._lock:
            door = self._doors.setdefault(host, threading.Lock())
        waited = not door.acquire(blocking=False)
        if waited:
            door.acquire()
        try:
            yield waited
        finally:
            door.release()
