"""How long changes take: as their modules expect, or longer where the ledger's own history says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from remediate.model import Change
from remediate.planfile.model import PlannedChange, PlannedHost

ENOUGH = 3
"""Runs of the same change from which on history counts."""
LONGEST_KEY = 200


def key(module: str, targets: Sequence[str]) -> str:
    """What the ledger keeps the duration of a step under: the same work, whatever the host."""
    return f"{module}|{targets[0] if targets else ''}"[:LONGEST_KEY]


class Durations:
    """``history`` gives the seconds the newest steps of a key took. An answer is asked for once."""

    def __init__(self, history: Callable[[str], Sequence[float]] = lambda _: ()) -> None:
        self._history = history
        self._known: dict[str, Sequence[float]] = {}

    def of(self, module: str, changes: Sequence[Change] | Sequence[PlannedChange]) -> float:
        """Seconds the changes of one step take: the longest seen lately, else what the module says."""
        said = sum(change.seconds for change in changes)
        if not changes:
            return 0.0
        name = key(module, [change.target for change in changes])
        if name not in self._known:
            self._known[name] = tuple(self._history(name))
        seen = self._known[name]
        return max(seen) if len(seen) >= ENOUGH else said

    def of_host(self, host: PlannedHost) -> float:
        """Seconds everything planned for a host takes."""
        return sum(self.of(step.module, step.changes) for step in host.steps)
