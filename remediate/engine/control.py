"""The seam between a run and what watches over it: a saved plan, windows, locks, the journal of an earlier run."""

# ruff: noqa: ARG002 - what is asked stands in the signatures; these answers need none of it

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from remediate.engine.registry import LoadedModule
from remediate.model import Change, Result, State, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a Step is about to do: the State of the host as seen a moment ago, and the Changes to apply; maybe none."""

    step: Step
    module: LoadedModule
    before: State
    changes: tuple[Change, ...]


class Mark(StrEnum):
    """What became of a failure in the walk of a host."""

    LEFT = "left"
    """It ends the block, or the play, it happened in; what is done from here on is done for the failure."""
    RESCUED = "rescued"
    """Its rescue came to an end: the walk goes on as if nothing had failed."""
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What the runs that this one goes on with did on a host."""

    begun: bool = False
    """Whether they may have changed anything."""
    changed: bool = False
    """Whether they did."""
    before: Mapping[str, str] = field(default_factory=dict)
    """Cells of the closing table as they were before the first of them began."""


class Control:
    """Asked and told by the engine, from several threads at once; each host from one thread at a time.

    This one lets everything happen and remembers nothing; others say otherwise where they care.
    """

    def enter(self, host: str, window: str) -> None:
        """``host`` is about to begin a play under the change window of that name ("": none).

        Raises ``Deferred`` or ``Blocked`` to keep it from being contacted at all.
        """

    def earlier(self, host: str) -> Earlier:
        """What was done on ``host`` before this run."""
        return Earlier()

    def recall(self, step: Step, module: LoadedModule) -> Result | None:
        """What an earlier run made of ``step``; None: it is to be performed. ``Blocked`` when nobody can know."""
        return None

    def recalling(self, host: str) -> bool:
        """Whether the task ``host`` is at has further tries that an earlier run made: nothing need be waited for."""
        return False

    def nothing_left(self, step: Step, result: Result) -> Result:
        """``step`` was looked at, and nothing is left to do: ``result``, or an earlier run's deed that did it."""
        return result

    def last_look(self, host: str) -> bool:
        """Whether ``host`` may be read once more when its walk is over; nothing is recalled or permitted for that."""
        return True

    def observe(self, step: Step, inspect: Callable[[], State]) -> State:
        """The State of the host for ``step``: by ``inspect``, or from a record."""
        return inspect()

    def permit(self, intent: Intent) -> None:
        """Asked once the State is known and before any Change is applied; not in check runs.

        Returns when they may be, durably noted; raises ``Blocked`` or ``Deferred`` otherwise.
        """

    def prove(self, intent: Intent, *, deed: bool) -> None:
        """Asked right before bytes of what was permitted leave: is it permitted still?

        ``deed``: they start something, or may do so; else they only follow up what was started. Raises ``Blocked`` or
        ``Deferred``, and ``Failed`` where what was started is left to others.
        """

    def left(self, intent: Intent) -> None:
        """The first bytes of what was permitted have left: it is begun."""

    def mark(self, host: str, what: Mark) -> None:
        """What became of the failure that ``host`` met last."""

    def record(self, step: Step, result: Result) -> None:
        """``step`` was performed and ended with ``result``, before ``failed_when`` and the like are looked at.

        What was done has to be durable when this returns; a look may wait for how it is judged.
        """

    def judged(self, result: Result) -> None:
        """The last word on a task, or on one item of its loop: all that is told of it is told from this.

        Of what the controller does itself (assert, set_fact) and of what broke before its step it is the only one.
        """
