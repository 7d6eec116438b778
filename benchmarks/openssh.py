"""OpenSSH servers on loopback addresses, each a host of its own: started here, as whoever runs the benchmark."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

EACH = 16
"""Addresses one sshd listens on at most: MAX_LISTEN_SOCKS of its source."""
PATIENCE = 20.0
"""Seconds until servers that do not listen are given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Hosts that run; all of them take the same key and have the same host key."""

    folder: Path
    addresses: Sequence[str]
    port: int

    @property
    def key(self) -> Path:
        return self.folder / "client"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def user(self) -> str:
        return getpass.getuser()


def missing() -> str:
    """Why there can be no such servers here, in words; "" where there can."""
    absent = [name for name in ("sshd", "ssh-keygen") if not _program(name)]
    return f"{' and '.join(absent)} of OpenSSH not found (Debian: openssh-server, openssh-client)" if absent else ""


@contextmanager
def servers(count: int) -> Iterator[Fleet]:
    """``count`` hosts, up to 250."""
    if reason := missing():
        raise RuntimeError(reason)
    with TemporaryDirectory() as name:
        folder = Path(name)
        addresses = [f"127.{64 + os.getpid() // 256 % 128}.{os.getpid() % 256}.{n}" for n in range(1, count + 1)]
        fleet = Fleet(folder=folder, addresses=addresses, port=_free_port(addresses[0]))
        _keys(fleet)
        started = [_start(fleet, addresses[at : at + EACH], at) for at in range(0, count, EACH)]
        try:
            for address in addresses:
                _until_listening(address, fleet.port)
            yield fleet
        finally:
            for sshd in started:
                sshd.terminate()
            for sshd in started:
                sshd.wait(PATIENCE)


def _keys(fleet: Fleet) -> None:
    for name in ("host", "client"):
        words = [_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(fleet.folder / name)]
        subprocess.run(words, check=True)
    public = (fleet.folder / "host.pub").read_text()
    fleet.known_hosts.write_text("".join(f"[{address}]:{fleet.port} {public}" for address in fleet.addresses))


def _start(fleet: Fleet, addresses: Sequence[str], number: int) -> subprocess.Popen[bytes]:
    folder = fleet.folder
    if os.geteuid() == 0:  # its privileges are separated there
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    config = folder / f"sshd_config.{number}"
    config.write_text(
        "".join(f"ListenAddress {address}:{fleet.port}\n" for address in addresses)
        + f"HostKey {folder}/host\nPidFile none\nAuthorizedKeysFile {folder}/client.pub\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 500\nLogLevel ERROR\n"
    )
    words = [_program("sshd"), "-D", "-f", str(config), "-E", str(folder / "sshd.log")]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin") or ""


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _until_listening(address: str, port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection((address, port), timeout=PATIENCE).close()
        except OSError as error:
            if time.monotonic() > end:
                raise RuntimeError(f"sshd does not listen on {address}:{port}: {error}") from None
            time.sleep(0.05)
        else:
            return
