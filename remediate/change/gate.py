"""The gate a change goes through: policy, clocks, what it rests on, and the windows of its hosts."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from remediate.change import approving, bindings
from remediate.change.admission import Admission, Unforeseen, closed, never_fits, opens
from remediate.change.clock import SteadyClock, refuse_behind
from remediate.change.durations import Durations
from remediate.errors import GateClosed
from remediate.project import ledgers
from remediate.reports.text import one_line

if TYPE_CHECKING:
    from remediate.change.asked import Asked, Gates
    from remediate.change.work import Work
    from remediate.change_windows import Joint, Opening
    from remediate.engine.control import Control
    from remediate.ledger.store import Ledger
    from remediate.model import Json
    from remediate.planfile.model import PlannedHost
    from remediate.project.outside import Outside

NEVER = "see `remediate window next` of each; --override-window REASON goes ahead without"
LOOK = 30.0
"""Seconds after which a wait looks at the clock again: it may have been set."""


def gate_of(work: Work, ledger: Ledger, asked: Asked, outside: Outside) -> Gate:
    """The gate of a run; it lets everything in where no window is named or the window is overridden."""
    names = tuple(dict.fromkeys(name for host in work.planned for name in host.windows))
    gates = asked.gates
    needed = not (gates.override and work.begun)
    calendar = bindings.bindings_or_none(names, asked, outside, needed=needed) if names else None
    if gates.override and not names:
        outside.complain("no change window is named: --override-window changes nothing")
    return Gate(work, ledger, None if gates.override else calendar, names, gates, outside)


class Gate:
    """When a run may begin, and what it lets in."""

    def __init__(
        self,
        work: Work,
        ledger: Ledger,
        calendar: Joint | None,
        names: tuple[str, ...],
        gates: Gates,
        outside: Outside,
    ) -> None:
        self.names = names
        self._work = work
        self._ledger = ledger
        self._calendar = calendar
        self._reason = gates.override
        self._patient = gates.patient
        self._outside = outside
        self._now = SteadyClock(outside.now, time.monotonic)
        self._until = self._now() + gates.longest if gates.longest else None
        self.waited = False
        """Whether time went by since the last look at what all of this rests on."""
        durations = Durations(ledger.history)
        self.expected = {host.host: durations.of_host(host) for host in work.planned if host.outcome == "pending"}
        self.admission: Control | None = Unforeseen()
        if calendar is not None:
            self.admission = Admission(calendar, self._now, self.expected, durations, work.begun)
        elif gates.override:
            self.admission = None

    @property
    def bound(self) -> bool:
        """Whether it depends on the time of day what may be begun."""
        return self._calendar is not None

    def check(self, *, anew: bool) -> None:
        """``GateClosed`` unless it may be carried out: by the policy of this machine, and as far as clocks can tell.

        ``anew``: time has gone by, so what it rests on (a plan's time, its approvals, every file) is looked at again.
        """
        work = self._work
        if not work.plan_hash:
            approving.refuse_without_plan(work.request, work.hosts, self._outside)
        if self.bound or work.plan_hash:
            refuse_behind(self._outside.now(), self._ledger.newest())
        if anew:
            work.still()

    def note_override(self, run: str) -> None:
        """Keep why a closed window was gone through."""
        if self._reason and self.names:
            told: dict[str, Json] = {
                "reason": self._reason,
                "windows": list(self.names),
                "who": ledgers.who(self._outside),
            }
            self._ledger.note(run, "window overridden", "", told)
            self._outside.complain(f"window overridden: {one_line(self._reason)}")

    def wait_for_the_first(self, stop: threading.Event) -> None:
        """Return when any of the hosts may begin; ``GateClosed`` when none may and nobody waits."""
        if self._calendar is None or self._work.begun:
            return
        bound = [host for host in self._work.planned if host.windows]
        waiting = [host for host in bound if host.host in self.expected]
        free = len(bound) < len(self._work.planned) or not waiting
        if free or any(self._open(host.windows) for host in waiting):
            return
        if not self._patient:
            name = waiting[0].windows[0]
            opens_again = self._calendar.upcoming(name, self._now()) is not None
            hint = "--wait waits for it; see `remediate window list`" if opens_again else NEVER
            raise GateClosed(closed(self._calendar, name, self._now()), hint=hint)
        self._sleep_until_any(waiting, stop)

    def wait_for_more(self, hosts: Sequence[str], stop: threading.Event) -> bool:
        """Whether the time has come to go on with these hosts; False: nobody waits, or it would be too long."""
        if self._calendar is None or not hosts or not self._patient or stop.is_set():
            return False
        waiting = [host for host in self._work.planned if host.host in hosts and host.windows]
        try:
            self._sleep_until_any(waiting, stop)
        except GateClosed as gate:
            self._outside.complain(gate.message)
            return False
        return not stop.is_set()

    def _open(self, names: Sequence[str]) -> bool:
        now = self._now()
        return self._calendar is not None and any(self._calendar.current(name, now) for name in names)

    def _sleep_until_any(self, hosts: Sequence[PlannedHost], stop: threading.Event) -> None:
        """Until the first of the openings that are long enough for one of the hosts."""
        coming = [opening for host in hosts for opening in self._openings_for(host)]
        if self._calendar is None or not coming:
            names = ", ".join(dict.fromkeys(name for host in hosts for name in host.windows))
            raise GateClosed(f"change window {names} does not open again, or never for long enough",
                             hint=NEVER)  # fmt: skip
        first = min(coming, key=lambda opening: opening.start)
        when = opens(self._calendar, first.window, first)
        if self._until is not None and first.start > self._until:
            raise GateClosed(f"--max-wait: {first.window} is closed; {when}", hint="wait longer, or run it then")
        self._outside.complain(f"waiting for change window {first.window}; {when}")
        self._sleep_until(first.start, stop)
        self.waited = True

    def _openings_for(self, host: PlannedHost) -> list[Opening]:
        """The next opening of each of its windows that it fits into; says where there is none."""
        assert self._calendar is not None
        now, seconds, found = self._now(), self.expected.get(host.host, 0.0), []
        for name in host.windows:
            opening = self._calendar.first_for(name, seconds, now)
            if opening is not None:
                found.append(opening)
            elif never := never_fits(self._calendar, name, seconds, now):
                self._outside.complain(one_line(f"{host.host} is not waited for: {never}"))
        return found

    def _sleep_until(self, moment: datetime, stop: threading.Event) -> None:
        while not stop.is_set() and (left := (moment - self._now()).total_seconds()) > 0:
            self._outside.wait(stop, min(left, LOOK))
