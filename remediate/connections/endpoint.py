"""Turns a host's rendered connection variables into an Endpoint, with Ansible's names and this toolkit's own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import cast

from remediate.connections.roadoptions import RoadOptions
from remediate.errors import UserError
from remediate.model import Endpoint, Json, Secret, Source

CONNECTIONS = {"ssh": "ssh", "paramiko": "ssh", "paramiko_ssh": "ssh", "ansible.builtin.ssh": "ssh"}
"""Words ``ansible_connection`` may hold, and the road each means."""

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
    """How to reach ``host`` by its connection variables. UserError (with the value's position) for what cannot be."""
    word = _text(variables, ("ansible_connection",), "ssh")
    connection = CONNECTIONS.get(word)
    if connection is None:
        raise UserError(
            f"unknown connection {word!r} for host {host}",
            source=_source(variables, "ansible_connection"),
            hint=_nearest(word, sorted(CONNECTIONS)),
        )
    options: dict[str, Json] = {}
    for field in fields(SshOptions):
        if variables.get(field.name) is not None:
            options[field.name] = _option(field.name, variables[field.name], field.default)
    key = _text(variables, _ALIASES["key"], "")
    if key:
        options["ssh_private_key_file"] = key
    secrets = {"passphrase": _secret(variables, _ALIASES["passphrase"])}
    secrets["jump_password"] = _secret(variables, ("ssh_jump_password",))
    return Endpoint(
        host=host,
        connection=connection,
        address=_text(variables, _ALIASES["address"], host),
        port=_port(variables),
        user=_text(variables, _ALIASES["user"], ""),
        password=_secret(variables, _ALIASES["password"]),
        options=options,
        secrets={name: value for name, value in secrets.items() if value is not None},
    )


def _first(variables: Mapping[str, object], names: Sequence[str]) -> str:
    return next((name for name in names if variables.get(name) not in (None, "")), "")


def _text(variables: Mapping[str, object], names: Sequence[str], default: str) -> str:
    name = _first(variables, names)
    if not name:
        return default
    value = variables[name]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UserError(f"{name} must be text, not {_kind(value)}", source=_source(variables, name))
    return str(value)


def _secret(variables: Mapping[str, object], names: Sequence[str]) -> Secret | None:
    name = _first(variables, names)
    value = variables.get(name)
    if isinstance(value, Secret):
        return value
    return Secret(_text(variables, (name,), "")) if name else None


def _port(variables: Mapping[str, object]) -> int:
    name = _first(variables, _ALIASES["port"])
    text = _text(variables, (name,), "22") if name else "22"
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise UserError(f"{name} must be a port from 1 to 65535, not {text!r}", source=_source(variables, name))
    return int(text)


def _option(name: str, value: object, default: object) -> Json:
    if isinstance(default, bool):
        return _boolean(name, value)
    if isinstance(default, float):
        return _seconds(name, value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UserError(f"{name} must be text, not {_kind(value)}", source=_source({name: value}, name))
    text = str(value)
    if name in _CHOICES and text not in _CHOICES[name]:
        hint = _nearest(text, _CHOICES[name])
        raise UserError(f"{name} cannot be {text!r}", source=_source({name: value}, name), hint=hint)
    return text


def _boolean(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("yes", "true", "on", "1"):
        return True
    if word in ("no", "false", "off", "0"):
        return False
    raise UserError(f"{name} must be true or false, not {value!r}", source=_source({name: value}, name))


def _seconds(name: str, value: object) -> float:
    try:
        number = float(cast("str", value))
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 <= number < 1e9:
        raise UserError(f"{name} must be a number of seconds, not {value!r}", source=_source({name: value}, name))
    return number


def _kind(value: object) -> str:
    return {"Map": "a mapping", "dict": "a mapping", "Seq": "a list", "list": "a list", "bool": "true or false"}.get(
        type(value).__name__, type(value).__name__
    )


def _source(variables: Mapping[str, object], name: str) -> Source | None:
    """Where a value was written, when whoever read it kept that with it."""
    found = getattr(variables.get(name), "source", None)
    return found if isinstance(found, Source) else None


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
