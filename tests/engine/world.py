"""A world small enough to see through: hosts are dictionaries, sessions read and write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from remediate.connections.base import Job, Road, Say
from remediate.connections.warrant import Warrant
from remediate.engine.control import Control
from remediate.engine.registry import Registry
from remediate.engine.run import RunRequest, run
from remediate.engine.worker import Worker
from remediate.events import Event, StepFinished
from remediate.language import inventory
from remediate.language.playbook import SearchPath
from remediate.model import Endpoint, Json, Mode, Output, Result, RunSummary, State

MODULES = Path(__file__).parent / "modules"
WATCHED = Path(__file__).parent / "watched"
"""One more, which can say how a host is left."""


@dataclass
class DictSession:
    """One host: ``get NAME``, ``set NAME VALUE``, ``say TEXT``."""

    host: str
    things: dict[str, str]
    log: list[str]
    folder: str = ""
    road: Road = field(default_factory=lambda: Road(name="a dictionary"))
    notes: tuple[str, ...] = ()
    executions: int = 0
    told: list[Say] = field(default_factory=list)

    def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        word, _, rest = command.partition(" ")
        self.executions += 1
        if word == "get":
            return Output(self.things.get(rest, ""), "", 0)
        self.log.append(f"{self.host}: {command}")
        if word == "set":
            name, _, value = rest.partition(" ")
            self.things[name] = value
        return Output(rest, "", 0)

    def call(self, module: str, function: str, args: Mapping[str, Json], *, timeout: float = 120.0) -> State:
        raise AssertionError("no payloads in this world")

    def put(self, local: Path, remote: str, *, sha256: str = "") -> None: ...

    def get(self, remote: str, *, limit: int = 0) -> bytes:
        return b""

    def hash(self, remote: str) -> str:
        return ""

    def detach(self, name: str, command: str, *, guard: Mapping[str, Json], record: Mapping[str, Json]) -> Job:
        raise AssertionError("no jobs in this world")

    def poll(self, name: str) -> Job:
        raise AssertionError("no jobs in this world")

    cancel = poll

    def say(self, text: str, done: float = 0.0, total: float = 0.0, unit: str = "") -> None: ...

    def now(self) -> float:
        return 0.0

    def wait(self, seconds: float) -> None: ...

    def reconnect(self) -> None: ...

    def close(self) -> None: ...


class World:
    """Hosts by name, and every order they carried out."""

    def __init__(self, things: Mapping[str, Mapping[str, str]]) -> None:
        self.log: list[str] = []
        self.sessions = {h: DictSession(h, dict(t), self.log) for h, t in things.items()}
        self.events: list[Event] = []
        self.warrants: dict[str, Warrant | None] = {}
        self.resets: list[str] = []

    def open(self, endpoint: Endpoint) -> DictSession:
        return self.sessions[endpoint.host]

    def reset(self, host: str) -> None:
        self.resets.append(host)

    def watch(self, host: str, say: Say) -> None: ...

    def warrant(self, host: str, warrant: Warrant | None) -> None:
        self.warrants[host] = warrant

    def receive(self, event: Event) -> None:
        self.events.append(event)

    def close(self) -> None: ...

    @property
    def results(self) -> list[Result]:
        return [e.result for e in self.events if isinstance(e, StepFinished)]


def play(
    folder: Path,
    playbook: str,
    world: World,
    *,
    mode: Mode = Mode.APPLY,
    control: Control | None = None,
    worker: Worker | None = None,
    files: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
) -> RunSummary:
    """Run ``playbook`` (text) over ``world``; ``options`` go into the request."""
    for name, text in {"site.yml": playbook, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    hosts = folder / "hosts.yml"
    hosts.write_text(yaml.safe_dump({"all": {"hosts": {h: {} for h in world.sessions}}}))
    request = RunRequest(
        playbook=folder / "site.yml",
        inventory=inventory.load([hosts], plugins={}),
        search=SearchPath(roles=(folder / "roles",), playbook=folder / "site.yml"),
        modules=Registry([MODULES, WATCHED]),
        mode=mode,
        **(options or {}),  # type: ignore[arg-type]  # cases are data: the request checks them by use
    )
    return run(request, [world], sessions=world, control=control, worker=worker)
