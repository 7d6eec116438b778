"""Turns a host's rendered connection variables into an Endpoint, with Ansible's names and this toolkit's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

from remediate.connections import winrmoptions
from remediate.connections.roadoptions import RoadOptions
from remediate.connections.values import Unfit, choice, nearest, option, port, secret, shown, source, text
from remediate.model import Endpoint, Json, Source
from remediate.secrets.names import names_a_secret
from remediate.secrets.taint import opened

CONNECTIONS = {
    "ssh": "ssh",
    "paramiko": "ssh",
    "paramiko_ssh": "ssh",
    "ansible.builtin.ssh": "ssh",
    "winrm": "winrm",
    "ansible.builtin.winrm": "winrm",
    "psrp": "psrp",
    "ansible.builtin.psrp": "psrp",
}
"""Words ``ansible_connection`` may hold, and the road each means."""

MOST = 20
"""Mistakes of one host that are told."""
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "address": ("ansible_host", "ansible_ssh_host"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "password": ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"),
    "key": ("ansible_ssh_private_key_file", "ansible_private_key_file"),
    "passphrase": ("ansible_ssh_private_key_passphrase", "ansible_private_key_passphrase"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOptions(RoadOptions):
    """The settings of one SSH endpoint, by the names the variables have. Times are seconds."""

    ssh_legacy: bool = False
    """Also accept SHA-1 key exchange, ssh-rsa, CBC and 3DES ciphers, SHA-1 MACs."""
    ssh_known_hosts: str = "~/.ssh/known_hosts"
    ssh_host_key: str = "strict"
    """``strict`` refuses an unknown host key, ``accept-new`` learns it; a changed key is always refused."""
    ssh_jump: str = ""
    """``[user@]host[:port]`` of a host to go through; the user is the target's when none is named."""
    ssh_jump_private_key_file: str = ""
    """Key for the jump host; the target's own credentials when it has none of its own."""
    ssh_sftp: str = "auto"
    """``never`` for servers whose SFTP does not show the Windows drives."""
    ssh_agent: bool = False
    """Ask the agent although a key or password is named. Without either the agent is asked anyway."""
    ssh_private_key_file: str = ""
    ssh_keepalive: float = 15.0

    @classmethod
    def of(cls, endpoint: Endpoint) -> SshOptions:
        """The options of an endpoint this module has made."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in endpoint.options.items() if name in known})  # type: ignore[arg-type]


_CHOICES: Mapping[str, tuple[str, ...]] = {"ssh_host_key": ("strict", "accept-new"), "ssh_sftp": ("auto", "never")}


def endpoint(host: str, variables: Mapping[str, object]) -> Endpoint:
    """How to reach ``host`` by its connection variables. UserError (with the value's position) for what cannot be.

    Only those that the host's own road reads are looked at: others may not be renderable.
    """
    read = _Opened(variables)
    try:
        word = text(read, ("ansible_connection",), "ssh")
        connection = CONNECTIONS.get(word)
        if connection is None:
            hint = nearest(word, sorted(CONNECTIONS))
            raise Unfit(f"ansible_connection cannot be {shown(word)}", hint=hint)
        return _ssh(host, read) if connection == "ssh" else _winrm(host, connection, read)
    except Unfit as error:
        name = _blamed(error)
        error.source = error.source or (source(read, name) if name in read else None)
        raise


def mistakes(host: str, variables: Mapping[str, object]) -> list[Unfit]:
    """All that is wrong with them, one by one; what else rendering raises is not about connections."""
    found: list[Unfit] = []
    left = _Opened(variables)
    while len(found) < MOST:
        try:
            endpoint(host, left)
        except Unfit as error:
            found.append(error)
            if _blamed(error) in left:
                left = _Opened(left, besides=_blamed(error))
                continue
        break
    return found


def _blamed(error: Unfit) -> str:
    """The variable a message begins with."""
    return error.message.partition(" ")[0]


class _Opened(Mapping[str, object]):
    """Values as they are written; secrets stay closed where a name says so."""

    def __init__(self, variables: Mapping[str, object], besides: str = "") -> None:
        self._variables = variables
        self._besides = besides

    def place(self, name: str) -> Source | None:
        """Where a variable is written."""
        return source(self._variables, name)

    def __getitem__(self, name: str) -> object:
        if name == self._besides:
            raise KeyError(name)
        value = self._variables[name]
        return value if names_a_secret(name) else opened(value)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._variables if name != self._besides)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def impatient(endpoint: Endpoint, connect_timeout: float = 0.0) -> Endpoint:
    """The same host, tried once; with ``connect_timeout`` also in no more than that many seconds a step."""
    options = dict(endpoint.options) | {"reconnect_timeout": 0.0}
    if connect_timeout:
        own = options.get("connect_timeout")
        limit = float(own) if isinstance(own, int | float) else connect_timeout
        options["connect_timeout"] = min(limit, connect_timeout)
    return replace(endpoint, options=options)


def _ssh(host: str, variables: Mapping[str, object]) -> Endpoint:
    options: dict[str, Json] = {}
    for field in fields(SshOptions):
        value = variables.get(field.name)
        if value is not None:
            known = _CHOICES.get(field.name)
            options[field.name] = (
                choice(field.name, value, known) if known else option(field.name, value, field.default)
            )
    key = text(variables, _ALIASES["key"], "")
    if key:
        options["ssh_private_key_file"] = key
    secrets = {"passphrase": secret(variables, _ALIASES["passphrase"])}
    secrets["jump_password"] = secret(variables, ("ssh_jump_password",))
    return Endpoint(
        host=host,
        connection="ssh",
        address=text(variables, _ALIASES["address"], host),
        port=port(variables, _ALIASES["port"], 22),
        user=text(variables, _ALIASES["user"], ""),
        password=secret(variables, _ALIASES["password"]),
        options=options,
        secrets={name: value for name, value in secrets.items() if value is not None},
    )


def _winrm(host: str, connection: str, variables: Mapping[str, object]) -> Endpoint:
    key_password = secret(variables, winrmoptions.KEY_PASSWORD)
    options, number = winrmoptions.read(host, connection, variables)
    return Endpoint(
        host=host,
        connection=connection,
        address=text(variables, winrmoptions.HOST, host),
        port=number,
        user=text(variables, winrmoptions.USER, ""),
        password=secret(variables, winrmoptions.PASSWORD),
        options=options,
        secrets={} if key_password is None else {"key_password": key_password},
    )
