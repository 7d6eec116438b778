"""How tests wait: for what they see, as long as a machine with other work needs. Nothing is measured with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TypeVar

T = TypeVar("T")

LIMIT = 600.0
"""Seconds. Who waits longer waits for ever; the limit of every process, socket and thread of a test."""


def some_time(seconds: float, unless: Callable[[], bool] = lambda: False) -> None:
    """Brings about a moment that may be any moment: nothing may depend on what has happened by then."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not unless():
        time.sleep(min(left, 0.005))


def until(look: Callable[[], T], limit: float = LIMIT) -> T:
    """What ``look`` gives as soon as that is true."""
    end = time.monotonic() + limit
    while not (seen := look()):
        assert time.monotonic() < end, "it never comes"
        time.sleep(0.005)
    return seen


def hurried(over: Callable[[], bool]) -> SimpleNamespace:
    """In place of the module ``time``: all the time there is has gone by once ``over`` is true."""
    return SimpleNamespace(monotonic=lambda: time.monotonic() + LIMIT * over(), sleep=time.sleep)
