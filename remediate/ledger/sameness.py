"""Whether the database written to is still the one this program began with: not exchanged, put back or cut short."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, func, select

from remediate.ledger import schema
from remediate.ledger.chain import Head


class Sameness:
    """What one opening of a ledger knows of it. Whoever asks holds the chain's head, so nobody appends meanwhile."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._inode = _inode(file)
        self._door = threading.Lock()
        self._newest: Head | None = None

    def place(self) -> str:
        """Why the file is another one than at the opening; "" where it is the same, or no file."""
        now = _inode(self._file)
        if now == self._inode:
            return ""
        return "its file is gone" if now is None else "its file was replaced by another one"

    def fault(self, connection: Connection, head: Head) -> str:
        """Why this is not the history that was written here last; "" where it is."""
        place, newest = self.place(), self._newest  # other threads go on telling
        if place or newest is None or head == newest:
            return place
        if head.number < newest.number:
            return f"it ends with event {head.number}, and this run wrote event {newest.number}"
        events = schema.events
        kept = connection.execute(select(events.c.hash).where(events.c.number == newest.number)).scalar()
        return "" if kept == newest.hash else f"its event {newest.number} is not the one this run wrote"

    def whole(self, connection: Connection, head: Head) -> str:
        """As ``fault``; also where an older copy was laid under what was written since."""
        fault = self.fault(connection, head)
        if fault:
            return fault
        if self._file:
            told = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
            if told != "ok":
                return f"it is damaged: {' '.join(told.split())}"
        number = schema.events.c.number
        kept = connection.execute(select(func.count()).where(number >= 1, number <= head.number)).scalar() or 0
        return "" if kept == head.number else f"{head.number - kept} of its {head.number} events are gone"

    def wrote(self, head: Head) -> None:
        """That is an event of ours, durable. Threads may tell theirs in any order."""
        with self._door:
            if self._newest is None or head.number > self._newest.number:
                self._newest = head


def _inode(file: Path | None) -> tuple[int, int] | None:
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
