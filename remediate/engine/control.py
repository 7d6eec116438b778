"""The seam between a run and what watches over it: a saved plan, windows, locks, the journal of an earlier run."""

# ruff: noqa: ARG002 - what is asked stands in the signatures; these answers need none of it

from __future__ import annotations

from collections.abc import Callable, Sequence

from remediate.engine.registry import LoadedModule
from remediate.model import Change, Result, State, Step


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

    def observe(self, step: Step, inspect: Callable[[], State]) -> State:
        """The State of the host for ``step``: by ``inspect``, or from a record."""
        return inspect()

    def permit(self, step: Step, module: LoadedModule, before: State, changes: Sequence[Change]) -> None:
        """Asked once the State is known and before any of ``changes`` (there may be none) is applied.

        Returns when they may be, durably noted; raises ``Blocked`` or ``Deferred`` otherwise.
        """

    def record(self, step: Step, result: Result) -> None:
        """``step`` was performed and ended with ``result``, before ``failed_when`` and the like are looked at."""
