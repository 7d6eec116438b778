"""One lab host behind WinRM inside the test process; every choice of an inventory can be made here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from remediate.lab import hostspec, images, shell
from remediate.lab.drops import Drops
from remediate.lab.hostkeys import host_key
from remediate.lab.listener import Listener
from remediate.lab.ssh_server import Connection, Served
from remediate.lab.winrm import tls
from remediate.lab.winrm.host import WinrmHost
from remediate.lab.winrm.settings import WinrmSpec
from tests.lab.simulated import Time
from tests.lab.worlds import library
from tests.patience import until

PASSWORD = "Lab-Pass1!"


class WinrmWire:
    """``port`` is WinRM's, ``ssh_port`` the same host's SSH. ``declared`` as in a lab inventory."""

    def __init__(self, folder: Path, spec: WinrmSpec, **declared: object) -> None:
        host = {"image": "exchange2003-sp1", "password": PASSWORD, **declared}
        self.spec = spec
        self.folder = folder
        self.machine = images.build(hostspec.parse("ex1", host), library())
        self.time = Time()
        self.time.rule(self.machine)
        self.served = Served(
            machine=self.machine,
            drops=Drops(self.machine),
            key=host_key(folder, "ex1", "ed25519"),
            user="Administrator",
            password=PASSWORD,
            authorized=frozenset(),
            sftp=True,
            legacy=False,
            execute=shell.execute,
            save=lambda: None,
        )
        self.winrm = WinrmHost(self.served, spec, folder)
        self.listener = Listener(self._serve)
        self.port = self.listener.open("winrm", 0)
        self.ssh_port = self.listener.open("ssh", 0)
        self.listener.start()

    def _serve(self, name: str, sock: Any) -> None:
        if name == "winrm":
            self.winrm.serve(sock)
        else:
            Connection(sock, self.served).run()

    @property
    def authority(self) -> Path:
        """CA certificate of the host's own (PEM)."""
        return tls.authority(self.folder)

    def user_certificate(self, user: str = "Administrator") -> tuple[Path, Path]:
        """Certificate and key with which ``user`` logs on."""
        return tls.user_certificate(self.folder, user)

    def pypsrp(self, **how: Any) -> dict[str, Any]:
        """Keyword arguments of pypsrp's ``WSMan`` and ``Client``; ``how`` replaces some."""
        given: dict[str, Any] = {
            "server": "127.0.0.1", "port": self.port, "username": "Administrator", "password": PASSWORD,
            "ssl": self.spec.transport == "https", "auth": self.spec.auth[0], "no_proxy": True,
        }  # fmt: skip
        if self.spec.transport == "https":
            given["cert_validation"] = str(self.authority)
        if self.spec.auth[0] == "certificate":
            pem, key = self.user_certificate()
            given |= {"certificate_pem": str(pem), "certificate_key_pem": str(key)}
        return {**given, **how}

    def close(self) -> None:
        self.listener.stop()
        self.winrm.service.close_all()
        for line in list(self.served.connections):
            line.cut()
        until(lambda: not self.served.connections)


@contextmanager
def winrm_host(
    folder: Path, *, transport: Any = "http", version: Any = "2.1", auth: Any = ("ntlm",), **declared: object
) -> Iterator[WinrmWire]:
    """A serving host; gone when the block ends."""
    wire = WinrmWire(folder, WinrmSpec(transport=transport, version=version, auth=auth), **declared)
    try:
        yield wire
    finally:
        wire.close()
