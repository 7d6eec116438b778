"""The SSH server of a lab host: password, key and keyboard-interactive log-on, exec on cmd.exe, SFTP on the disk."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, OPEN_SUCCEEDED
from paramiko.server import InteractiveQuery

from remediate.lab import sftp
from remediate.lab.visit import WATCH, Line, Visit

if TYPE_CHECKING:
    from remediate.lab.drops import Drops
    from remediate.lab.machine import Machine

LEGACY_KEX = ("diffie-hellman-group14-sha1",)
LEGACY_CIPHERS = ("3des-cbc", "aes128-cbc")
LEGACY_MACS = ("hmac-sha1",)
LEGACY_KEYS = ("ssh-rsa",)
MODERN_BANNER = "SSH-2.0-LabSSH_2.1"
LEGACY_BANNER = "SSH-2.0-LabSSH_1.0"
FIRST_INPUT = 0.1
"""Seconds a command waits for its client to speak first: before that, the client may not know yet that it runs."""
STDIN_PATIENCE = 60.0
"""Seconds a program that reads its input waits for a client that neither sends any nor says that there is none."""
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
    execute: Callable[..., tuple[bytes, bytes, int]]
    """cmd.exe: machine, command line and standard input to output, errors and exit code; see ``shell.execute``."""
    save: Callable[[], None]
    connections: set[Line] = field(default_factory=set)
    logons: int = 0
    executions: int = 0
    started_seen: int = 0
    """Installers started when the last execution was answered."""
    end_seen: bool = False
    """An execution was answered when an installer had come to its end."""


class Connection(Visit, paramiko.ServerInterface):
    """One TCP connection to a host."""

    def __init__(self, sock: socket.socket, host: Served) -> None:
        super().__init__(host)
        self.host = host
        self._sock = sock
        self._transport: paramiko.Transport | None = None
        self._was_cut = False
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
                transport.join(WATCH if self.watched() else None)
                self.watch()
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
        self._was_cut = True
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("%s: cut twice", self.machine.name)

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
        self.logged_on(username)
        return AUTH_SUCCESSFUL

    # channels

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if self.away():
            return False
        if self.cut_before():
            return False
        threading.Thread(target=self._execute, args=(channel, command), daemon=True, name="exec").start()
        return True

    def _execute(self, channel: paramiko.Channel, command: bytes) -> None:
        line = command.decode("utf-8", "replace")
        try:
            first = first_input(channel)
            out, err, code = self.carry_out(
                line, lambda: self.host.execute(self.machine, line, lambda: first + self._input(channel, len(first)))
            )
            if self._was_cut:
                raise EOFError
            channel.sendall(out[:OUTPUT_LIMIT])
            channel.sendall_stderr(err[:OUTPUT_LIMIT])
            channel.send_exit_status(code & 0xFFFFFFFF)
            channel.close()
        except (OSError, EOFError, paramiko.SSHException) as error:
            log.debug("%s: answer of %r lost: %s", self.machine.name, line, error)

    def _input(self, channel: paramiko.Channel, before: int) -> bytes:
        """What is sent after the first ``before`` bytes; a line that is cut meanwhile ends it early, as on Windows."""

        def took(total: int) -> bool:
            struck = self.drops.took(before + total)
            if struck:
                self.save()
                self.cut()
            return struck

        return read_input(channel, took)


def first_input(channel: paramiko.Channel) -> bytes:
    """What a client sends at once; it has had the answer to its request when this returns."""
    channel.settimeout(FIRST_INPUT)
    try:
        return channel.recv(65536)
    except TimeoutError:
        return b""
    finally:
        channel.settimeout(None)  # else a client that takes its time with a long answer would never get the rest


def read_input(channel: paramiko.Channel, took: Callable[[int], bool] = lambda _: False) -> bytes:
    """All a client sends as standard input. Asked for only by programs that read it, and as patient as they are."""
    parts: list[bytes] = []
    channel.settimeout(STDIN_PATIENCE)
    with suppress(TimeoutError):
        while part := channel.recv(65536):
            parts.append(part)
            if took(sum(map(len, parts))):
                break
    channel.settimeout(None)
    return b"".join(parts)
