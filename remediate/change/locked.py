"""Hosts that another run holds: they are not contacted, and the table says who holds them."""

from __future__ import annotations

from collections.abc import Mapping

from remediate.engine.control import Control
from remediate.errors import Blocked
from remediate.ledger.rows import Lock


class Locked(Control):
    """``held``: who holds which host."""

    def __init__(self, held: Mapping[str, Lock]) -> None:
        self._held = held

    def enter(self, host: str, window: str) -> None:
        lock = self._held.get(host)
        if lock is not None:
            bound = f"; its window is {window}" if window else ""
            raise Blocked(
                f"{lock.sentence()}{bound}",
                f"let it end; if nobody works there any more: remediate runs unlock {host} --reason TEXT",
            )
