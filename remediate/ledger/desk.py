"""One thread that does whatever is asked of a database, and how others wait for it: not for ever, not in silence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from remediate.errors import LedgerLost

TOLD = 5.0
"""Seconds after which those who wait are told what for; also how often they look after a call that hangs."""
GRACE = 30.0
"""Seconds beyond its patience after which a caller no longer waits: for the try that was under way by then."""
LINGER = 0.05
"""Seconds for which entries nobody waits for are collected."""
MANY = 1000
"""Entries that are done together at the most; with more than that open everybody waits for their own."""


@dataclass(slots=True, eq=False)
class Entry:
    """Something to be done with the database, in the order of handing in, and what came of it."""

    work: Callable[[Any], Any]
    deadline: float
    """Until when it is tried again, on the monotonic clock of whoever does it."""
    writes: bool = False
    """``work`` gets a Writing, in one transaction with what came at the same time; else it gets nothing."""
    waited: bool = True
    about: tuple[str, str] | None = None
    """Run and host, where the lock of the host will be looked at."""
    failed: Callable[[BaseException], None] | None = None
    """Hears of an error where nobody waits."""
    left: bool = False
    """Whoever asked for it waits no longer: what was not begun need not be."""
    answer: Any = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def settle(self, answer: Any = None, error: BaseException | None = None) -> None:
        """Tell what came of it; the first word stays."""
        if self.done.is_set():
            return
        self.answer, self.error = answer, error
        if error is not None and self.failed is not None:
            self.failed(error)
        self.done.set()


class Unanswered(Exception):
    """Nothing came of an entry in all the time it was given."""


class Desk:
    """``serve`` does some entries and settles each; ``close`` is the thread's last act; ``look_after`` is called by
    those who wait, again and again, to end a call that hangs. ``say`` gets a sentence without secrets.
    """

    def __init__(
        self,
        name: str,
        serve: Callable[[list[Entry]], None],
        close: Callable[[], None],
        look_after: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._serve = serve
        self._close = close
        self._look_after = look_after
        self._say = say
        self._name = name
        self._changed = threading.Condition()
        self._queue: list[Entry] = []
        self._hurry = False
        self._closed = False
        self._told = False
        self._thread = threading.Thread(target=self._work, name=f"ledger {name}", daemon=True)
        self._started = False

    def put(self, entry: Entry) -> Entry:
        """Hand something in; order is kept."""
        with self._changed:
            if self._closed:
                entry.settle(error=LedgerLost(f"the ledger {self._name} is closed"))
                return entry
            entry.waited = entry.waited or len(self._queue) >= MANY
            self._queue.append(entry)
            first, self._hurry = len(self._queue) == 1, self._hurry or entry.waited
            if entry.waited or first:
                self._changed.notify()
            if not self._started:
                self._started = True
                self._thread.start()
        return entry

    def wait(self, entry: Entry, patience: float) -> Any:
        """What came of it. ``Unanswered`` when nothing does for ``patience`` seconds and GRACE."""
        begun = time.monotonic()
        try:
            while not entry.done.wait(TOLD):
                self._tell()
                self._look_after()
                if time.monotonic() - begun > patience + GRACE:
                    raise Unanswered
        except BaseException:
            entry.left = True
            raise
        if entry.error is not None:
            raise entry.error
        return entry.answer

    def more(self, besides: int) -> list[Entry]:
        """What was handed in meanwhile, for whoever serves ``besides`` entries already."""
        with self._changed:
            return self._taken(max(0, MANY - besides))

    def went_well(self) -> None:
        """Whoever waits later is told anew."""
        self._told = False

    def close(self, patience: float) -> None:
        """Do what was handed in, then end the thread; one that hangs is left alone after ``patience`` seconds."""
        with self._changed:
            started, self._closed = self._started, True
            self._changed.notify()
        if started:
            self._thread.join(patience)
        else:
            self._close()

    def _tell(self) -> None:
        with self._changed:
            told, self._told = self._told, True
        if not told:
            self._say(f"waiting for the ledger {self._name}")

    def _taken(self, most: int) -> list[Entry]:
        taken, self._queue = self._queue[:most], self._queue[most:]
        self._hurry = any(entry.waited for entry in self._queue)
        return taken

    def _next(self) -> Sequence[Entry]:
        """What came together; nothing when it is closed and all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            self._changed.wait_for(lambda: self._hurry or self._closed, LINGER)
            return self._taken(MANY)

    def _work(self) -> None:
        while entries := self._next():
            try:
                self._serve(list(entries))
            except BaseException as error:  # noqa: BLE001 - those who wait hear of it, and the next ones are served
                for entry in entries:
                    entry.settle(error=error)
        self._close()
