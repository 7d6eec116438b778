"""Times things in turn, A B A B, so that a ratio holds while the machine's speed drifts."""

from __future__ import annotations

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

    @property
    def kept(self) -> bool:
        return self.ratio <= self.limit

    def __str__(self) -> str:
        mark = "    " if self.limit == float("inf") else "ok  " if self.kept else "OVER"
        limit = "no limit" if self.limit == float("inf") else f"limit {self.limit:g}x"
        return (
            f"{mark} {self.what:<58} {self.ratio:5.2f}x ({limit:<10})   "
            f"{self.ours:.3f} {self.unit} against {self.theirs:.3f} {self.unit}"
        )


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


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
