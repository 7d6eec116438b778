"""Patience with a connection that was lost: bounded, jittered, and only for troubles that pass by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from remediate.errors import Reach, Unreachable

T = TypeVar("T")

PASSING: frozenset[Reach] = frozenset({"refused", "timeout", "lost", "protocol"})
"""What a host that restarts looks like from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try again (seconds), and the outer world to do it in."""

    limit: float
    clock: Callable[[], float]
    wait: Callable[[float], None]
    random: Random


def delays(random: Random, *, first: float = 0.3, longest: float = 10.0) -> Iterator[float]:
    """Pauses between tries: doubling, each between half and all of its length, so that no fleet comes in step."""
    length = first
    while True:
        yield length * (0.5 + 0.5 * random.random())
        length = min(longest, 2 * length)


def insist(attempt: Callable[[], T], patience: Patience, passing: frozenset[Reach] = PASSING) -> T:
    """``attempt()`` until it works, fails for good, or the limit has passed; then its last error."""
    end = patience.clock() + patience.limit
    for pause in delays(patience.random):
        try:
            return attempt()
        except Unreachable as error:
            if error.kind not in passing or patience.clock() + pause > end:
                raise
        patience.wait(pause)
    raise AssertionError  # delays() never ends
