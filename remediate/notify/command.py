"""Commands as hooks: the occasion as JSON on standard input, a bounded time, a bounded output, no shell."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from remediate.notify.model import Hook, Occasion
from remediate.notify.trouble import HookFailed, line
from remediate.notify.webhook import body

TAIL = 4096
"""Bytes at the end of its output that may be quoted."""


def run(hook: Hook, occasion: Occasion, environ: Mapping[str, str], folder: Path) -> None:
    """``HookFailed`` when it does not end with 0 within ``hook.timeout`` seconds; its children end with it."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        told.write(body(occasion))
        told.seek(0)
        try:
            child = subprocess.Popen(  # noqa: S603 - the administrator's own command, no shell
                hook.command,
                cwd=folder,
                env=dict(environ),
                stdin=told,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise HookFailed(f"{hook.command[0]} cannot be started: {error.strerror}") from None
        try:
            code = child.wait(hook.timeout)
        except subprocess.TimeoutExpired:
            raise HookFailed(f"{hook.command[0]} did not end within {hook.timeout:g} s") from None
        finally:
            _end(child)
        if code:
            raise HookFailed(f"{hook.command[0]} ended with {code}: {_tail(said.fileno())}")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Whatever of its session still runs."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _tail(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, TAIL, max(0, size - TAIL)).decode("utf-8", "replace").strip()
    return line(tail.splitlines()[-1]) if tail else "it said nothing"
