"""What a command sees of the world: its streams, the environment, the folder it was started in."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO, cast

from remediate.errors import UserError
from remediate.language.files import Files
from remediate.secrets.known import Known

POLICY = Path("/etc/remediate")


def utc_now() -> datetime:
    """The time it is."""
    return datetime.now(UTC)


def wait(stop: threading.Event, seconds: float) -> None:
    """Wait in real time."""
    stop.wait(seconds)


class Pipe(io.TextIOBase):
    """A text stream that goes quiet when nobody is there to hear it: a run must not end half-way because of ``| head``,
    a terminal that went away or a full disk."""

    def __init__(self, stream: TextIO, *, absent: bool = False) -> None:
        """``absent``: there was none when the process began."""
        self._stream = stream
        self._absent = absent
        self.deserted = False
        self.trouble = ""
        """Why it is lost, where that is more than a reader who had enough."""

    @property
    def lost(self) -> str:
        """Why nobody reads it any more; "" while somebody may."""
        if self._absent:
            return "it was closed when this program began"
        return self.trouble or ("its reader has gone" if self.deserted else "")

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding or "utf-8"

    def write(self, text: str, /) -> int:
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self._stream.flush)

    def _try(self, deed: Callable[[], object]) -> None:
        if self.deserted:
            return
        try:
            deed()
        except (OSError, ValueError) as error:  # ValueError: it was closed
            if not isinstance(error, BrokenPipeError):
                self.trouble = (error.strerror if isinstance(error, OSError) else "") or str(error)
            self._desert()

    def _desert(self) -> None:
        """Write no more, and give the interpreter nothing to complain about when it closes the stream."""
        self.deserted = True
        with suppress(OSError, ValueError):
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


def _open_all() -> None:
    """Standard streams that were closed lead nowhere: no file opened later may be taken for one of them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


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
    files: Files = field(default_factory=Files)
    """What the files of the project are read with: each once for a command."""

    @classmethod
    def of_this_process(cls) -> Outside:
        """The real streams; characters a terminal cannot show are escaped instead of ending the program."""
        _open_all()
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        return cls(
            stdin=sys.stdin or io.StringIO(),
            stdout=cast("TextIO", Pipe(sys.stdout or _nowhere(), absent=sys.stdout is None)),
            stderr=cast("TextIO", Pipe(sys.stderr or _nowhere(), absent=sys.stderr is None)),
            environ=os.environ,
            folder=Path.cwd(),
        )

    @property
    def lost(self) -> str:
        """Why standard output is lost, if it is."""
        return self.stdout.trouble if isinstance(self.stdout, Pipe) else ""

    @property
    def streams(self) -> Mapping[str, Callable[[], str]]:
        """Says why standard output or error is lost, "" while it is not."""
        both = (("standard output", self.stdout), ("standard error", self.stderr))
        return {name: partial(_lost, stream) for name, stream in both}

    def print(self, text: str = "") -> None:
        """One text and a line end to standard output."""
        self.stdout.write(self._masked(text) + "\n")
        self.stdout.flush()

    def complain(self, text: str) -> None:
        """One text and a line end to standard error."""
        self.stderr.write(self._masked(text) + "\n")
        self.stderr.flush()

    def password(self) -> str:
        """A password: asked for at a terminal, else the first line of standard input."""
        if self.stdin.isatty():
            import getpass

            return getpass.getpass("SSH password: ")
        line = self.stdin.readline()
        if not line:
            raise UserError("--ask-pass: there is no terminal to ask at and standard input is empty")
        return line.rstrip("\r\n")

    def _masked(self, text: str) -> str:
        if not self.secrets.size():
            return text
        from remediate.reports.redact import Redactor

        return Redactor(self.secrets).printed(text)


def _lost(stream: TextIO) -> str:
    return stream.lost if isinstance(stream, Pipe) else ""
