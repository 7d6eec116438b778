"""What hosts say of the time, against this machine's clock: learned from answers that are given anyhow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

APART = 300.0
"""Seconds two clocks may be apart: as many as Kerberos allows, as Windows sets it by default."""
BESIDES = "Kerberos refuses more than 5 minutes, and times in logs do not match"
SET = 60.0
"""Seconds by which the wall clock and the monotonic one may part: more, and somebody has set it, or all stood still."""
VAGUE = 60.0
"""Seconds of doubt from which on an answer tells nothing of a clock."""


@dataclass(frozen=True, slots=True)
class Moment:
    """``wall``: seconds since 1970 by this machine's clock; ``steady``: seconds of a clock that nobody sets."""

    wall: float
    steady: float

    def jump(self, later: Moment) -> float:
        """Seconds by which the wall clock was set between the two."""
        return abs((later.wall - self.wall) - (later.steady - self.steady))


@dataclass(frozen=True, slots=True)
class Skew:
    """``seconds`` a host's clock is ahead of this machine's, give or take ``doubt``."""

    seconds: float
    doubt: float

    @property
    def off(self) -> bool:
        """Certainly further away than two clocks may be."""
        return abs(self.seconds) - self.doubt > APART


def said(skew: Skew | None) -> str:
    """What to say of a clock that is certainly too far away; "" for one that is not, or is not known."""
    if skew is None or not skew.off:
        return ""
    where = "ahead of" if skew.seconds > 0 else "behind"
    apart = f"its clock is {apart_in_words(abs(skew.seconds))} {where} this machine's"
    return f"{apart}: {BESIDES}; set the one that is wrong (on Windows: `w32tm /resync`)"


def apart_in_words(seconds: float) -> str:
    """As coarse as it is useful: who plans twice sees the same twice."""
    for size, word in ((86400, "days"), (3600, "hours")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds / 60:.0f} minutes"


class HostClocks:
    """Thread-safe. ``wall`` gives aware times, ``steady`` seconds."""

    def __init__(
        self, wall: Callable[[], datetime] = lambda: datetime.now(UTC), steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()
        self._heard: dict[str, tuple[Moment, Skew]] = {}

    def moment(self) -> Moment:
        """Now."""
        return Moment(self._wall().timestamp(), self._steady())

    def ago(self, seconds: float) -> Moment:
        """So long before now."""
        now = self.moment()
        return Moment(now.wall - seconds, now.steady - seconds)

    def heard(self, host: str, told: float, since: Moment, *, coarse: float = 0.0) -> None:
        """``host`` had ``told`` (seconds since 1970, cut to ``coarse`` seconds) somewhen between ``since`` and now."""
        now = self.moment()
        if since.jump(now) > SET:
            return
        took = max(0.0, now.wall - since.wall, now.steady - since.steady)
        skew = Skew(told + coarse / 2 - (since.wall + now.wall) / 2, (took + coarse) / 2)
        if skew.doubt <= VAGUE:
            with self._lock:
                self._heard[host] = (now, skew)

    def skew(self, host: str) -> Skew | None:
        """What is known of one host."""
        now = self.moment()
        with self._lock:
            then, skew = self._heard.get(host, (now, None))
        return skew if then.jump(now) <= SET else None

    def skews(self) -> dict[str, Skew]:
        """What is known of each host; nothing of before this machine's clock was set."""
        now = self.moment()
        with self._lock:
            return {host: skew for host, (then, skew) in self._heard.items() if then.jump(now) <= SET}
