"""Times things in turn, A B A B, so that a ratio holds while the machine's speed drifts."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Median of the pairwise ratios, with the limit the project promises."""

    what: str
    ours: float
    theirs: float
    ratio: float
    limit: float
    unit: str = "s"
    worked: tuple[float, float] | None = None
    """Processor time of both, where it was measured; it says more than the clock where others use the machine."""

    @property
    def kept(self) -> bool:
        return self.ratio <= self.limit

    def __str__(self) -> str:
        mark = "    " if self.limit == float("inf") else "ok  " if self.kept else "OVER"
        limit = "no limit" if self.limit == float("inf") else f"limit {self.limit:g}x"
        worked = f"; processor {self.worked[0]:.2f} against {self.worked[1]:.2f} s" if self.worked else ""
        return (
            f"{mark} {self.what:<58} {self.ratio:5.2f}x ({limit:<10})   "
            f"{self.ours:.3f} {self.unit} against {self.theirs:.3f} {self.unit}{worked}"
        )


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def worked(work: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock seconds of one call, and the processor time of the programs it ran to their end."""
    before = os.times()
    took = seconds(work)
    after = os.times()
    return took, after.children_user + after.children_system - before.children_user - before.children_system


def programs(what: str, ours: Callable[[], object], theirs: Callable[[], object], *, runs: int, limit: float) -> Ratio:
    """As ``pairs``, of what runs programs: with their processor time."""
    ours()
    theirs()
    timed = [(worked(ours), worked(theirs)) for _ in range(runs)]
    return Ratio(
        what=what,
        ours=statistics.median(a for (a, _), _ in timed),
        theirs=statistics.median(b for _, (b, _) in timed),
        ratio=statistics.median(a / b for (a, _), (b, _) in timed),
        limit=limit,
        worked=(statistics.median(a for (_, a), _ in timed), statistics.median(b for _, (_, b) in timed)),
    )


def pairs(what: str, ours: Callable[[], object], theirs: Callable[[], object], *, runs: int, limit: float) -> Ratio:
    """Run both in turn ``runs`` times after one warm-up of each."""
    ours()
    theirs()
    timed: Sequence[tuple[float, float]] = [(seconds(ours), seconds(theirs)) for _ in range(runs)]
    return Ratio(
        what=what,
        ours=statistics.median(a for a, _ in timed),
        theirs=statistics.median(b for _, b in timed),
        ratio=statistics.median(a / b for a, b in timed),
        limit=limit,
    )
