"""Who has several hosts' Steps carried out at once: threads, which wait for hosts while the walks go on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Runner(Protocol):
    """Carries out what it is given, some of it at once, each in its turn and once."""

    def submit(self, work: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        """What it comes to, or raises."""


class Threads(ThreadPoolExecutor):
    """A pool that has at least one thread, and makes do with those it has where the system gives it no more."""

    def __init__(self, most: int) -> None:
        super().__init__(max_workers=most, thread_name_prefix="host")

    def __enter__(self) -> Threads:
        super().submit(int).result()
        return self

    def submit(self, work: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        """Done in its turn, and once. The pool's own promise is lost where a thread cannot be started for it."""
        promise: Future[T] = Future()

        def do() -> None:
            try:
                promise.set_result(work(*args, **named))
            except BaseException as error:  # noqa: BLE001 - for whoever asks for the result
                promise.set_exception(error)

        with suppress(RuntimeError):  # it waits in the queue already, for a thread there is
            super().submit(do)
        return promise
