"""What every road to a host does the same way: counting, patience after a lost line, calls of scripts, jobs."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from remediate.connections import detached, payload
from remediate.connections.base import Job, Road, Say
from remediate.connections.clocks import Moment
from remediate.connections.order import LIMIT, Order
from remediate.connections.payload import NoAnswer
from remediate.connections.reconnect import PASSING, Patience, delays
from remediate.connections.roadoptions import RoadOptions
from remediate.connections.scriptrun import Attachment, Leftovers, Script
from remediate.connections.shared import Shared
from remediate.connections.warrant import Warrant, deed
from remediate.errors import OutOfTime, RemoteFailed, Unreachable
from remediate.model import Endpoint, Json, Output, State

T = TypeVar("T")


class SteadySession(ABC):
    """See ``base.Session``. A road adds how it connects, runs one command line, and moves files."""

    def __init__(self, endpoint: Endpoint, options: RoadOptions, shared: Shared, say: Say) -> None:
        self._endpoint = endpoint
        self._base = options
        self._shared = shared
        self._heard = say
        self._lock = threading.RLock()
        self._notes: list[str] = []
        self._executions = 0
        self._broken = False
        self.warrant: Warrant | None = None
        """Of the change that is being made; looks need none."""
        self._limit: float | None = None
        self.leftovers = Leftovers()
        self.learned_folder = ""
        """The toolkit's folder in the host's own words, once a script has told it."""

    @property
    @abstractmethod
    def folder(self) -> str: ...

    @property
    @abstractmethod
    def road(self) -> Road: ...

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether there is a line, as far as is known."""

    @abstractmethod
    def drop(self) -> None:
        """Hangs up; the next use connects anew, with patience."""

    @abstractmethod
    def perform(self, order: Order) -> Output:
        """One remote execution; calls ``prove`` right before the command leaves, and ``count``."""

    @abstractmethod
    def deliver(self, nonce: str, script: Script, timeout: float, attachment: Attachment | None) -> Output:
        """Brings a script onto the host, behind what is attached to it, and runs it there: one execution."""

    @abstractmethod
    def put(self, local: Path, remote: str, *, sha256: str = "") -> None: ...

    @abstractmethod
    def get(self, remote: str, *, limit: int = 1_000_000) -> bytes: ...

    @abstractmethod
    def hash(self, remote: str) -> str: ...

    @property
    def host(self) -> str:
        return self._endpoint.host

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    @property
    def executions(self) -> int:
        return self._executions

    @property
    def shared(self) -> Shared:
        return self._shared

    @property
    def remote_folder(self) -> str:
        """The toolkit's folder as the variables name it."""
        return self._base.remote_folder

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
                alive = self.connected
                self.drop()
                if self._executions != before or error.kind not in PASSING or not alive:
                    raise
        return self.execute(command, stdin=(stdin,) if stdin else (), timeout=timeout)

    def call(self, module: str, function: str, args: Mapping[str, Json], *, timeout: float = 120.0) -> State:
        try:
            return self.steadily(lambda: self._call(module, function, args, timeout))
        except NoAnswer as silent:  # once is an accident: a scanner held the script, a neighbour tidied the folder
            if self._shared.stop.is_set():
                raise
            self.note(f"{module} was asked twice: {silent.message}")
            return self.steadily(lambda: self._call(module, function, args, timeout))

    def call_with(
        self, module: str, function: str, args: Mapping[str, Json], attachment: Attachment, *, timeout: float
    ) -> State:
        """A call whose script carries data along; the function reads it from the script's own file."""
        return self.steadily(lambda: self._call(module, function, args, timeout, attachment))

    def detach(self, name: str, command: str, *, guard: Mapping[str, Json], record: Mapping[str, Json]) -> Job:
        with deed(self.warrant):
            return detached.start(self, name, command, guard=guard, record=record, token=self._shared.nonce())

    def poll(self, name: str) -> Job:
        return detached.look(self, name)

    def cancel(self, name: str) -> Job:
        return detached.end(self, name)

    def settle(self, name: str) -> Job:
        """Marks a finished or lost job as dealt with: the next ``detach`` of that name starts anew."""
        return detached.settle(self, name)

    def bound(self, seconds: float) -> None:
        self._limit = self.now() + seconds

    def unbound(self) -> None:
        self._limit = None

    def left(self) -> float | None:
        """Seconds to the limit; None where there is none. ``OutOfTime`` behind it."""
        if self._limit is None:
            return None
        left = self._limit - self.now()
        if left <= 0:
            raise OutOfTime("the time of the task is over")
        return left

    def seconds(self, timeout: float) -> float:
        """What one command may take."""
        wanted, left = max(timeout, self._base.command_timeout), self.left()
        return wanted if left is None else min(wanted, left)

    def say(self, text: str, done: float = 0.0, total: float = 0.0, unit: str = "") -> None:
        self.left()  # who tells progress is at something long
        self._heard(text, done, total, unit)

    def watch(self, say: Say) -> None:
        """Who hears ``say`` from now on."""
        self._heard = say

    def now(self) -> float:
        return self._shared.clock()

    def wait(self, seconds: float) -> None:
        left = self.left()
        self._shared.wait(seconds if left is None else min(seconds, left))
        self.left()

    def reconnect(self) -> None:
        self.drop()

    def tidy(self) -> None:
        """At the end of a run: leaves no empty folder behind, where calls did not see to it themselves."""
        return

    def close(self) -> None:
        self.drop()
        self._broken = False

    def execute(
        self,
        command: str,
        *,
        stdin: Iterable[bytes] = (),
        timeout: float,
        limit: int = LIMIT,
        exit_code: bool = True,
        inert: bool = False,
    ) -> Output:
        """One remote execution within the limits of this host; see ``Order``."""
        options = self._base
        answer = self.perform(
            Order(
                command=command,
                stdin=stdin,
                timeout=self.seconds(timeout),
                limit=limit,
                open_timeout=options.connect_timeout,
                encoding=options.remote_encoding,
                exit_code=exit_code,
                inert=inert,
            )
        )
        if self.warrant is not None:
            self.warrant.answered()
        return answer

    def prove(self) -> None:
        """Something is about to leave: whoever watches over the change that it is for may still forbid it."""
        if self.warrant is not None:
            self.warrant.leaving()

    def count(self) -> None:
        """A command leaves for the host, or may have left."""
        with self._lock:
            self._executions += 1
        self.leaves()

    def leaves(self) -> None:
        """What was proved leaves."""
        if self.warrant is not None:
            self.warrant.left()

    def patience(self) -> Patience:
        """How long a line that was lost is tried again."""
        shared = self._shared
        limit = self._base.reconnect_timeout
        return Patience(limit=limit, clock=shared.clock, wait=self.wait, random=shared.random)

    def steadily(self, work: Callable[[], T]) -> T:
        """Does what is safe to repeat again after a lost line, as long as ``reconnect_timeout`` allows."""
        end: float | None = None
        for pause in delays(self._shared.random):
            self.left()
            try:
                return work()
            except Unreachable as error:
                now = self.now()
                end = now + self._base.reconnect_timeout if end is None else end
                if error.kind not in PASSING or not self.connected or now + pause > end:
                    raise
                self.drop()
            except (EOFError, OSError) as error:  # SFTP's channel ended or went silent
                end = self.now() + self._base.reconnect_timeout if end is None else end
                self.drop()
                if self.now() + pause > end:
                    text = f"the connection to {self.host} keeps breaking: {error or 'the channel ended'}"
                    raise Unreachable(
                        text, kind="lost", hint="look at the host and the network, then run again"
                    ) from None
            self.wait(pause)
        raise AssertionError  # delays() never ends

    def _call(
        self,
        module: str,
        function: str,
        args: Mapping[str, Json],
        timeout: float,
        attachment: Attachment | None = None,
    ) -> State:
        nonce = self._shared.nonce()
        leftovers = self.leftovers.before(nonce)

        def script(folder: str, path: str) -> str:
            left = [f"{folder}\\{name}.js" for name in leftovers]
            return self._shared.scripts.build(
                module, function, args, nonce=nonce, folder=folder, script=path, leftovers=left
            )

        asked = self._shared.clocks.moment()
        output = self.deliver(nonce, script, timeout, attachment)
        try:
            state = payload.parse(output, nonce)
        except RemoteFailed as error:
            raise type(error)(f"{module}: {error.message}", output=error.output, hint=error.hint) from None
        self._note_clock(payload.clock(output, nonce), asked)
        self.leftovers.answered(nonce)
        self.learned_folder = payload.folder(output, nonce) or self.learned_folder
        return state

    def _note_clock(self, told: float | None, asked: Moment) -> None:
        if told is not None:
            self._shared.clocks.heard(self.host, told, asked)
