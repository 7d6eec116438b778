"""A task's own ``timeout``: ends whatever waits on the session when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from remediate.connections.base import Bounded, Session


class _Late(threading.Event):
    """Set by the clock."""

    def __init__(self, now: Callable[[], float], end: float) -> None:
        super().__init__()
        self._now = now
        self._end = end

    def is_set(self) -> bool:
        return self._now() >= self._end


@contextmanager
def limit(session: Session | None, seconds: float) -> Iterator[threading.Event]:
    """Set once the time was over; 0 seconds is no limit."""
    over = threading.Event()
    if not seconds or session is None:
        yield over
        return
    if isinstance(session, Bounded):
        session.bound(seconds)
        end = session.now() + seconds
        try:
            yield _Late(session.now, end)
        finally:
            session.unbound()
        return

    def cut() -> None:
        over.set()
        session.close()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
