"""What was handed over to be written and is not waited for: what goes wrong with it is told later, and once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from remediate.errors import LedgerLost, LockLost, RemediateError
from remediate.ledger.text import storable
from remediate.ledger.transactions import Transactions
from remediate.ledger.writing import Writing


class Handed:
    """For several threads at once."""

    def __init__(self, work: Transactions) -> None:
        self._work = work
        self._door = threading.Lock()
        self._any = False
        self._locks: dict[tuple[str, str], LockLost] = {}
        self._other: BaseException | None = None

    def over(
        self,
        work: Callable[[Writing], Any],
        run: str,
        host: str,
        failed: Callable[[], None] = lambda: None,
        *,
        looks_at_lock: bool = False,
    ) -> None:
        """Have it written. ``failed`` is called, in another thread, where it was not."""
        about = (run, storable(host)) if looks_at_lock else None
        with self._door:
            self._any = True
        self._work.hand_over(work, about, partial(self._failed, run, host, failed))

    def raise_untold(self, run: str, host: str) -> None:
        """What went wrong: with the lock of this host, or with anything."""
        with self._door:
            untold, self._other = self._other, None
            lost = self._locks.get((run, host))
        if untold is not None:
            raise untold
        if lost is not None:
            raise lost

    def settled(self, run: str) -> Mapping[str, LockLost]:
        """Waits for all of it; the hosts of a run whose locks were lost meanwhile."""
        with self._door:
            wanted, self._any = self._any, False
        if wanted:
            with suppress(RemediateError):  # `lost` has it
                self._work.write(lambda _: None)  # comes after all of it
        with self._door:
            return {host: lost for (of, host), lost in self._locks.items() if of == run}

    def _failed(self, run: str, host: str, failed: Callable[[], None], error: BaseException) -> None:
        failed()
        with self._door:
            if isinstance(error, LockLost):
                self._locks[run, host] = LockLost(error.message, hint=error.hint)
            elif self._other is None or isinstance(error, LedgerLost):
                self._other = error
