"""One host of the embedded lab in the test's process: a real SSH server on loopback, the machine at hand."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remediate.connections.endpoint import endpoint
from remediate.connections.sessions import Sessions
from remediate.connections.ssh import SshSession
from remediate.lab import hostspec, images, shell
from remediate.lab.drops import Drops
from remediate.lab.ground import key_kind
from remediate.lab.hostkeys import host_key, known_hosts, public_line
from remediate.lab.listener import Listener
from remediate.lab.machine import Machine
from remediate.lab.ssh_server import Connection, Served
from tests.lab.simulated import Time
from tests.lab.worlds import library
from tests.patience import LIMIT

MODULE = """// needs: files registry services wmi jobs hash transfer
function ask(args) { return {value: eval("(" + args.code + ")")}; }
"""


@dataclass(slots=True)
class LabHost:
    """A running lab host; every ``session()`` is that of another controller."""

    machine: Machine
    served: Served
    variables: Mapping[str, Any]
    folder: Path
    time: Time
    opened: list[Sessions] = field(default_factory=list)

    def session(self, **more: Any) -> SshSession:
        sessions = self.time.controller(self.folder / "js")
        self.opened.append(sessions)
        session = sessions.open(endpoint("ex1", {**self.variables, **more}))
        assert isinstance(session, SshSession)
        return session

    def ask(self, code: str) -> Any:
        """The value of a JavaScript expression on the host, with all libraries at hand."""
        return self.asked(code)["value"]

    def asked(self, code: str) -> Mapping[str, Any]:
        return self.session().call("libraries", "ask", {"code": code})


@contextmanager
def lab_host(folder: Path, image: str = "exchange2003-sp1", **declared: Any) -> Iterator[LabHost]:
    """``declared``: override, faults, as an inventory writes them. Its time is its users' own."""
    (folder / "js").mkdir(parents=True, exist_ok=True)
    (folder / "js" / "libraries.js").write_text(MODULE, encoding="ascii")
    spec = hostspec.parse("ex1", {"image": image, **declared})
    machine, time = images.build(spec, library()), Time()
    time.rule(machine)
    key = host_key(folder / "keys", spec.name, key_kind(spec))
    served = Served(
        machine=machine,
        drops=Drops(machine),
        key=key,
        user=spec.user,
        password=spec.password,
        authorized=frozenset(),
        sftp=spec.override.sftp and spec.faults.sftp == "works",
        legacy=spec.override.ssh == "legacy",
        execute=shell.execute,
        save=lambda: None,
    )

    def serve(_name: str, sock: socket.socket) -> None:
        Connection(sock, served).run()

    listener = Listener(serve)
    port = listener.open(spec.name, 0)
    listener.start()
    (folder / "known_hosts").write_text(known_hosts({port: public_line(key)}), encoding="ascii")
    variables = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_user": spec.user,
        "ansible_password": spec.password,
        "ssh_known_hosts": str(folder / "known_hosts"),
        "ssh_legacy": served.legacy,
        "connect_timeout": LIMIT,
    }
    host = LabHost(machine, served, variables, folder, time)
    try:
        yield host
    finally:
        for sessions in host.opened:
            sessions.close_all()
        listener.stop()
