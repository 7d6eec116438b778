"""WinRM of one lab host: its settings, its connections, and the service behind them."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.lab.visit import WATCH, Line, Visit
from remediate.lab.winrm import soap, tls
from remediate.lab.winrm.auth import Accounts
from remediate.lab.winrm.shells import Cut, Desk
from remediate.lab.winrm.strikes import Strikes
from remediate.lab.winrm.web import WebConnection
from remediate.lab.winrm.winrs import CmdShell
from remediate.lab.winrm.wsman import ENVELOPE_2_0, ENVELOPE_3_0, Service

if TYPE_CHECKING:
    from remediate.lab.ssh_server import Served
    from remediate.lab.winrm.settings import WinrmSpec
    from remediate.lab.winrm.shells import NewShell, Shell
    from remediate.lab.winrm.soap import Request

IDLE_2_0, IDLE_3_0 = 180, 7200  # likely: seconds after which a shell nobody uses ends, by default


class WinrmHost(Visit):
    """Serves a host's WinRM port. ``folder`` keeps the lab's certificates."""

    def __init__(self, served: Served, spec: WinrmSpec, folder: Path) -> None:
        super().__init__(served)
        self._served = served
        self._lines: set[WebConnection] = set()
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()
        self.name = served.machine.name
        self.accounts = Accounts(user=served.user, password=served.password)
        self.methods = frozenset(spec.auth)
        self.strikes = Strikes(served.machine, served.drops)
        self.tls: ssl.SSLContext | None = None
        if spec.transport == "https":
            self.tls = tls.server_context(folder, self.name, served.machine.faults.certificate)
        self.service = Service(self._desk(spec), _makers(), self.strikes, self._before)

    def serve(self, sock: socket.socket) -> None:
        """Handle one accepted connection; blocks until it is over."""
        if self.away():
            sock.close()
            return
        WebConnection(sock, self).run()

    # connections

    def enter(self, line: WebConnection) -> None:
        with self._lock:
            self._lines.add(line)
            self._connections.add(line)
            if self.watched() and self._watcher is None:
                self._watcher = threading.Thread(target=self._watch_lines, name="winrm watch", daemon=True)
                self._watcher.start()

    def leave(self, line: WebConnection) -> None:
        with self._lock:
            self._lines.discard(line)
            self._connections.discard(line)

    @property
    def _connections(self) -> set[Line]:
        return self._served.connections

    def _watch_lines(self) -> None:
        while True:
            with self._lock:
                if not self._lines or not self.watched():
                    self._watcher = None
                    return
            self.watch()
            time.sleep(WATCH)

    def cut(self) -> None:
        """Cut all connections. Shells live on, as they do in Windows, unless the host itself went down."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.lose()
        if self.machine.down:
            self.service.close_all()

    # what the service needs

    def _desk(self, spec: WinrmSpec) -> Desk:
        old = spec.version == "2.1"
        return Desk(
            machine=self.machine,
            version=(2, 1) if old else (2, 3),
            max_envelope=ENVELOPE_2_0 if old else ENVELOPE_3_0,
            idle_seconds=IDLE_2_0 if old else IDLE_3_0,
            run=self._run,
            took=self._took,
            save=self.save,
        )

    def _run(
        self, line: str, stdin: Callable[[], bytes], folder: str, environ: Mapping[str, str]
    ) -> tuple[bytes, bytes, int]:
        def work() -> tuple[bytes, bytes, int]:
            return self._served.execute(self.machine, line, stdin, folder=folder, environ=environ)

        return self.carry_out(line, work)

    def _took(self, total: int) -> None:
        if self.strikes.took(total):
            self.save()
            self.cut()
            raise Cut

    def _before(self) -> None:
        if self.cut_before():
            raise Cut


def _makers() -> dict[str, NewShell]:
    return {soap.CMD_URI: CmdShell, soap.POWERSHELL_URI: _power_shell}


def _power_shell(desk: Desk, request: Request, user: str, address: str) -> Shell:
    from remediate.lab.winrm.psrp import PsShell

    return PsShell(desk, request, user, address)
