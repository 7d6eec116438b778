"""A worker in a process of its own: all that crosses is pickled, and modules and sessions are made over there."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from remediate.engine.registry import Registry
from remediate.engine.workbench import Workbench
from remediate.engine.worker import Line, Seen
from remediate.model import Result, State, Step
from tests.engine.world import World


class _There:
    """The line, over there: everything asked is asked through the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def say(self, *said: Any) -> None:
        self._ask("say", said)

    def prove(self, deed: bool) -> None:
        self._ask("prove", (deed,))

    def left(self) -> None:
        self._ask("left", ())

    def _ask(self, what: str, args: tuple[object, ...]) -> None:
        self._pipe.send((what, args))
        if (error := self._pipe.recv()) is not None:
            raise error


class _Telling(World):
    """A world that proves its warrants and tells of progress, as real sessions do."""

    def watch(self, host: str, say: Any) -> None:
        say("looking", 1.0, 2.0, "bytes")

    def warrant(self, host: str, warrant: Any) -> None:
        if warrant is not None:
            warrant.leaving()
            warrant.left()


def _work(pipe: Connection, folders: Sequence[Path], things: Mapping[str, Mapping[str, str]]) -> None:
    world = _Telling(things)
    bench, line = Workbench(Registry(folders), world), _There(pipe)
    while (order := pipe.recv()) is not None:
        name, args = order
        if name == "log":
            pipe.send(("done", world.log))
            continue
        lined = (*args, line) if name in ("look", "act") else args
        pipe.send(("done", getattr(bench, name)(*lined)))


class Elsewhere:
    """``Worker``, for one Step at a time. ``crossed``: how many values came and went."""

    def __init__(self, folders: Sequence[Path], things: Mapping[str, Mapping[str, str]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, folders, things), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pipe.send(None)
        self._process.join()

    def look(self, step: Step, line: Line) -> Seen:
        return cast("Seen", self._have(("look", (step,)), line))

    def compare(self, step: Step, state: State) -> Seen:
        return cast("Seen", self._have(("compare", (step, state))))

    def act(self, step: Step, seen: Seen, line: Line) -> Result:
        return cast("Result", self._have(("act", (step, seen)), line))

    def look_last(self, step: Step, first: State) -> Result:
        return cast("Result", self._have(("look_last", (step, first))))

    def reset(self, host: str) -> None:
        self._have(("reset", (host,)))

    def log(self) -> list[str]:
        return cast("list[str]", self._have(("log", ())))

    def _have(self, order: tuple[str, tuple[object, ...]], line: Line | None = None) -> object:
        self._pipe.send(order)
        while (answer := self._pipe.recv())[0] != "done":
            ask = cast("Callable[..., None]", getattr(line, answer[0]))
            try:
                ask(*answer[1])
            except Exception as error:  # noqa: BLE001 - it is raised over there
                self._pipe.send(error)
            else:
                self._pipe.send(None)
        return answer[1]
