"""The Session over SSH: one connection per host, made anew when it breaks; scripts by SFTP, or by standard input."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from remediate.connections import detached, payload, transfer
from remediate.connections.base import Job, Road, Say
from remediate.connections.dial import Line, dial
from remediate.connections.endpoint import SshOptions
from remediate.connections.execute import LIMIT, Order, execute
from remediate.connections.reconnect import PASSING, Patience, delays, insist
from remediate.connections.shared import Shared
from remediate.connections.staging import Stage
from remediate.errors import RemoteFailed, Unreachable
from remediate.model import Endpoint, Json, Output, State

T = TypeVar("T")


class SshSession:
    """See ``base.Session``. Thread-safe: operations on one host take turns where they share the SFTP channel."""

    def __init__(self, endpoint: Endpoint, shared: Shared, say: Say) -> None:
        self._endpoint = endpoint
        self._options = SshOptions.of(endpoint)
        self._shared = shared
        self._heard = say
        self._lock = threading.RLock()
        self._line: Line | None = None
        self.stage = Stage(self._options)
        self._notes: list[str] = []
        self._executions = 0
        self._broken = False

    @property
    def host(self) -> str:
        return self._endpoint.host

    @property
    def folder(self) -> str:
        """Asks the host when it is not known yet."""
        return self.steadily(lambda: self.stage.folder(self))

    @property
    def road(self) -> Road:
        line = self._line
        return line.road if line is not None else Road(name="ssh")

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    @property
    def executions(self) -> int:
        return self._executions

    @property
    def options(self) -> SshOptions:
        return self._options

    @property
    def shared(self) -> Shared:
        return self._shared

    def note(self, text: str) -> None:
        """Adds to what is worth reporting of this road, once."""
        if text and text not in self._notes:
            self._notes.append(text)

    def run(self, command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        """Never repeated: once the command has left, a broken line is Unreachable(kind='lost')."""
        for _ in range(2):
            before = self._executions
            try:
                return self.execute(command, stdin=(stdin,) if stdin else (), timeout=timeout)
            except Unreachable as error:
                alive = self._line is not None
                self.drop()
                if self._executions != before or error.kind not in ("lost", "timeout") or not alive:
                    raise
        return self.execute(command, stdin=(stdin,) if stdin else (), timeout=timeout)

    def call(self, module: str, function: str, args: Mapping[str, Json], *, timeout: float = 120.0) -> State:
        return self.steadily(lambda: self._call(module, function, args, timeout))

    def put(self, local: Path, remote: str) -> None:
        self.steadily(lambda: transfer.put(self, local, remote))

    def get(self, remote: str, *, limit: int = 1_000_000) -> bytes:
        return self.steadily(lambda: transfer.get(self, remote, limit))

    def hash(self, remote: str) -> str:
        return self.steadily(lambda: transfer.digest(self, remote))

    def detach(self, name: str, command: str, *, guard: Mapping[str, Json], record: Mapping[str, Json]) -> Job:
        return detached.start(self, name, command, guard=guard, record=record, token=self._shared.nonce())

    def poll(self, name: str) -> Job:
        return detached.look(self, name)

    def cancel(self, name: str) -> Job:
        return detached.end(self, name)

    def settle(self, name: str) -> Job:
        """Marks a finished or lost job as dealt with: the next ``detach`` of that name starts anew."""
        return detached.settle(self, name)

    def say(self, text: str, done: float = 0.0, total: float = 0.0, unit: str = "") -> None:
        self._heard(text, done, total, unit)

    def watch(self, say: Say) -> None:
        """Who hears ``say`` from now on."""
        self._heard = say

    def now(self) -> float:
        return self._shared.clock()

    def wait(self, seconds: float) -> None:
        self._shared.wait(seconds)

    def reconnect(self) -> None:
        self.drop()

    def close(self) -> None:
        self.drop()
        self._broken = False

    def drop(self) -> None:
        """Hangs up; the next use connects anew, with patience."""
        with self._lock:
            line, self._line = self._line, None
            self.stage.forget()
            if line is not None:
                self._broken = True
                line.close()

    def line(self) -> Line:
        """The live line. A first connection is tried once; one that was lost, for ``reconnect_timeout``."""
        with self._lock:
            if self._line is not None and not self._line.transport.is_active():
                self.drop()
            if self._line is None:
                self._line = self._dial()
                for note in self._line.notes:
                    self.note(note)
            return self._line

    def _dial(self) -> Line:
        def attempt() -> Line:
            return dial(self._endpoint, self._options, self._shared)

        if not self._broken:
            return attempt()
        self.say("connecting again")
        return insist(attempt, self._patience())

    def _patience(self) -> Patience:
        shared = self._shared
        limit = self._options.reconnect_timeout
        return Patience(limit=limit, clock=shared.clock, wait=shared.wait, random=shared.random)

    def execute(self, command: str, *, stdin: Iterable[bytes] = (), timeout: float, limit: int = LIMIT) -> Output:
        """One remote execution, counted when it leaves."""
        order = Order(
            command=command,
            stdin=stdin,
            timeout=max(timeout, self._options.command_timeout),
            limit=limit,
            open_timeout=self._options.connect_timeout,
            encoding=self._options.remote_encoding,
        )
        return execute(self.line().transport, order, self._shared.clock, self._count)

    def _count(self) -> None:
        with self._lock:
            self._executions += 1

    def steadily(self, work: Callable[[], T]) -> T:
        """Does what is safe to repeat again after a lost line, as long as ``reconnect_timeout`` allows."""
        end: float | None = None
        for pause in delays(self._shared.random):
            try:
                return work()
            except Unreachable as error:
                now = self.now()
                end = now + self._options.reconnect_timeout if end is None else end
                if error.kind not in PASSING or self._line is None or now + pause > end:
                    raise
                self.drop()
            except (EOFError, OSError) as error:  # SFTP's channel ended or went silent
                end = self.now() + self._options.reconnect_timeout if end is None else end
                self.drop()
                if self.now() + pause > end:
                    text = f"the connection to {self.host} keeps breaking: {error or 'the channel ended'}"
                    raise Unreachable(
                        text, kind="lost", hint="look at the host and the network, then run again"
                    ) from None
            self.wait(pause)
        raise AssertionError  # delays() never ends

    def _call(self, module: str, function: str, args: Mapping[str, Json], timeout: float) -> State:
        nonce = self._shared.nonce()
        leftovers = self.stage.leftovers(nonce)

        def script(folder: str, path: str) -> str:
            return self._shared.scripts.build(
                module, function, args, nonce=nonce, folder=folder, script=path, leftovers=leftovers
            )

        output = self.stage.run(self, nonce, script, timeout)
        try:
            state = payload.parse(output, nonce)
        except RemoteFailed as error:
            raise RemoteFailed(f"{module}: {error.message}", output=error.output, hint=error.hint) from None
        self.stage.answered(nonce)
        return state
