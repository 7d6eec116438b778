"""A small real SSH server whose every trouble can be ordered: log-in, algorithms, commands, SFTP, drops."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
from paramiko import common
from paramiko.server import InteractiveQuery

from tests.connections.disk import DiskServer
from tests.patience import LIMIT

Answer = tuple[bytes, bytes, int]
Execute = Callable[[str, bytes], "Answer | None"]
"""(command line, standard input) -> stdout, stderr, exit code; None cuts the connection instead."""


@dataclass(slots=True, kw_only=True)
class Rules:
    """What a server does; a test changes it at will."""

    execute: Execute = lambda command, stdin: (b"ok\r\n", b"", 0)
    user: str = "admin"
    password: str = "secret"
    methods: str = "password"
    keys: frozenset[str] = frozenset()
    """Base64 of public keys that may log in."""
    second: str = ""
    """A method that is asked for after the first one succeeded."""
    algorithms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """kex, ciphers, digests, key_types: the only ones offered."""
    disk: Path | None = None
    """Folder that SFTP shows as C:/; no SFTP when it is None."""
    banner: bytes | None = None
    """Said instead of SSH, then the connection is closed."""
    commands: bool = True
    forward: bool = False
    silent: bool = False
    """Accepts the connection and never says a word."""
    cut_connections: int = 0
    """So many next connections are closed at once."""


class Server:
    """Serves on a loopback port until closed. ``connections`` and ``commands`` tell what happened."""

    def __init__(self, rules: Rules, key: paramiko.PKey | None = None) -> None:
        self.rules = rules
        self.tries: list[str] = []
        """Log-ins that were judged, by their method."""
        self.key = key or paramiko.ECDSAKey.generate()
        self.connections = 0
        self.commands: list[str] = []
        self.transports: list[paramiko.Transport] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def known(self, path: Path) -> Path:
        """A known_hosts file with this server's key."""
        path.write_text(f"[127.0.0.1]:{self.port} {self.key.get_name()} {self.key.get_base64()}\n", encoding="ascii")
        return path

    def drop_all(self) -> None:
        """Cuts every connection without a word."""
        for transport in self.transports:
            with contextlib.suppress(OSError):
                transport.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(LIMIT)
        for transport in self.transports:
            transport.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            if self.rules.cut_connections > 0:
                self.rules.cut_connections -= 1
                sock.close()
            elif self.rules.silent:
                threading.Timer(5, sock.close).start()
            elif self.rules.banner is not None:
                sock.sendall(self.rules.banner)
                sock.close()
            else:
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = paramiko.Transport(sock)
        self.transports.append(transport)
        transport.add_server_key(self.key)
        options = transport.get_security_options()
        for name, values in self.rules.algorithms.items():
            setattr(options, name, tuple(values))
        if self.rules.disk is not None:
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, DiskServer, root=self.rules.disk)
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=_Interface(self, transport))


class _Interface(paramiko.ServerInterface):
    def __init__(self, server: Server, transport: paramiko.Transport) -> None:
        self._server, self._transport = server, transport
        self._passed: set[str] = set()

    @property
    def _rules(self) -> Rules:
        return self._server.rules

    def get_allowed_auths(self, username: str) -> str:
        return self._rules.second if self._passed else self._rules.methods

    def check_auth_password(self, username: str, password: str) -> int:
        if "password" not in self.get_allowed_auths(username).split(","):
            return common.AUTH_FAILED
        return self._judge("password", (username, password) == (self._rules.user, self._rules.password))

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return self._judge("publickey", username == self._rules.user and key.get_base64() in self._rules.keys)

    def check_auth_interactive(self, username: str, submethods: str) -> Any:
        if "keyboard-interactive" not in self.get_allowed_auths(username):
            return common.AUTH_FAILED
        return InteractiveQuery("", "", ("Password: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        return self._judge("keyboard-interactive", responses == [self._rules.password])

    def _judge(self, method: str, right: bool) -> int:
        self._server.tries.append(method)
        if not right:
            return common.AUTH_FAILED
        if self._rules.second and method != self._rules.second:
            self._passed.add(method)
            return common.AUTH_PARTIALLY_SUCCESSFUL
        return common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return common.OPEN_SUCCEEDED if kind == "session" else common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_direct_tcpip_request(self, chanid: int, origin: Any, destination: Any) -> int:
        if not self._rules.forward:
            return common.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        try:
            onward = socket.create_connection(destination, timeout=LIMIT)
        except OSError:
            return common.OPEN_FAILED_CONNECT_FAILED
        threading.Thread(target=_forward, args=(self._transport, onward), daemon=True).start()
        return common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if self._rules.commands:
            threading.Thread(target=self._execute, args=(channel, command.decode()), daemon=True).start()
        return self._rules.commands

    def _execute(self, channel: paramiko.Channel, command: str) -> None:
        self._server.commands.append(command)
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            answer = self._rules.execute(command, b"".join(iter(lambda: channel.recv(65536), b"")))
            if answer is None:
                self._transport.sock.shutdown(socket.SHUT_RDWR)
                return
            channel.sendall(answer[0])
            channel.sendall_stderr(answer[1])
            channel.send_exit_status(answer[2])
            channel.close()


def _forward(transport: paramiko.Transport, onward: socket.socket) -> None:
    channel = transport.accept(5)
    if channel is None:
        onward.close()
        return

    def pump(read: Callable[[int], bytes], write: Callable[[bytes], Any]) -> None:
        with contextlib.suppress(OSError, EOFError):
            while data := read(65536):
                write(data)
        with contextlib.suppress(OSError, EOFError):  # the other direction, or the transport, may have ended first
            channel.close()
        onward.close()

    threading.Thread(target=pump, args=(channel.recv, onward.sendall), daemon=True).start()
    pump(onward.recv, channel.sendall)


@contextlib.contextmanager
def serving(rules: Rules, key: paramiko.PKey | None = None) -> Iterator[Server]:
    server = Server(rules, key)
    try:
        yield server
    finally:
        server.close()
