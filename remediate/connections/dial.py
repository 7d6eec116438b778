"""Gets a line to a host: name, port, jump, SSH banner, key exchange, host key, log-in; every failure told apart."""

from __future__ import annotations

import contextlib
import getpass
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paramiko import Channel, ChannelException, PKey, SSHException, Transport
from paramiko.ssh_exception import IncompatiblePeer

from remediate.connections import algorithms, hostkeys
from remediate.connections.auth import Credentials, log_in
from remediate.connections.base import Road
from remediate.connections.endpoint import SshOptions
from remediate.connections.shared import Shared
from remediate.errors import Unreachable, UserError
from remediate.model import Endpoint

_IDLE = 1.0
"""Seconds after which the thread of a line looks whether it is time for a keepalive. It is woken by whatever arrives,
and by hanging up. With paramiko's own 0.1 two hundred quiet lines keep a slow machine busy with that alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An SSH connection that is logged in, and the one to the jump host it goes through."""

    transport: Transport
    through: Line | None = None
    notes: tuple[str, ...] = ()
    auth: str = ""
    """What was logged in with."""

    @property
    def road(self) -> Road:
        """See ``base.Road``."""
        name = "ssh through a jump host" if self.through else "ssh"
        return Road(name=name, auth=self.auth, server=str(self.transport.remote_version))

    def close(self) -> None:
        """Hangs up at once, without waiting for anybody."""
        with contextlib.suppress(OSError, EOFError, SSHException):
            self.transport.sock.shutdown(socket.SHUT_RDWR)  # wakes the transport's thread, which close() joins
        with contextlib.suppress(OSError, EOFError, SSHException):
            self.transport.close()
        if self.through is not None:
            self.through.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    address: str
    port: int
    credentials: Credentials
    options: SshOptions

    @property
    def where(self) -> str:
        return f"{self.address}:{self.port}"


class _Transport(Transport):
    """Remembers what the server offered, which paramiko forgets when there is nothing in common."""

    offer: algorithms.Offer | None = None

    def _really_parse_kex_init(self, m: Any, ignore_first_byte: bool = False) -> Any:
        parsed = super()._really_parse_kex_init(m, ignore_first_byte)  # type: ignore[misc]
        self.offer = {
            "kex": tuple(parsed["kex_algo_list"]),
            "keys": tuple(parsed["server_key_algo_list"]),
            "ciphers": tuple(parsed["server_encrypt_algo_list"]),
            "macs": tuple(parsed["server_mac_algo_list"]),
        }
        return parsed


def dial(endpoint: Endpoint, options: SshOptions, shared: Shared) -> Line:
    """A logged-in line to the endpoint, through its jump host if it has one. Raises Unreachable."""
    target = _Target(
        address=endpoint.address,
        port=endpoint.port,
        credentials=_credentials(endpoint, options, shared),
        options=options,
    )
    if not options.ssh_jump:
        return _connect(target, _open(target), shared)
    jump = _jump_target(endpoint, target, shared)
    through = _connect(jump, _open(jump), shared)
    try:
        line = _connect(target, _open_through(through, jump, target), shared)
    except BaseException:
        through.close()
        raise
    return replace(line, through=through, notes=(*through.notes, *line.notes))


def _credentials(endpoint: Endpoint, options: SshOptions, shared: Shared) -> Credentials:
    keys: tuple[PKey, ...] = ()
    if options.ssh_private_key_file:
        path = Path(options.ssh_private_key_file).expanduser()
        keys = (shared.keyring.load(path, endpoint.secrets.get("passphrase")),)
    ask_agent = options.ssh_agent or not (keys or endpoint.password)
    return Credentials(
        user=endpoint.user or getpass.getuser(),
        keys=keys,
        agent=shared.keyring.agent if ask_agent else tuple,
        password=endpoint.password,
    )


def _jump_target(endpoint: Endpoint, target: _Target, shared: Shared) -> _Target:
    options = target.options
    user, _, rest = options.ssh_jump.rpartition("@")
    address, port = _host_port(rest)
    password = endpoint.secrets.get("jump_password")
    own_key = options.ssh_jump_private_key_file
    base = target.credentials
    if own_key or password:
        keys = (shared.keyring.load(Path(own_key).expanduser(), endpoint.secrets.get("passphrase")),) if own_key else ()
        base = Credentials(user="", keys=keys, password=password)
    credentials = replace(base, user=user or target.credentials.user)
    return _Target(address=address, port=port, credentials=credentials, options=options)


def _host_port(text: str) -> tuple[str, int]:
    address, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        address, port = text, "22"
    if not port.isdigit() or not address:
        raise UserError(f"ssh_jump cannot be {text!r}", hint="write it as user@host or user@host:port")
    return address.strip("[]"), int(port)


def _open(target: _Target) -> socket.socket:
    try:
        sock = socket.create_connection((target.address, target.port), timeout=target.options.connect_timeout)
    except (socket.gaierror, UnicodeError) as error:
        raise Unreachable(
            f"the name {target.address} cannot be resolved: {getattr(error, 'strerror', None) or error}",
            kind="name",
            hint="correct ansible_host, or the DNS or hosts file of this machine",
        ) from None
    except ConnectionRefusedError:
        raise Unreachable(
            f"{target.where} refuses connections",
            kind="refused",
            hint=f"is the SSH server running there, and is {target.port} its port (ansible_port)?",
        ) from None
    except OSError as error:
        text = "does not answer" if isinstance(error, TimeoutError) else f"cannot be reached: {error.strerror or error}"
        raise Unreachable(
            f"{target.where} {text}",
            kind="timeout",
            hint="is the host up, and does a firewall let this machine through? connect_timeout lengthens the wait",
        ) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # else a network that fell silent is noticed after a quarter of an hour
        patience = max(30.0, 3 * target.options.ssh_keepalive)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * patience))
    return sock


def _open_through(through: Line, jump: _Target, target: _Target) -> Channel:
    try:
        return through.transport.open_channel(
            "direct-tcpip",
            (target.address, target.port),
            ("127.0.0.1", 0),
            timeout=target.options.connect_timeout,
        )
    except ChannelException as error:
        if error.code == 1:
            text, hint = "does not forward connections", "allow TCP forwarding on the jump host"
        else:
            text, hint = (
                f"cannot reach {target.where}: {error.text}",
                f"is {target.where} right as the jump host sees it?",
            )
        raise Unreachable(f"jump host {jump.where} {text}", kind="refused", hint=hint) from None
    except (SSHException, EOFError, OSError) as error:
        raise Unreachable(
            f"jump host {jump.where} gave no way to {target.where}: {error}",
            kind="timeout",
            hint="is the host up, and reachable from the jump host?",
        ) from None


def _connect(target: _Target, sock: socket.socket | Channel, shared: Shared) -> Line:
    options = target.options
    known = shared.host_keys(Path(options.ssh_known_hosts).expanduser())
    transport = _Transport(sock, disabled_algorithms=algorithms.disabled(legacy=options.ssh_legacy))
    line = Line(transport=transport)
    try:
        _prefer_known(transport, [k.kind for k in known.known(target.address, target.port)])
        transport.banner_timeout = transport.handshake_timeout = options.connect_timeout
        transport.auth_timeout = transport.channel_timeout = options.connect_timeout
        _start(transport, target)
        notes = [_check_key(transport, target, known)]
        if options.ssh_legacy:
            notes.append(_legacy(transport, target))
        auth = log_in(transport, target.credentials, target.where)
        transport.set_keepalive(round(options.ssh_keepalive))
        if isinstance(sock, socket.socket):  # of a jump host's channel nobody is woken when it is hung up
            sock.settimeout(_IDLE)
    except BaseException:
        line.close()
        raise
    return replace(line, auth=auth, notes=tuple(note for note in notes if note))


def _prefer_known(transport: Transport, kinds: list[str]) -> None:
    """Asks first for a host key of a kind that is known, so that a second key of the server is no surprise."""
    wanted = {
        name for kind in kinds for name in (("rsa-sha2-512", "rsa-sha2-256", kind) if kind == "ssh-rsa" else (kind,))
    }
    security = transport.get_security_options()
    usual = security.key_types
    security.key_types = sorted(usual, key=lambda name: name not in wanted)  # stable: keeps the usual order


def _start(transport: _Transport, target: _Target) -> None:
    patience = target.options.connect_timeout
    try:
        transport.start_client(timeout=2 * patience)
    except IncompatiblePeer as error:
        if transport.offer is None:
            raise _no_ssh(target, str(error)) from None
        raise algorithms.mismatch(
            target.where, transport.offer, _supported(transport), legacy=target.options.ssh_legacy
        ) from None
    except (SSHException, EOFError, OSError) as error:
        if transport.offer is None:
            raise _no_ssh(target, str(error)) from None
        raise Unreachable(
            f"{target.where} ended the connection during the key exchange: {error or 'no reason given'}",
            kind="lost",
            hint="run again; if it stays, look into the SSH server's log on the host",
        ) from None
    if not transport.initial_kex_done:
        raise Unreachable(
            f"{target.where} did not finish the key exchange within {2 * patience:g} seconds",
            kind="timeout",
            hint="the host may be very busy: lengthen connect_timeout",
        )


def _supported(transport: Transport) -> algorithms.Offer:
    return {
        "kex": transport.preferred_kex,
        "keys": transport.preferred_keys,
        "ciphers": transport.preferred_ciphers,
        "macs": transport.preferred_macs,
    }


def _no_ssh(target: _Target, reason: str) -> Unreachable:
    reason = reason.removeprefix("Error reading SSH protocol banner") or "it said nothing"
    return Unreachable(
        f"{target.where} accepts connections but does not speak SSH 2: {reason}",
        kind="protocol",
        hint=f"is {target.port} the SSH server's port (ansible_port)? A server that is starting or full hangs up, too",
    )


def _check_key(transport: Transport, target: _Target, known: hostkeys.HostKeys) -> str:
    key = transport.get_remote_server_key()
    learn = target.options.ssh_host_key == "accept-new"
    return hostkeys.check(known, target.address, target.port, key.get_name(), key.asbytes(), learn=learn)


def _legacy(transport: _Transport, target: _Target) -> str:
    """Notes old algorithms; a server that signs its host key with SHA-1 knows no other signature of ours either."""
    if transport.host_key_type == "ssh-rsa" and not getattr(transport, "server_extensions", None):
        transport.disabled_algorithms = {"pubkeys": ["rsa-sha2-512", "rsa-sha2-256"]}
    old = algorithms.used(transport, transport.offer or {"kex": ()})
    return f"SSH to {target.where} uses old algorithms: {old}" if old else ""
