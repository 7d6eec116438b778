"""One Wine host behind an OpenSSH server: made, started, looked at and stopped."""

from __future__ import annotations

import getpass
import os
import shlex
import socket
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from remediate.lab import pe
from remediate.lab.hostspec import HostSpec, Override
from tests.patience import LIMIT, until
from tests.wine import guard, prefix, programs, tools, twin, zones

HOSTS = tools.HOME / "hosts"


@dataclass(frozen=True, slots=True, kw_only=True)
class WineSpec:
    """What a Wine host is: an image of the embedded lab, and what goes wrong on it."""

    image: str
    override: Override = field(default_factory=Override)
    services: dict[str, dict[str, int]] = field(default_factory=dict)
    """Service -> StartMs, StopMs, StartsLeft."""
    faults: dict[str, int] = field(default_factory=dict)
    """ExitCode, Extended, Hangs, Milliseconds of the installer."""
    zone: str = "london"
    """A time zone of the lab."""
    vars: dict[str, Any] = field(default_factory=dict)

    def local(self) -> Override:
        """The override of the lab's twin, in the host's time zone."""
        return replace(self.override, time_zone=self.zone, daylight=zones.daylight(self.zone))

    def environment(self, where: Path) -> dict[str, str]:
        """What programs of the host with the prefix ``where`` run with."""
        return tools.environment(where, zones.ZONES[self.zone])


class WineHost:
    """A running host. ``close`` ends all of it; so does the end of this process."""

    def __init__(self, name: str, spec: WineSpec, *, address: str = "", port: int = 0, number: int = 1) -> None:
        """``number`` tells the hosts of this process apart where ``address`` is left to it."""
        self.name, self.spec = name, spec
        self.address = address or own_address(number)
        self.port = port or free_port(self.address)
        self.folder = HOSTS / f"{os.getpid()}-{name}"
        self.prefix = self.folder / "prefix"
        self._make()
        words = [sys.executable, "-m", "tests.wine.guard", str(self.folder), zones.ZONES[spec.zone]]
        self._guard = subprocess.Popen(words, cwd=tools.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       start_new_session=True)  # fmt: skip
        assert self._guard.stdout is not None
        said = self._guard.stdout.readline()
        assert said == "up\n", f"{name} did not come up"
        (self.folder / "guard.pid").write_text(str(self._guard.pid))
        until(lambda: listens(self.address, self.port))

    def _make(self) -> None:
        guard.stop(self.folder)
        prefix.clone(self.prefix)
        programs_folder = programs.compiled()
        launcher = self.prefix / "drive_c" / "windows" / "launcher.exe"
        launcher.write_bytes((programs_folder / "launcher.exe").read_bytes())
        lab = HostSpec(name=self.name, image=self.spec.image, override=self.spec.local())
        twin.furnish(self.prefix, lab, self.spec.services, self.spec.faults)
        self._ssh()

    def _ssh(self) -> None:
        for name in ("host_key", "client_key"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(self.folder / name)]
            subprocess.run(words, check=True)
        public = (self.folder / "host_key.pub").read_text()
        (self.folder / "known_hosts").write_text(f"[{self.address}]:{self.port} {public}")
        run = self.folder / "run.sh"
        run.write_text(self._command())
        run.chmod(0o755)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        (self.folder / "sshd_config").write_text(
            f"ListenAddress {self.address}:{self.port}\nHostKey {self.folder}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {self.folder}/client_key.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            f"PermitRootLogin prohibit-password\nMaxSessions 50\nMaxStartups 50\nLogLevel ERROR\n"
            f"ForceCommand {run}\nSubsystem sftp {tools.SFTP_SERVER}\n"
        )

    def _command(self) -> str:
        """cmd.exe takes the line as it came; drives are where an SFTP client of Windows finds them."""
        environment = self.spec.environment(self.prefix)
        lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        relay = shlex.join([sys.executable, "-I", "-S", str(Path(__file__).with_name("relay.py"))])
        wine = shlex.join(tools.wine(guard.KEEPER))
        return "\n".join([
            "#!/bin/sh", *lines, 'cd "$WINEPREFIX/drive_c" || exit 1', 'case "$SSH_ORIGINAL_COMMAND" in',
            f'"{tools.SFTP_SERVER}"*) exec {tools.SFTP_SERVER} -d "$WINEPREFIX/dosdevices" ;;', "esac",
            f'REMEDIATE_COMMAND="$SSH_ORIGINAL_COMMAND" exec {relay} {wine}', "",
        ])  # fmt: skip

    def variables(self) -> dict[str, Any]:
        """How the inventory describes the host."""
        return {
            "ansible_host": self.address,
            "ansible_port": self.port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.folder / "client_key"),
            "ssh_known_hosts": str(self.folder / "known_hosts"),
            **self.spec.vars,
        }

    def path(self, windows: str) -> Path:
        """Where a file of the host is on this machine."""
        return twin.unix(self.prefix, windows)

    def version(self, name: str) -> str:
        """Version of one of Exchange's files, read from its bytes."""
        return pe.file_version(self.path(f"C:\\Program Files\\Exchsrvr\\bin\\{name}").read_bytes())

    def cmd(self, line: str, timeout: float = LIMIT) -> subprocess.CompletedProcess[bytes]:
        """A command line through cmd.exe of the host, beside the SSH server."""
        environment = {**self.spec.environment(self.prefix), "REMEDIATE_COMMAND": line}
        return subprocess.run(tools.wine(guard.KEEPER), env=environment, cwd=self.prefix / "drive_c",
                              capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL)  # fmt: skip

    def services(self) -> set[str]:
        """Display names of the services that run."""
        shown = self.cmd("net start").stdout.decode("utf-8", "replace")
        return {line.strip() for line in shown.splitlines() if line.startswith("    ")}

    def close(self) -> None:
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait(timeout=LIMIT)
        assert self._guard.stdout is not None
        self._guard.stdout.close()


def own_address(number: int) -> str:
    """A loopback address of this process alone: no client anywhere takes a port of it while a host is being made."""
    return f"127.{64 + os.getpid() // 256 % 128}.{os.getpid() % 256}.{number}"


def free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=LIMIT).close()
    except OSError:
        return False
    return True


def sweep() -> None:
    """Ends hosts whose guard was killed together with the tests."""
    for folder in HOSTS.iterdir() if HOSTS.is_dir() else ():
        owner = folder.name.partition("-")[0]
        if not Path(f"/proc/{owner}").exists():
            guard.stop(folder)
