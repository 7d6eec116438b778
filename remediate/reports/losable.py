"""Output that may be lost while the run goes on: what fails at an event loses that event, and says so once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from remediate.engine.faults import unforeseen
from remediate.reports.text import one_line

if TYPE_CHECKING:
    from remediate.events import Event, Sink


class Losable:
    """A sink in front of another one; it raises nothing. ``lost`` is told why, once."""

    def __init__(self, sink: Sink, say: Callable[[str], object], lost: Callable[[str], object]) -> None:
        self._sink = sink
        self._say = say
        self._lost = lost
        self._said = False

    def receive(self, event: Event) -> None:
        self._try(lambda: self._sink.receive(event))

    def close(self) -> None:
        self._try(self._sink.close)

    def _try(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except Exception as error:  # noqa: BLE001 - hosts are worked on, whatever becomes of what is shown
            if not self._said:
                self._said = True
                why = error.strerror if isinstance(error, OSError) else ""
                text = one_line(why or f"a fault in this program, report it: {unforeseen(error)}", 300)
                self._lost(text)
                self._say(f"part of the output is lost ({text}); the run goes on, the ledger has all of it\n")
