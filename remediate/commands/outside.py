"""What a command sees of the world: its streams, the environment, the folder it was started in."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, cast

from remediate.secrets.known import Known

POLICY = Path("/etc/remediate")


def utc_now() -> datetime:
    """The time it is."""
    return datetime.now(UTC)


def wait(stop: threading.Event, seconds: float) -> None:
    """Wait in real time."""
    stop.wait(seconds)


class Pipe(io.TextIOBase):
    """A text stream that goes quiet when its reader has left: a run must not die half-way because of ``| head``."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.deserted = False

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding or "utf-8"

    def write(self, text: str, /) -> int:
        if not self.deserted:
            try:
                self._stream.write(text)
            except BrokenPipeError:
                self._desert()
        return len(text)

    def flush(self) -> None:
        if not self.deserted:
            try:
                self._stream.flush()
            except BrokenPipeError:
                self._desert()

    def _desert(self) -> None:
        """Write no more, and give the interpreter nothing to complain about when it closes the stream."""
        self.deserted = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Account:
    """Whose process this is, as the operating system has it; no variable of the environment makes it another one."""

    uid: int
    name: str

    @classmethod
    def of_this_process(cls) -> Account:
        """By its effective number; -1 where accounts have none."""
        if sys.platform == "win32":
            return cls(-1, os.environ.get("USERNAME") or "unknown")
        import pwd

        uid = os.geteuid()
        try:
            return cls(uid, pwd.getpwuid(uid).pw_name)
        except KeyError:
            return cls(uid, f"user {uid}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Everything a command takes from its process; tests hand in their own."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    folder: Path
    """The working folder: relative paths on the command line start here."""
    now: Callable[[], datetime] = field(default=utc_now)
    """The wall clock: aware, UTC."""
    wait: Callable[[threading.Event, float], None] = field(default=wait)
    """Waits until the event is set or that many seconds of ``now`` have gone by."""
    account: Account = field(default_factory=Account.of_this_process)
    policy: Path = POLICY
    """The folder of policy.toml and allowed_signers. One place for each machine, which no project, option or
    variable can change: whoever plans must not choose who approves."""
    secrets: Known = field(default_factory=Known)
    """What nobody may see; every line written here goes past it."""

    @classmethod
    def of_this_process(cls) -> Outside:
        """The real streams; characters a terminal cannot show are escaped instead of ending the program."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return cls(
            stdin=sys.stdin,
            stdout=cast("TextIO", Pipe(sys.stdout)),
            stderr=cast("TextIO", Pipe(sys.stderr)),
            environ=os.environ,
            folder=Path.cwd(),
        )

    def print(self, text: str = "") -> None:
        """One text and a line end to standard output."""
        self.stdout.write(self._masked(text) + "\n")
        self.stdout.flush()

    def complain(self, text: str) -> None:
        """One text and a line end to standard error."""
        self.stderr.write(self._masked(text) + "\n")
        self.stderr.flush()

    def _masked(self, text: str) -> str:
        if not self.secrets.size():
            return text
        from remediate.reports.redact import Redactor

        return Redactor(self.secrets).printed(text)
