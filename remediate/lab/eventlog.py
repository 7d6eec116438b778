"""The host's event logs, each bounded to its newest entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from remediate.lab.clock import from_iso, iso, real_time
from remediate.model import Json

KEPT = 500
"""Entries kept of each log."""

EntryType = Literal["Error", "Warning", "Information", "Audit Success", "Audit Failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event; ``number`` is its record number, counted from 1 in each log."""

    log: str
    number: int
    source: str
    event_id: int
    type: EntryType
    written: datetime
    """UTC."""
    message: str


class EventLog:
    """Logs by name: Application, System, Security."""

    def __init__(self, *, now: Callable[[], datetime] = real_time, changed: Callable[[], None] = lambda: None) -> None:
        self._logs: dict[str, list[Entry]] = {"Application": [], "System": [], "Security": []}
        self.now = now
        self.changed = changed

    def add(self, log: str, source: str, event_id: int, type: EntryType, message: str) -> Entry:  # noqa: A002
        """Append an event at the time it is now; an unknown log is made."""
        entries = self._logs.setdefault(log, [])
        number = entries[-1].number + 1 if entries else 1
        entry = Entry(
            log=log, number=number, source=source, event_id=event_id, type=type, written=self.now(), message=message
        )
        entries.append(entry)
        del entries[:-KEPT]
        self.changed()
        return entry

    def logs(self) -> tuple[str, ...]:
        return tuple(self._logs)

    def entries(self, log: str = "") -> tuple[Entry, ...]:
        """Oldest first; of all logs when no name is given."""
        names = [name for name in self._logs if not log or name.lower() == log.lower()]
        return tuple(entry for name in names for entry in self._logs[name])

    def to_json(self) -> dict[str, Json]:
        return {
            name: [[e.number, e.source, e.event_id, e.type, iso(e.written), e.message] for e in entries]
            for name, entries in self._logs.items()
        }

    def load(self, saved: Json) -> None:
        assert isinstance(saved, dict)
        for name, rows in saved.items():
            assert isinstance(rows, list)
            self._logs[name] = [_entry(name, row) for row in rows]


def _entry(log: str, row: Json) -> Entry:
    assert isinstance(row, list)
    number, source, event_id, kind, written, message = row
    return Entry(
        log=log,
        number=int(str(number)),
        source=str(source),
        event_id=int(str(event_id)),
        type=_TYPES[str(kind)],
        written=from_iso(str(written)),
        message=str(message),
    )


_TYPES: dict[str, EntryType] = {
    "Error": "Error",
    "Warning": "Warning",
    "Information": "Information",
    "Audit Success": "Audit Success",
    "Audit Failure": "Audit Failure",
}
