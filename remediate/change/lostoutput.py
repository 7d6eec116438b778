"""What of a run's output was lost stands in the ledger: who reads the record knows what nobody saw on a screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from remediate.errors import RemediateError

if TYPE_CHECKING:
    from remediate.events import Event
    from remediate.model import Json

KIND = "output lost"


class LostOutput:
    """A sink that comes behind the others. ``streams`` say by name why each is lost, "" while it is not."""

    def __init__(
        self, streams: Mapping[str, Callable[[], str]], note: Callable[[str, Mapping[str, Json]], None]
    ) -> None:
        self._streams = streams
        self._note = note
        self._told: set[str] = set()

    def receive(self, event: Event) -> None:  # noqa: ARG002 - whatever it was, it was written just now
        self.look()

    def close(self) -> None:
        self.look()

    def look(self) -> None:
        """Whether anything was lost since."""
        for name, why in self._streams.items():
            if said := why():
                self.lost(name, said)

    def lost(self, what: str, why: str) -> None:
        """Kept once for each; a ledger that is lost too is told of elsewhere."""
        if what not in self._told:
            self._told.add(what)
            with suppress(RemediateError):
                self._note(KIND, {"what": what, "why": why})
