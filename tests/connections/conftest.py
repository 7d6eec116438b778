"""Sessions against servers of a test's own, with everything in its own folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from paramiko import PKey

from remediate.connections.endpoint import endpoint
from remediate.connections.scripts import Scripts
from remediate.connections.sessions import Sessions
from remediate.connections.shared import Shared
from remediate.connections.ssh import SshSession
from tests.connections.server import Rules, Server


@dataclass(slots=True)
class Bench:
    """Servers, sessions and files of one test."""

    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)
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

    def session(self, server: Server, *, known: bool = True, **variables: Any) -> SshSession:
        """A session of a process of its own; variables override the usual ones."""
        usual: dict[str, object] = {
            "ansible_host": "127.0.0.1",
            "ansible_port": server.port,
            "ansible_user": server.rules.user,
            "ansible_password": server.rules.password,
            "ssh_known_hosts": str(self.known(server) if known else self.folder / "known_hosts"),
            "reconnect_timeout": 10,
        }
        usual.update(variables)
        shared = Shared(scripts=Scripts((self.folder / "js",)), stop=self.stop, random=Random(len(self.sessions)))
        sessions = Sessions(shared=shared)
        self.sessions.append(sessions)
        opened = sessions.open(endpoint("ex1", {name: value for name, value in usual.items() if value is not None}))
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
