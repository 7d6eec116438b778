"""The SSH server of a lab host: password, key and keyboard-interactive log-on, exec on cmd.exe, SFTP on the disk."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, OPEN_SUCCEEDED
from paramiko.server import InteractiveQuery

from remediate.lab import installation, sftp
from remediate.lab.errors import LabError
from remediate.lab.faults import Moment

if TYPE_CHECKING:
    from remediate.lab.drops import Drops
    from remediate.lab.machine import Machine

LEGACY_KEX = ("diffie-hellman-group14-sha1",)
LEGACY_CIPHERS = ("3des-cbc", "aes128-cbc")
LEGACY_MACS = ("hmac-sha1",)
LEGACY_KEYS = ("ssh-rsa",)
MODERN_BANNER = "SSH-2.0-LabSSH_2.1"
LEGACY_BANNER = "SSH-2.0-LabSSH_1.0"
WATCH = 0.05
"""Seconds between two looks of a connection that is to be cut at a moment of the installer's."""
STDIN_GRACE = 0.25
"""Seconds a command waits for input from a client that neither sends any nor says that there is none."""
OUTPUT_LIMIT = 32 * 2**20

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Served:
    """One host on the wire. ``save`` writes its state down; it is called before a change is reported to a client."""

    machine: Machine
    drops: Drops
    key: paramiko.PKey
    user: str
    password: str
    authorized: frozenset[str]
    """Base64 of the public keys that may log on."""
    sftp: bool
    legacy: bool
    execute: Callable[[Machine, str, bytes], tuple[bytes, bytes, int]]
    """cmd.exe: command line and standard input to output, errors and exit code."""
    save: Callable[[], None]
    connections: set[Connection] = field(default_factory=set)
    logons: int = 0
    executions: int = 0
    started_seen: int = 0
    """Installers started when the last execution was answered."""
    end_seen: bool = False
    """An execution was answered when an installer had come to its end."""


class Connection(paramiko.ServerInterface):
    """One TCP connection to a host."""

    def __init__(self, sock: socket.socket, host: Served) -> None:
        self.host = host
        self.machine = host.machine
        self.drops = host.drops
        self._sock = sock
        self._transport: paramiko.Transport | None = None
        self._asked = ""
        """User whose password was asked for interactively."""

    # life

    def run(self) -> None:
        """Serve until the client leaves or the connection is cut; blocks."""
        self.host.connections.add(self)
        try:
            if self.away():
                return
            transport = self._transport = self._new_transport()
            transport.start_server(server=self)
            while transport.is_active():
                transport.join(WATCH if self._watched() else None)
                self._watch()
        except (paramiko.SSHException, EOFError, OSError) as error:
            log.debug("%s: %s", self.machine.name, error)
        finally:
            self.host.connections.discard(self)
            if self._transport is not None:
                self._transport.close()
            self._sock.close()

    def _new_transport(self) -> paramiko.Transport:
        transport = paramiko.Transport(self._sock, disabled_algorithms=None)
        transport.local_version = LEGACY_BANNER if self.host.legacy else MODERN_BANNER
        transport.daemon = True
        transport.add_server_key(self.host.key)
        if self.host.legacy:
            options = transport.get_security_options()
            options.kex, options.ciphers = LEGACY_KEX, LEGACY_CIPHERS
            options.digests, options.key_types = LEGACY_MACS, LEGACY_KEYS
        if self.host.sftp:
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, sftp.Server)
        return transport

    def cut(self) -> None:
        """End the TCP connection without a word, as a lost network does."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("%s: cut twice", self.machine.name)

    def away(self) -> bool:
        """Whether the host is down for a restart; the connection is lost then."""
        with self.machine.lock:
            self.machine.advance()
            down = self.machine.down
        if down:
            self.save()
            self.cut()
        return down

    def save(self) -> None:
        self.host.save()

    # moments at which connections are cut

    def _watched(self) -> bool:
        return self.drops.pending(Moment.AFTER_START) or self.drops.pending(Moment.SERVICE_RESTART)

    def _watch(self) -> None:
        if not self._watched():
            return
        with self.machine.lock:
            self.machine.advance()
            begun = installation.started(self.machine) > self.host.started_seen
            busy = installation.phase(self.machine) in ("files", "register", "start")
        if (begun and self.drops.strike(Moment.AFTER_START)) or (busy and self.drops.strike(Moment.SERVICE_RESTART)):
            self.save()
            self.cut()

    def _cut_before(self) -> bool:
        return self.host.end_seen and self.drops.strike(Moment.BEFORE_VERIFICATION)

    def _cut_after(self, *, busy: bool) -> bool:
        """Whether the answer of an execution is lost; ``busy``: an installer was active when it began."""
        with self.machine.lock:
            self.machine.advance()
            count = installation.started(self.machine)
            active = installation.phase(self.machine) is not None
        begun, self.host.started_seen = count > self.host.started_seen, count
        self.host.end_seen = count > 0 and not active
        if begun and self.drops.strike(Moment.AFTER_START):
            return True
        return busy and active and self.drops.strike(Moment.POLLING)

    # log-on

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return "publickey,password,keyboard-interactive"

    def check_auth_password(self, username: str, password: str) -> int:
        return self._logged_on(username) if self._right(username, password) else AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username.lower() == self.host.user.lower() and key.get_base64() in self.host.authorized
        return self._logged_on(username) if known else AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> int | InteractiveQuery:  # noqa: ARG002
        self._asked = username
        return InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int | InteractiveQuery:
        right = len(responses) == 1 and self._right(self._asked, responses[0])
        return self._logged_on(self._asked) if right else AUTH_FAILED

    def _right(self, username: str, password: str) -> bool:
        return username.lower() == self.host.user.lower() and password == self.host.password

    def _logged_on(self, username: str) -> int:
        self.host.logons += 1
        text = f"Successful Network Logon: User Name: {username}"
        with self.machine.lock:
            event = 540 if self.machine.os.release == "2003" else 528
            self.machine.eventlog.add("Security", "Security", event, "Audit Success", text)
        return AUTH_SUCCESSFUL

    # channels

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if self.away():
            return False
        if self._cut_before():
            self.save()
            self.cut()
            return False
        threading.Thread(target=self._execute, args=(channel, command), daemon=True, name="exec").start()
        return True

    def _execute(self, channel: paramiko.Channel, command: bytes) -> None:
        line = command.decode("utf-8", "replace")
        try:
            stdin = read_input(channel)
            out, err, code = self._carry_out(line, stdin)
            channel.sendall(out[:OUTPUT_LIMIT])
            channel.sendall_stderr(err[:OUTPUT_LIMIT])
            channel.send_exit_status(code & 0xFFFFFFFF)
            channel.close()
        except (OSError, EOFError, paramiko.SSHException) as error:
            log.debug("%s: answer of %r lost: %s", self.machine.name, line, error)

    def _carry_out(self, line: str, stdin: bytes) -> tuple[bytes, bytes, int]:
        """Run a command line, save what it changed, and give its answer; raises EOFError when it is cut off."""
        with self.machine.lock:
            self.machine.advance()
            busy = installation.phase(self.machine) is not None
        self.host.executions += 1
        try:
            answer = self.host.execute(self.machine, line, stdin)
        except LabError as error:
            self.machine.refuse(f"{line}: {error}")
            answer = (b"", f"{error.text}\r\n".encode(), 1)
        except Exception as error:  # the host must answer, and the defect of the lab must show
            log.exception("%s: %r", self.machine.name, line)
            self.machine.refuse(f"{line}: the lab itself failed: {error!r}")
            answer = (b"", f"the lab itself failed: {error!r}\r\n".encode(), 255)
        lost = self._cut_after(busy=busy) or self.machine.down
        self.save()
        if lost:
            self.cut()
            raise EOFError
        return answer


def read_input(channel: paramiko.Channel) -> bytes:
    """All a client sends as standard input; a client that leaves it open without sending waits ``STDIN_GRACE``."""
    parts: list[bytes] = []
    channel.settimeout(STDIN_GRACE)
    try:
        while part := channel.recv(65536):
            parts.append(part)
            channel.settimeout(None)
    except TimeoutError:
        pass
    channel.settimeout(None)
    return b"".join(parts)
