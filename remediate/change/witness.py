"""The hosts' clocks as witnesses: whether this machine's own one may say which windows are open and what is valid.

One clock that is wrong is common: a board with a dead battery, a server that was restored. It is warned of, and stops
nobody. But where as many hosts agree with each other on another time as agree with this machine, itself counted,
nobody can tell what time it is, and nothing that hangs on it is begun.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from remediate.connections.clocks import APART, HostClocks, Skew, apart_in_words
from remediate.engine.control import Control, Intent
from remediate.errors import Deferred

MOST = 5
"""Hosts that are named."""
REMEDY = (
    "see which clock is wrong, and set it (here, or on Windows: `w32tm /resync`); then go on with `remediate resume`"
)


@dataclass(frozen=True, slots=True)
class Dispute:
    """``against``: most of the hosts that have the same time, another one than this machine: by ``seconds``."""

    against: frozenset[str]
    off: frozenset[str]
    """All that have another time than this machine."""
    seconds: float
    agreeing: int
    """Hosts that have the time of this machine."""

    def concerns(self, host: str) -> bool:
        """One host alone speaks for itself only."""
        return len(self.against) > 1 or host in self.off

    def __str__(self) -> str:
        names = sorted(self.against)
        more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
        where = "behind" if self.seconds > 0 else "ahead of"
        agree = f"{self.agreeing} of the hosts asked so far" if self.agreeing else "none of the hosts asked so far"
        return (
            f"the clock of this machine is {apart_in_words(abs(self.seconds))} {where} that of "
            f"{', '.join(names[:MOST])}{more}, and agrees with {agree}: whether a window is open, or a plan valid, "
            "cannot be told"
        )


def dispute(skews: Mapping[str, Skew]) -> Dispute | None:
    """Whether what hosts say puts this machine's clock in doubt; None: it does not."""
    off = {host: skew.seconds for host, skew in skews.items() if skew.off}
    agreeing = len(skews) - len(off)
    against = _most_agreeing(off)
    if not against or len(against) < 1 + agreeing:
        return None
    apart = sorted(off[host] for host in against)
    return Dispute(frozenset(against), frozenset(off), apart[len(apart) // 2], agreeing)


def _most_agreeing(off: Mapping[str, float]) -> list[str]:
    """The largest group of hosts with the same time."""
    ordered = sorted(off, key=lambda host: (off[host], host))
    best: list[str] = []
    begin = 0
    for end, host in enumerate(ordered):
        while off[host] - off[ordered[begin]] > APART:
            begin += 1
        if end + 1 - begin > len(best):
            best = ordered[begin : end + 1]
    return best


class Witnesses(Control):
    """Puts off every host that is bound to a window, or any host of a ``plan``, while the time is in dispute.

    ``begun``: hosts something was changed on already, kept up to date by others: those are finished.
    """

    def __init__(self, clocks: HostClocks, begun: Set[str], *, bound: bool, plan: bool) -> None:
        self._clocks = clocks
        self._begun = begun
        self._windows = bound
        self._plan = plan
        self._bound: set[str] = set()
        self._first: set[str] = set()
        self._lock = threading.Lock()
        self._heard: dict[str, int] = {}
        """How many hosts had been asked when one was put off, of those that were put off once."""
        self._retried: set[str] = set()
        self.put_off: set[str] = set()
        """Hosts that were put off last time; no window is worth waiting for then."""

    def enter(self, host: str, window: str) -> None:
        if self._plan or (window and self._windows):
            self._bound.add(host)

    def permit(self, intent: Intent) -> None:
        host = intent.step.on
        if intent.changes and host in self._bound and host not in self._begun:
            self._ask(host)
            self._first.add(host)

    def prove(self, intent: Intent, *, deed: bool) -> None:
        host = intent.step.on
        if deed and host in self._first:
            self._ask(host)

    def left(self, intent: Intent) -> None:
        self._first.discard(intent.step.on)

    def _ask(self, host: str) -> None:
        skews = self._clocks.skews()
        found = dispute(skews)
        with self._lock:
            if found is None or not found.concerns(host):
                self.put_off.discard(host)
                return
            self.put_off.add(host)
            self._heard.setdefault(host, len(skews))
        raise Deferred(str(found), hint=REMEDY)

    def again(self, hosts: Iterable[str]) -> frozenset[str]:
        """Those of ``hosts`` that were put off when fewer had been asked, and would not be now; each once."""
        skews = self._clocks.skews()
        found = dispute(skews)
        with self._lock:
            early = {host for host in hosts if host in self.put_off - self._retried and self._heard[host] < len(skews)}
            cleared = frozenset(host for host in early if found is None or not found.concerns(host))
            self._retried |= cleared
        return cleared
