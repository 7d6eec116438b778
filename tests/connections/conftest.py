"""Sessions against servers of a test's own, with everything in its own folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paramiko import PKey

from remediate.connections.endpoint import endpoint
from remediate.connections.sessions import Sessions
from remediate.connections.ssh import SshSession
from remediate.model import Endpoint
from tests.connections.server import Rules, Server
from tests.lab.simulated import Time
from tests.patience import LIMIT


@dataclass(slots=True)
class Bench:
    """Servers, sessions and files of one test."""

    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)
    time: Time = field(default_factory=Time)
    servers: list[Server] = field(default_factory=list)
    sessions: list[Sessions] = field(default_factory=list)

    def serve(self, rules: Rules, key: PKey | None = None) -> Server:
        server = Server(rules, key)
        self.servers.append(server)
        return server

    def disk(self) -> Path:
        """A drive C with the system's Temp folder."""
        root = self.folder / "c"
        (root / "WINDOWS" / "Temp").mkdir(parents=True)
        return root

    def module(self, text: str, name: str = "probe") -> None:
        (self.folder / "js").mkdir(exist_ok=True)
        (self.folder / "js" / f"{name}.js").write_text(text, encoding="ascii")

    def known(self, *servers: Server) -> Path:
        path = self.folder / "known_hosts"
        path.write_text("".join(s.known(self.folder / "one").read_text() for s in servers), encoding="ascii")
        return path

    def endpoint(self, server: Server, *, known: bool = True, **variables: Any) -> Endpoint:
        """Variables override the usual ones; None takes one away."""
        usual: dict[str, object] = {
            "ansible_host": "127.0.0.1",
            "ansible_port": server.port,
            "ansible_user": server.rules.user,
            "ansible_password": server.rules.password,
            "ssh_known_hosts": str(self.known(server) if known else self.folder / "known_hosts"),
            "reconnect_timeout": 10,
            "connect_timeout": LIMIT,
        }
        usual.update(variables)
        return endpoint("ex1", {name: value for name, value in usual.items() if value is not None})

    def session(self, server: Server, **how: Any) -> SshSession:
        """A session of a process of its own, in the time of the bench."""
        sessions = self.time.controller(self.folder / "js", stop=self.stop, seed=len(self.sessions))
        self.sessions.append(sessions)
        opened = sessions.open(self.endpoint(server, **how))
        assert isinstance(opened, SshSession)
        return opened

    def close(self) -> None:
        for sessions in self.sessions:
            sessions.close_all()
        for server in self.servers:
            server.close()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    made = Bench(tmp_path)
    yield made
    made.close()
