"""Ctrl-C: once finishes the steps under way, twice leaves now, a third time at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

GRACE = 15.0
"""Seconds the second Ctrl-C leaves for reading the hosts once more and closing connections."""
SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")
    if hasattr(signal, name)  # Windows has no SIGHUP
)
"""A terminal that goes away (SIGHUP) stops a run as a person does: what was begun is brought to its end."""

FIRST = (
    "\nstopping: the steps under way are finished, and what must always be done after them is done, too; nothing else\n"
    "is begun. Ctrl-C again stops now\n"
)
SECOND = (
    "\nstopping now: installers already started on hosts go on, the next run finds them; how the hosts are left is\n"
    "read once more, which a third Ctrl-C leaves out\n"
)
THIRD = "\nleft at once; go on with: remediate resume last\n"
"""The newest run of this account and project is the one that is left."""


def leave() -> None:
    """End the process without waiting for threads that wait for hosts."""
    os._exit(130)


def like_ctrl_c() -> None:
    """From now on whatever stops this process raises KeyboardInterrupt, where nothing else is said for a while."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler)


def end_with(code: int) -> None:
    """All is said and done: a signal that comes while the process ends is no other end."""
    with suppress(OSError, ValueError, AttributeError):  # a stream that is lost was told of
        sys.stdout.flush()
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, lambda *_: os._exit(code))


@contextmanager
def interruptible(
    stop: threading.Event, abort: threading.Event, *, say: Callable[[str], None], leave: Callable[[], None] = leave
) -> Iterator[None]:
    """Turn the signals of this process into ``stop``, then ``abort``, while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def left() -> None:
        say(THIRD)
        leave()

    last = threading.Timer(GRACE, left)
    last.daemon = True

    def received(_: int, __: FrameType | None) -> None:
        if not stop.is_set():
            stop.set()
            say(FIRST)
        elif not abort.is_set():
            abort.set()
            last.start()
            say(SECOND)
        else:
            left()

    before = {number: signal.signal(number, received) for number in SIGNALS}
    try:
        yield
    finally:
        last.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def say_on(descriptor: int) -> Callable[[str], None]:
    """Says things from inside a signal handler, where a buffered stream may be in the middle of a write."""

    def say(text: str) -> None:
        try:
            os.write(descriptor, text.encode())
        except OSError:
            return

    return say
