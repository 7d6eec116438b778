"""A session whose answers a test writes down, with a clock that only waiting moves: for what a lab cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from remediate.connections.base import Job, Road
from remediate.model import Json, Output, State

Answer = Callable[[str, Mapping[str, Json]], State]


@dataclass
class ScriptedSession:
    """``answer(function, args)`` plays the remote halves; ``log`` holds what was asked of it, in order."""

    answer: Answer
    outputs: list[Output] = field(default_factory=list)
    host: str = "ex1"
    folder: str = "C:\\Toolkit"
    road: Road = field(default_factory=lambda: Road(name="scripted"))
    notes: tuple[str, ...] = ()
    executions: int = 0
    clock: float = 0.0
    log: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        self.log.append(f"run {command}" + (f" < {stdin.decode()}" if stdin else ""))
        return self.outputs.pop(0)

    def call(self, module: str, function: str, args: Mapping[str, Json], *, timeout: float = 120.0) -> State:
        what = args.get("name") or args.get("names") or ""
        self.log.append(f"{function} {what}".strip())
        return self.answer(function, args)

    def put(self, local: Path, remote: str, *, sha256: str = "") -> None:
        self.log.append(f"put {remote}")

    def get(self, remote: str, *, limit: int = 1_000_000) -> bytes:
        raise AssertionError("no general module reads a file by itself")

    def hash(self, remote: str) -> str:
        self.log.append(f"hash {remote}")
        return "bb"

    def detach(self, name: str, command: str, *, guard: Mapping[str, Json], record: Mapping[str, Json]) -> Job:
        raise AssertionError("no general module starts a job")

    def poll(self, name: str) -> Job:
        raise AssertionError("no general module starts a job")

    def cancel(self, name: str) -> Job:
        raise AssertionError("no general module starts a job")

    def say(self, text: str, done: float = 0.0, total: float = 0.0, unit: str = "") -> None:
        self.said.append(text)

    def now(self) -> float:
        return self.clock

    def wait(self, seconds: float) -> None:
        assert seconds >= 0
        self.waits.append(seconds)
        self.clock += seconds

    def reconnect(self) -> None:
        self.log.append("reconnect")

    def close(self) -> None:
        self.log.append("close")
