"""Why a run is being stopped: a person asked for it, unless somebody says otherwise."""

from __future__ import annotations

import threading


class Stop(threading.Event):
    """Set: the Steps under way are finished, and no new one is begun."""

    def __init__(self) -> None:
        super().__init__()
        self.why = ""
        """What stops the run, in words; "": a person."""


def because(stop: threading.Event, why: str) -> None:
    """Stop for a reason of one's own; the first one stands."""
    if isinstance(stop, Stop) and not stop.is_set():
        stop.why = why
    stop.set()


def asked_for(stop: threading.Event) -> bool:
    """Whether it is a person who stops the run."""
    return stop.is_set() and not cause(stop)


def cause(stop: threading.Event) -> str:
    """What stops the run, where it is no person."""
    return stop.why if isinstance(stop, Stop) else ""


def interrupted(stop: threading.Event, rest: str) -> str:
    """Of a host: why it does not come to its end. ``rest``: when that was."""
    return f"{cause(stop)}; it was left {rest}" if cause(stop) else f"interrupted {rest}"
