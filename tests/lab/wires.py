"""A lab host on the wire inside the test process, with a tiny stand-in for cmd.exe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from remediate.lab import hostkeys
from remediate.lab.drops import Drops
from remediate.lab.errors import NotModelled
from remediate.lab.listener import Listener
from remediate.lab.machine import Machine
from remediate.lab.ssh_server import Connection, Served
from tests.lab.worlds import World
from tests.patience import until


class Wire:
    """One host on the wire, in this process."""

    def __init__(self, folder: Path, *, legacy: bool = False, sftp: bool = True, **declared: object) -> None:
        self.world = World("exchange2003-sp1", **declared)
        self.machine = self.world.machine
        self.saves = 0
        self.key = hostkeys.host_key(folder, "ex1", "rsa" if legacy else "ed25519")
        self.user_key = hostkeys.host_key(folder, "user", "ed25519")
        self.served = Served(
            machine=self.machine,
            drops=Drops(self.machine),
            key=self.key,
            user="Administrator",
            password="lab",
            authorized=frozenset({self.user_key.get_base64()}),
            sftp=sftp,
            legacy=legacy,
            execute=self._tiny_cmd,
            save=self._save,
        )
        self.listener = Listener(lambda _, sock: Connection(sock, self.served).run())
        self.port = self.listener.open("ex1", 0)
        self.listener.start()

    def _tiny_cmd(self, _machine: Machine, line: str, stdin: Callable[[], bytes]) -> tuple[bytes, bytes, int]:
        """Stands in for cmd.exe, whose own tests are elsewhere: exits, echoes, reads, fails, installs."""
        word, _, rest = line.partition(" ")
        if word == "exit":
            return b"", b"", int(rest)
        if word == "echo":
            return f"{rest}\r\n".encode(), b"", 0
        if word == "more":
            return stdin(), b"noise", 0
        if word == "unknown":
            raise NotModelled(rest)
        if word == "defect":
            raise ZeroDivisionError(rest)
        if word == "big":
            return b"x" * int(rest), b"", 0
        assert word == "install"
        self.world.start(self.world.stage("KB870585-2003-SP1"))
        return b"started\r\n", b"", 0

    def _save(self) -> None:
        self.saves += 1

    @contextmanager
    def client(self, **how: object) -> Iterator[paramiko.SSHClient]:
        """A connected client; strict about the host key."""
        client = paramiko.SSHClient()
        client.get_host_keys().add(f"[127.0.0.1]:{self.port}", self.key.get_name(), self.key)
        settings = {"username": "Administrator", "password": "lab", "look_for_keys": False, "allow_agent": False}
        try:
            client.connect("127.0.0.1", self.port, **{**settings, **how})  # type: ignore[arg-type]
            yield client
        finally:
            client.close()

    def close(self) -> None:
        self.listener.stop()
        for connection in list(self.served.connections):
            connection.cut()
        until(lambda: not self.served.connections)


@contextmanager
def on_wire(folder: Path, **how: object) -> Iterator[Wire]:
    made = Wire(folder, **how)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()
