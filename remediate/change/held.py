"""Proves, before anything leaves for a host, that this run holds its lock still."""

from __future__ import annotations

from collections.abc import Callable

from remediate.engine.control import Control, Intent
from remediate.errors import Blocked, Failed, LedgerLost, LockLost

FRESH = 1.0
"""Seconds for which a proof is good enough to start something on it."""
KNOWN = 20.0
"""Seconds for which it is good enough to look after what was started: less than anybody waits to take a lock over."""


class Held(Control):
    """``prove_lock(host)`` asks the ledger and raises ``LockLost`` or ``LedgerLost``; ``monotonic`` gives seconds.

    Comes before the one that writes down what is permitted: that write, begun later than the time noted here, is a
    proof too.
    """

    def __init__(self, prove_lock: Callable[[str], None], monotonic: Callable[[], float]) -> None:
        self._ask = prove_lock
        self._monotonic = monotonic
        self._proved: dict[str, float] = {}

    def permit(self, intent: Intent) -> None:
        if intent.changes:
            self._proved[intent.step.on] = self._monotonic()

    def prove(self, intent: Intent, *, deed: bool) -> None:
        host = intent.step.on
        asked = self._monotonic()
        if asked - self._proved.get(host, asked - KNOWN - 1) <= (FRESH if deed else KNOWN):
            return
        try:
            self._ask(host)
        except LockLost as lost:
            if deed:
                raise Blocked(lost.message, lost.hint) from None
            raise Failed(
                f"{lost.message}; what was started goes on, and is left to that run", remedy=lost.hint
            ) from None
        except LedgerLost as lost:
            if deed:
                raise Blocked(f"not begun: {lost.message}", lost.hint) from None
            return  # a host is looked after without the ledger rather than not at all
        self._proved[host] = asked
