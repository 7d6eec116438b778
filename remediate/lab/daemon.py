"""The process behind a lab: ``python -m remediate.lab.daemon FOLDER`` serves its hosts until told to stop or idle."""

from __future__ import annotations

import fcntl
import hmac
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from remediate.lab import ground, hostspec, images, packages, shell
from remediate.lab.folder import LabFolder, read_json, write_json
from remediate.lab.keeper import Keeper
from remediate.lab.listener import Listener
from remediate.lab.sourcemark import source_mark
from remediate.lab.ssh_server import Connection
from remediate.model import Json

CONTROL = "control connection"
"""What the listener calls the control port; no host can be called so."""
IDLE_SECONDS = 30 * 60.0
REQUEST_LIMIT = 65_536
LOG_LIMIT = 4 * 2**20

log = logging.getLogger(__name__)


class Daemon:
    """One lab, from its folder's plan."""

    def __init__(self, folder: LabFolder) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.stopped = threading.Event()
        self.used = time.monotonic()
        self.listener = Listener(self.serve)
        self.keeper = Keeper(folder, images.library(packages.catalogue()), shell.execute)

    def begin(self) -> list[str]:
        """Open every port; notes of what was built anew."""
        notes = self.declare()
        port = self.listener.open(CONTROL, 0)
        self.listener.start()
        told: dict[str, Json] = {"pid": os.getpid(), "port": port, "token": self.token, "source": source_mark()}
        write_json(self.folder.daemon, told, mode=0o600)
        return notes

    def declare(self) -> list[str]:
        """Serve what the plan says now."""
        rows = read_json(self.folder.plan).get("hosts", [])
        assert isinstance(rows, list)
        specs = [hostspec.from_json(row) for row in rows if isinstance(row, dict)]
        at = ground.ports(self.folder, ground.port_names(specs))
        moved, notes = self.keeper.declare(specs)
        for name in [port for host in moved for port in (host, ground.winrm_port(host))]:
            self.listener.shut(name)
            if name in at:
                at[name] = self.listener.open(name, at[name])
        kept = read_json(self.folder.ports)
        if any(kept.get(name) != port for name, port in at.items()):
            write_json(self.folder.ports, {**kept, **at})
        ground.write_known_hosts(self.folder, specs, at)
        return notes

    def serve(self, name: str, sock: socket.socket) -> None:
        """Handle one accepted connection; blocks until it is over."""
        self.used = time.monotonic()
        if name == CONTROL:
            with sock:
                self._answer(sock)
            return
        served, winrm = self.keeper.served.get(name), self.keeper.winrm.get(name)
        if winrm is not None:
            winrm.serve(sock)
        elif served is not None:
            Connection(sock, served).run()
        else:
            sock.close()
        self.used = time.monotonic()

    def _answer(self, sock: socket.socket) -> None:
        sock.settimeout(60)
        try:
            request = json.loads(_line(sock))
            if not hmac.compare_digest(str(request.get("token")), self.token):
                return
            answer = self._carry_out(request)
            sock.sendall(json.dumps(answer).encode() + b"\n")
        except (OSError, ValueError, AttributeError) as error:
            log.warning("control request failed: %r", error)

    def _carry_out(self, request: dict[str, Json]) -> dict[str, Json]:
        match request.get("do"):
            case "status":
                return {"hosts": self.keeper.status()}
            case "reset":
                names = request.get("hosts")
                chosen = self.keeper.reset(str(name) for name in names) if isinstance(names, list) else []
                return {"hosts": list(chosen)}
            case "declare":
                return {"notes": list(self.declare())}
            case "stop":
                self.stopped.set()
                return {"stopping": True}
            case other:
                return {"error": f"unknown request {other!r}"}

    def wait(self) -> None:
        """Until told to stop, or nobody has used the lab for ``IDLE_SECONDS``."""
        while not self.stopped.wait(30):
            if self.keeper.busy:
                self.used = time.monotonic()
            if time.monotonic() - self.used > IDLE_SECONDS:
                log.info("idle, ending")
                break
        self.listener.stop()
        self.keeper.save_all()


def _line(sock: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < REQUEST_LIMIT:
        part = sock.recv(4096)
        if not part:
            break
        data += part
    return data


def main(root: Path) -> int:
    """Leave the starter, take the lab, tell on standard output that its ports are open, and serve."""
    if os.fork():
        os._exit(0)
    os.setsid()
    folder = LabFolder(root)
    lock = (root / "daemon.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.stderr.write("this lab runs already\n")
        return 1
    write_json(folder.daemon, {"pid": os.getpid()}, mode=0o600)
    if folder.log.exists() and folder.log.stat().st_size > LOG_LIMIT:
        folder.log.replace(folder.log.with_suffix(".old.log"))
    logging.basicConfig(
        filename=folder.log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    daemon = Daemon(folder)
    signal.signal(signal.SIGTERM, lambda *_: daemon.stopped.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    notes = daemon.begin()
    sys.stdout.write(json.dumps({"ready": True, "notes": notes}) + "\n")
    sys.stdout.flush()
    _let_go(folder)
    daemon.wait()
    return 0


def _let_go(folder: LabFolder) -> None:
    """Close the starter's pipes: it waits until nobody holds them."""
    nothing, log_file = os.open(os.devnull, os.O_RDONLY), os.open(folder.log, os.O_WRONLY | os.O_APPEND)
    for target, source in ((0, nothing), (1, log_file), (2, log_file)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log_file)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
