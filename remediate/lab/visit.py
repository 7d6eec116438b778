"""What every road into a lab host shares: executions, the moments at which lines are cut, and a host that is away."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from remediate.lab import installation
from remediate.lab.errors import LabError
from remediate.lab.faults import Moment

if TYPE_CHECKING:
    from remediate.lab.drops import Drops
    from remediate.lab.machine import Machine

WATCH = 0.05
"""Seconds between two looks of a connection that is to be cut at a moment of the installer's."""

log = logging.getLogger(__name__)


class Line(Protocol):
    """A connection somebody has to a host."""

    def cut(self) -> None:
        """End it without a word, as a lost network does."""
        ...


class Visited(Protocol):
    """A served host, as far as visits go."""

    machine: Machine
    drops: Drops
    logons: int
    executions: int
    started_seen: int
    end_seen: bool

    @property
    def save(self) -> Callable[[], None]: ...


class Visit:
    """One line, or all of one road, into a host."""

    def __init__(self, host: Visited) -> None:
        self.machine = host.machine
        self.drops = host.drops
        self._visited = host

    def cut(self) -> None:
        raise NotImplementedError

    def save(self) -> None:
        self._visited.save()

    def away(self) -> bool:
        """Whether the host is down for a restart; the connection is lost then."""
        with self.machine.lock:
            self.machine.advance()
            down = self.machine.down
        if down:
            self.save()
            self.cut()
        return down

    def watched(self) -> bool:
        """Whether a moment of the installer's is still to come."""
        return self.drops.pending(Moment.AFTER_START) or self.drops.pending(Moment.SERVICE_RESTART)

    def watch(self) -> None:
        """Cut when such a moment has come; to be called every ``WATCH`` seconds.

        A look that comes when the moment is over cuts all the same: whoever was connected then would have felt it.
        """
        if not self.watched():
            return
        with self.machine.lock:
            self.machine.advance()
            begun = installation.started(self.machine) > self._visited.started_seen
            down = installation.took_services_down(self.machine)
        if (begun and self.drops.strike(Moment.AFTER_START)) or (down and self.drops.strike(Moment.SERVICE_RESTART)):
            self.save()
            self.cut()

    def cut_before(self) -> bool:
        """Whether the line is cut instead of beginning an execution; then it is."""
        struck = self._visited.end_seen and self.drops.strike(Moment.BEFORE_VERIFICATION)
        if struck:
            self.save()
            self.cut()
        return struck

    def _cut_after(self, *, busy: bool) -> bool:
        """Whether the answer of an execution is lost; ``busy``: an installer was active when it began."""
        with self.machine.lock:
            self.machine.advance()
            count = installation.started(self.machine)
            active = installation.phase(self.machine) is not None
            down = installation.took_services_down(self.machine)
        begun, self._visited.started_seen = count > self._visited.started_seen, count
        self._visited.end_seen = count > 0 and not active
        if (begun and self.drops.strike(Moment.AFTER_START)) or (down and self.drops.strike(Moment.SERVICE_RESTART)):
            return True
        return busy and active and self.drops.strike(Moment.POLLING)

    def carry_out(self, line: str, work: Callable[[], tuple[bytes, bytes, int]]) -> tuple[bytes, bytes, int]:
        """One execution: ``work`` does it. What it changed is saved; the line may be cut before its answer is told."""
        with self.machine.lock:
            self.machine.advance()
            busy = installation.phase(self.machine) is not None
        self._visited.executions += 1
        try:
            answer = work()
        except LabError as error:
            self.machine.refuse(f"{line}: {error}")
            answer = (b"", f"{error.text}\r\n".encode(), 1)
        except (EOFError, OSError):  # the client is gone, and with it the input a program was reading
            self.save()
            raise
        except Exception as error:  # the host must answer, and the defect of the lab must show
            log.exception("%s: %r", self.machine.name, line)
            self.machine.refuse(f"{line}: the lab itself failed: {error!r}")
            answer = (b"", f"the lab itself failed: {error!r}\r\n".encode(), 255)
        lost = self._cut_after(busy=busy) or self.machine.down
        self.save()
        if lost:
            self.cut()
        return answer

    def logged_on(self, username: str) -> None:
        """Count a log-on, and record it as Windows does."""
        self._visited.logons += 1
        text = f"Successful Network Logon: User Name: {username}"
        with self.machine.lock:
            event = 540 if self.machine.os.release == "2003" else 528
            self.machine.eventlog.add("Security", "Security", event, "Audit Success", text)
