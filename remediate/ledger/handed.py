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
        self._gone: LedgerLost | None = None
        self._faults: dict[tuple[str, str], Exception] = {}
        """What was wrong with entries that failed alone."""
        self._told: set[tuple[str, str]] = set()
        """Those of whose entries that was said: what must always be done on such a host is written again."""

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
        """What went wrong: with the ledger, with the lock of this host, or with an entry of it."""
        with self._door:
            gone, self._gone = self._gone, None
            fault = None if (run, host) in self._told else self._faults.get((run, host))
            self._told |= {(run, host)} if fault else set()
            wrong = gone or self._locks.get((run, host)) or fault
        if wrong is not None:
            raise wrong

    def settled(self, run: str) -> Mapping[str, Exception]:
        """Waits for all of it; the hosts of a run of which something was not written, and why."""
        with self._door:
            wanted, self._any = self._any, False
        if wanted:
            with suppress(RemediateError):  # `lost` has it
                self._work.write(lambda _: None)  # comes after all of it
        with self._door:
            return {host: wrong for (of, host), wrong in (self._faults | self._locks).items() if of == run}

    def _failed(self, run: str, host: str, failed: Callable[[], None], error: BaseException) -> None:
        failed()
        with self._door:
            if isinstance(error, LockLost):
                self._locks[run, host] = LockLost(error.message, hint=error.hint)
            elif isinstance(error, LedgerLost):
                self._gone = error
            elif isinstance(error, Exception):
                self._faults.setdefault((run, host), error)
