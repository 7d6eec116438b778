"""The seam between the controller, who decides, and who works on hosts: plain data cross it, and two calls back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from remediate.errors import HostError
from remediate.model import Change, Result, State, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look came to: the Result as far as it goes, with State, Changes, cells and notes."""

    result: Result
    over: bool = False
    """The Step ended with the look: the host could not be had, is not to be touched, has nothing to mend."""
    unread: bool = False
    """There is no State."""
    error: HostError | None = None
    """Why there is no State, where the host or the way to it is to blame."""
    seconds: float = 0.0
    """How long it took, by the clock of the session: so much of the task's ``timeout`` is used up."""

    @property
    def state(self) -> State:
        return self.result.before

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.result.changes


class Line(Protocol):
    """What who works on a Step may tell and ask the controller meanwhile."""

    def say(self, text: str, done: float, total: float, unit: str) -> None:
        """Progress; see ``Say``."""

    def prove(self, deed: bool) -> None:
        """Asked right before bytes leave for the host: may they still? See ``Control.prove``."""

    def left(self) -> None:
        """The first bytes of what was permitted have left. See ``Control.left``."""


class Worker(Protocol):
    """Works on Steps where modules and sessions are; from several threads at once, one Step at a time on each host.

    Only ``Interrupted`` is raised; whatever else goes wrong is in what comes back. Everything given and handed back
    can be pickled, but for secrets: who sends a Step elsewhere seals them.
    """

    def look(self, step: Step, line: Line) -> Seen:
        """Inspect the host and compare."""

    def compare(self, step: Step, state: State) -> Seen:
        """The same of a State that somebody else has seen; no host is contacted."""

    def act(self, step: Step, seen: Seen, line: Line) -> Result:
        """Carry out the Changes that were seen, and permitted; then prove them."""

    def look_last(self, step: Step, first: State) -> Result:
        """Read the host once more, within the Step's ``timeout``: how is it left, ``first`` being how it was met?"""

    def reset(self, host: str) -> None:
        """Hang up; the next use connects anew."""
