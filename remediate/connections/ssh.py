"""The Session over SSH: one connection per host, made anew when it breaks; scripts by SFTP, or by standard input."""

from __future__ import annotations

from pathlib import Path

from remediate.connections import transfer
from remediate.connections.base import Road, Say
from remediate.connections.dial import Line, dial
from remediate.connections.endpoint import SshOptions
from remediate.connections.execute import execute
from remediate.connections.order import Order
from remediate.connections.reconnect import insist
from remediate.connections.scriptrun import Attachment, Script
from remediate.connections.shared import Shared
from remediate.connections.staging import Stage
from remediate.connections.steady import SteadySession
from remediate.connections.warrant import deed
from remediate.model import Endpoint, Output


class SshSession(SteadySession):
    """See ``base.Session``. Thread-safe: operations on one host take turns where they share the SFTP channel."""

    def __init__(self, endpoint: Endpoint, shared: Shared, say: Say) -> None:
        self._options = SshOptions.of(endpoint)
        super().__init__(endpoint, self._options, shared, say)
        self._line: Line | None = None
        self.stage = Stage(self._options)

    @property
    def folder(self) -> str:
        """Asks the host when it is not known yet."""
        return self.steadily(lambda: self.stage.folder(self))

    @property
    def road(self) -> Road:
        line = self._line
        return line.road if line is not None else Road(name="ssh")

    @property
    def connected(self) -> bool:
        return self._line is not None

    def put(self, local: Path, remote: str, *, sha256: str = "") -> None:
        nonce = self._shared.nonce()  # the same for every attempt: none leaves a part behind
        with deed(self.warrant):
            self.steadily(lambda: transfer.put(self, local, remote, nonce, sha256))

    def get(self, remote: str, *, limit: int = 1_000_000) -> bytes:
        return self.steadily(lambda: transfer.get(self, remote, limit))

    def hash(self, remote: str) -> str:
        return self.steadily(lambda: transfer.digest(self, remote))

    def tidy(self) -> None:
        if self.connected:
            self.stage.tidy()

    def drop(self) -> None:
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
        return insist(attempt, self.patience())

    def perform(self, order: Order) -> Output:
        return execute(self.line().transport, order, self._shared.clock, self._leave, self.prove)

    def _leave(self) -> None:
        self.prove()
        self.count()

    def deliver(self, nonce: str, script: Script, timeout: float, attachment: Attachment | None) -> Output:
        return self.stage.run(self, nonce, script, timeout, attachment)
