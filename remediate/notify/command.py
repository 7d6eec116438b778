"""Commands as hooks: the occasion as JSON on standard input, a bounded time, a bounded output, no shell."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from remediate.notify.trouble import HookFailed, OutOfTime, line

TAIL = 4096
"""Bytes at the end of its output that are kept; the rest is read and dropped, so that it never waits for us."""
STEP = 0.02
"""Seconds between two looks at whether it has ended."""
CHUNK = 65536


def run(
    argv: Sequence[str],
    content: bytes,
    environ: Mapping[str, str],
    folder: Path,
    deadline: float,
    stop: threading.Event,
) -> None:
    """``HookFailed`` when it does not end with 0 before ``deadline`` (``time.monotonic``) or ``stop``.

    Everything it started that is still in its process group ends with it, also when all went well.
    """
    try:
        child = subprocess.Popen(  # noqa: S603 - the administrator's own command, no shell
            argv,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        hint = " (is it executable?)" if isinstance(error, PermissionError) else ""
        raise HookFailed(f"{argv[0]} cannot be started: {error.strerror}{hint}") from None
    talk = _Talk(child, content)
    try:
        in_time = talk.until_it_ends(deadline, stop)
    finally:
        _end(child)
        talk.close()
    if not in_time:
        raise OutOfTime(f"{argv[0]} did not end")
    if child.returncode:
        raise HookFailed(f"{argv[0]} {_how(child.returncode)}: {talk.last_line()}")


class _Talk:
    """Feeds a process and listens to it, never waiting for either."""

    def __init__(self, child: subprocess.Popen[bytes], content: bytes) -> None:
        self._child = child
        self._left = memoryview(content)
        self._tail = b""
        self._ready = selectors.DefaultSelector()
        for pipe, side in ((child.stdin, selectors.EVENT_WRITE), (child.stdout, selectors.EVENT_READ)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._ready.register(pipe.fileno(), side)

    def until_it_ends(self, deadline: float, stop: threading.Event) -> bool:
        """Whether it ended before the deadline. Its children may hold the pipes open: they are not waited for."""
        while not _has_ended(self._child):
            if stop.is_set() or time.monotonic() >= deadline:
                return False
            if not self._pump(STEP):
                time.sleep(STEP)
        self._drain()
        return True

    def _pump(self, seconds: float) -> bool:
        """Move what can be moved; False when both pipes are done with."""
        if not self._ready.get_map():
            return False
        for key, events in self._ready.select(seconds):
            if events & selectors.EVENT_WRITE:
                self._feed(key.fd)
            else:
                self._listen(key.fd)
        return True

    def _feed(self, descriptor: int) -> None:
        try:
            self._left = self._left[os.write(descriptor, self._left[:CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # it does not want to read on
            self._left = self._left[:0]
        if not self._left:
            self._ready.unregister(descriptor)
            if self._child.stdin is not None:
                self._child.stdin.close()

    def _listen(self, descriptor: int) -> bool:
        """Whether there was something to read."""
        try:
            chunk = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._ready.unregister(descriptor)
        self._tail = (self._tail + chunk)[-TAIL:]
        return bool(chunk)

    def _drain(self) -> None:
        """What the ended process left in the pipe, and no more: a child of its own may go on writing for ever."""
        output = self._child.stdout
        for _ in range(1 + (1 << 20) // CHUNK):  # the largest pipe Linux gives an ordinary user
            if output is None or output.fileno() not in self._ready.get_map() or not self._listen(output.fileno()):
                return

    def close(self) -> None:
        self._ready.close()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def last_line(self) -> str:
        cut = "..." if len(self._tail) == TAIL else ""
        said = cut + self._tail.decode("utf-8", "replace").strip()
        return line(said.splitlines()[-1]) if said else "it said nothing"


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    """Without taking note of its end where that can be had: until then its number is not given to another process."""
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return child.poll() is not None


def _end(child: subprocess.Popen[bytes]) -> None:
    """Whatever of its process group still runs."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _how(code: int) -> str:
    if code > 0:
        return f"ended with {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
