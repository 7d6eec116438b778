"""The seam between a run and what watches over it: a saved plan, windows, locks, the journal of an earlier run."""

# ruff: noqa: ARG002 - what is asked stands in the signatures; these answers need none of it

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from remediate.engine.registry import LoadedModule
from remediate.model import Change, Result, State, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What a Step is about to do: the State of the host as seen a moment ago, and the Changes to apply; maybe none."""

    step: Step
    module: LoadedModule
    before: State
    changes: tuple[Change, ...]


class Control:
    """Asked and told by the engine, from several threads at once; each host from one thread at a time.

    This one lets everything happen and remembers nothing; others say otherwise where they care.
    """

    def enter(self, host: str, window: str) -> None:
        """``host`` is about to begin a play under the change window of that name ("": none).

        Raises ``Deferred`` or ``Blocked`` to keep it from being contacted at all.
        """

    def recall(self, step: Step, module: LoadedModule) -> Result | None:
        """What an earlier run made of ``step``; None: it is to be performed. ``Blocked`` when nobody can know."""
        return None

    def recalling(self, host: str) -> bool:
        """Whether the next Step of ``host`` was done by an earlier run: nothing need be waited for."""
        return False

    def begun(self, host: str) -> bool:
        """Whether something was changed on ``host`` by the run that this one goes on with."""
        return False

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

    def record(self, step: Step, result: Result) -> None:
        """``step`` was performed and ended with ``result``, before ``failed_when`` and the like are looked at."""
