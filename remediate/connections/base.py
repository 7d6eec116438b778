"""The seam to a host: what every road in must be able to do, whatever wire it uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from remediate.model import Json, Output, State

T = TypeVar("T")
Say = Callable[[str, float, float, str], None]
"""Progress: text, done, total, unit."""


class JobPhase(StrEnum):
    """Where a detached job is. LOST: its process is gone and it left no exit code."""

    ABSENT = "absent"
    RUNNING = "running"
    FINISHED = "finished"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A program started on the host that lives without the connection."""

    name: str
    phase: JobPhase
    exit_code: int | None = None
    started: str = ""
    """UTC, ISO 8601, by the host's clock."""
    adopted: bool = False
    """True when ``detach`` found it there already and started nothing."""
    folder: str = ""
    details: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """How a session gets to its host, in words for a person."""

    name: str
    """``ssh``, ``winrm``, ``psrp``, and what is special about it: ``winrm over http, sealed``."""
    auth: str = ""
    """What it logged in with: ``password``, ``key ...``, ``NTLM``; "" before it has connected."""
    server: str = ""
    """What the other end calls itself, where it says so."""


@runtime_checkable
class Bounded(Protocol):
    """A session whose work can be given an end: every use and wait behind it raises ``OutOfTime``."""

    def bound(self, seconds: float) -> None:
        """From now on."""

    def unbound(self) -> None:
        """As long as it takes."""


class Session(Protocol):
    """A live, replaceable way to act on one host.

    Every method raises ``Unreachable`` when the host cannot be had within its limits (after its own reconnects) and
    ``RemoteFailed`` when the host answered that the work failed. Paths are the host's own (``C:\\...``); ``%VAR%`` in a
    path is expanded on the host. Times are seconds.
    """

    @property
    def host(self) -> str:
        """Inventory name."""

    @property
    def folder(self) -> str:
        """The toolkit's own folder on the host, created on first write."""

    @property
    def road(self) -> Road:
        """How it gets there; complete once it has connected."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is worth reporting of this road: fallbacks used, legacy algorithms."""

    @property
    def executions(self) -> int:
        """Remote executions so far."""

    def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        """Run one command line through the host's ``cmd.exe``. A non-zero exit code is not an error."""

    def call(self, module: str, function: str, args: Mapping[str, Json], *, timeout: float = 120.0) -> State:
        """Run ``function(args)`` of ``<module>.js`` on the host's script host; its JSON object back.

        Only for functions that are safe to repeat: a call cut off by a lost connection is made again.
        """

    def put(self, local: Path, remote: str, *, sha256: str = "") -> None:
        """Copy a file to the host; whole or not at all (a temporary name, then a rename).

        ``sha256``: what the local file has to be. ``Failed`` when it is another, or changes on the way.
        """

    def get(self, remote: str, *, limit: int = 1_000_000) -> bytes:
        """The last ``limit`` bytes of a file on the host."""

    def hash(self, remote: str) -> str:
        """SHA-256 of a file on the host, lower-case hex."""

    def detach(self, name: str, command: str, *, guard: Mapping[str, Json], record: Mapping[str, Json]) -> Job:
        """Start ``command`` as job ``name`` unless it is there already; atomic on the host.

        ``guard`` is checked on the host right before the start, in the same execution (see ``jobs.js``); ``record`` is
        kept in the job's folder. Safe to repeat: a second call adopts.
        """

    def poll(self, name: str) -> Job:
        """Where job ``name`` is now."""

    def cancel(self, name: str) -> Job:
        """End the job's process tree; its folder stays as evidence."""

    def say(self, text: str, done: float = 0.0, total: float = 0.0, unit: str = "") -> None:
        """Report progress to whoever watches."""

    def now(self) -> float:
        """The controller's monotonic clock, in seconds."""

    def wait(self, seconds: float) -> None:
        """Sleep; cut short with ``Interrupted`` when the run is being stopped."""

    def reconnect(self) -> None:
        """Drop the wire; the next use connects anew."""

    def close(self) -> None: ...


def wait_until(
    session: Session, look: Callable[[], T | None], *, timeout: float, text: str, longest: float = 10.0
) -> T | None:
    """What ``look`` finds, or None when one that began after ``timeout`` seconds found nothing; ``text`` says what for.

    Looks ever less often. A look takes its own time: what it did not see at its begin may be there at its end.
    """
    begin, pause = session.now(), 1.0
    while True:
        passed = session.now() - begin
        found = look()
        if found is not None:
            return found
        if passed >= timeout:
            return None
        session.say(text, passed, timeout, "seconds")
        session.wait(min(pause, longest, timeout - passed))
        pause *= 1.5
