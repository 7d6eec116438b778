"""Change windows for a run: which file, which windows, when to begin, whom to let in."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from remediate.change.admission import Admission, Unforeseen, closed, never_fits, opens
from remediate.change.clock import SteadyClock
from remediate.change.durations import Durations
from remediate.commands import ledgers, planning, running
from remediate.commands import options as common
from remediate.commands.project import Project
from remediate.errors import GateClosed, Interrupted, UserError
from remediate.model import Mode
from remediate.reports.text import one_line

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from remediate.change_windows import Calendar, Joint, Opening
    from remediate.commands.change import Work
    from remediate.commands.outside import Outside
    from remediate.commands.parser import Parser
    from remediate.engine.control import Control
    from remediate.engine.run import RunRequest
    from remediate.ledger.store import Ledger
    from remediate.model import Json
    from remediate.planfile.model import PlannedHost

NEVER = "see `remediate window next` of each; --override-window REASON goes ahead without"
LOOK = 30.0
"""Seconds after which a wait looks at the clock again: it may have been set."""


def options(page: Parser) -> None:
    """What run, apply and resume know about windows."""
    group = page.add_argument_group("change windows (variable change_window; see `remediate window list`)")
    group.add_argument(
        "--windows", default="", metavar="FILE", help="the windows (default windows.yml by the inventory)"
    )
    group.add_argument("--wait", action="store_true", help="wait until the windows open, for every host")
    group.add_argument("--max-wait", default="", metavar="TIME", help="wait no longer than this in all, as in 12h")
    group.add_argument(
        "--override-window", default=None, metavar="REASON", help="go ahead outside the window; the reason is kept"
    )


def wanted(options: argparse.Namespace) -> tuple[str, timedelta | None]:
    """Reason of an override and longest wait; ``UserError`` for what makes no sense, before anything is looked at."""
    reason = (options.override_window or "").strip()
    if options.override_window is not None and not reason:
        raise UserError("--override-window needs a reason", hint="it is kept in the ledger, and stands in the report")
    longest = common.period(options.max_wait, "--max-wait") if options.max_wait else None
    if longest and not options.wait:
        raise UserError("--max-wait is for --wait", hint="add --wait")
    return reason, longest


def foreseen(request: RunRequest, outside: Outside) -> tuple[PlannedHost, ...]:
    """What a run would do, where any of its hosts is bound to a window: only then is it known what fits.

    Raises ``Interrupted`` when Ctrl-C ends the looking.
    """
    from remediate.engine.run import windows

    if not windows(request):
        return ()
    outside.complain("planning first, to know what fits into the change windows")
    gatherer, seen = planning.gather(running.again(request, Mode.CHECK), (), outside)
    if seen.interrupted:
        raise Interrupted("interrupted while planning; nothing was begun")
    return gatherer.hosts()


def gate(work: Work, ledger: Ledger, options: argparse.Namespace, outside: Outside) -> Gate:
    """The gate of a run; it lets everything in where no window is named or the window is overridden."""
    names = tuple(dict.fromkeys(name for host in work.planned for name in host.windows))
    reason, longest = wanted(options)
    calendar = _bindings(names, options, outside, needed=not (reason and work.begun)) if names else None
    if reason and not names:
        outside.complain("no change window is named: --override-window changes nothing")
    return Gate(work, ledger, None if reason else calendar, names, reason, longest, options.wait, outside)


def calendar_of(options: argparse.Namespace, outside: Outside) -> Calendar:
    """The calendar in use; ``UserError`` where there is none."""
    from remediate.change_windows import load
    from remediate.commands.windowfile import find

    path: Path = find(options, Project.around(outside.folder, outside.files), outside)
    return load(path)


def bindings_of(names: Iterable[str], options: argparse.Namespace, outside: Outside) -> Joint:
    """What hosts are bound to, every name of it known. ``UserError`` for one that is not.

    Another file than the one in use (``--windows``) can close a window it knows, and open none.
    """
    from remediate.change_windows import Joint, load
    from remediate.commands.windowfile import find, usual

    project = Project.around(outside.folder)
    files = [find(options, project, outside)]
    other = usual(options, project, outside)
    if other is not None and other.resolve() != files[0].resolve():
        files.append(other)
    joint = Joint([load(file) for file in files])
    for name in names:
        joint.refuse_unknown(name)
    return joint


def refuse_unknown(request: RunRequest, options: argparse.Namespace, outside: Outside) -> Joint | None:
    """The bindings of a request, where it has any; ``UserError`` for a window that is not there."""
    from remediate.engine.run import windows

    names = dict.fromkeys(name for found in windows(request).values() for name in found)
    return bindings_of(names, options, outside) if names else None


def _bindings(names: Iterable[str], options: argparse.Namespace, outside: Outside, *, needed: bool) -> Joint | None:
    """See ``bindings_of``; where it is not ``needed``, for what was begun is finished, a mistake in them is told."""
    try:
        return bindings_of(names, options, outside)
    except UserError as error:
        if needed:
            raise
        outside.complain(f"the windows are not looked at: {error}")
        return None


def never(hosts: Iterable[PlannedHost], bindings: Joint | None, now: datetime) -> Iterator[str]:
    """Sentences about hosts that no opening of their windows is long enough for."""
    durations = Durations()
    for host in hosts:
        seconds = durations.of_host(host)
        for name in host.windows if bindings is not None and host.outcome == "pending" else ():
            if bindings is not None and (why := never_fits(bindings, name, seconds, now)):
                yield one_line(f"{host.host} will never be begun: it takes {seconds / 60:.0f} min, and {why}")


class Gate:
    """When a run may begin, and what it lets in."""

    def __init__(
        self,
        work: Work,
        ledger: Ledger,
        calendar: Joint | None,
        names: tuple[str, ...],
        reason: str,
        longest: timedelta | None,
        patient: bool,
        outside: Outside,
    ) -> None:
        self.names = names
        self._work = work
        self._ledger = ledger
        self._calendar = calendar
        self._reason = reason
        self._patient = patient
        self._outside = outside
        self._now = SteadyClock(outside.now, time.monotonic)
        self._until = self._now() + longest if longest else None
        self.waited = False
        """Whether time went by since the last look at what all of this rests on."""
        durations = Durations(ledger.history)
        self.expected = {host.host: durations.of_host(host) for host in work.planned if host.outcome == "pending"}
        self.admission: Control | None = Unforeseen()
        if calendar is not None:
            self.admission = Admission(calendar, self._now, self.expected, durations, work.begun)
        elif reason:
            self.admission = None

    @property
    def bound(self) -> bool:
        """Whether it depends on the time of day what may be begun."""
        return self._calendar is not None

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
