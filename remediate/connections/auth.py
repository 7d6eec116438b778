"""Logging in to an SSH server: keys, agent, password, keyboard-interactive, and several of them in a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.errors import Unreachable
from remediate.model import Secret

if TYPE_CHECKING:
    from paramiko import PKey, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What there is to log in with. ``agent`` is asked for its keys only when it comes to them."""

    user: str
    keys: tuple[PKey, ...] = ()
    agent: Callable[[], Sequence[PKey]] = tuple
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class _Way:
    method: str
    """As SSH names it."""
    label: str
    attempt: Callable[[Transport], list[str]]


def log_in(transport: Transport, credentials: Credentials, where: str) -> str:
    """Authenticates and tells with what; Unreachable(kind='auth') names the methods tried and those taken."""
    from paramiko import AuthenticationException, BadAuthenticationType, SSHException

    tried: list[str] = []
    steps: list[str] = []  # taken so far, where the server wants several
    allowed: set[str] | None = None
    refused: set[str] = set()
    for way in _ways(credentials):
        if allowed is not None and way.method not in allowed:
            continue
        if way.method == "keyboard-interactive" and "password" in refused:
            continue  # the same password: one more try would only bring the account nearer to being locked
        tried.append(way.label)
        try:
            more = way.attempt(transport)
            if transport.is_authenticated():
                return " + ".join((*steps, way.label))
            steps.append(way.label)
            allowed = set(more)
        except BadAuthenticationType as error:
            allowed = set(error.allowed_types)
        except AuthenticationException as error:
            refused.add(way.method)
            if not transport.is_active():
                raise _ended(where, credentials.user, tried, error) from None
        except SSHException as error:
            raise _ended(where, credentials.user, tried, error) from None
    raise _refused(where, credentials, tried, allowed or _asked(transport, credentials.user))


def _ways(credentials: Credentials) -> Iterator[_Way]:
    user, password = credentials.user, credentials.password
    for key in credentials.keys:
        yield _Way("publickey", f"key {_name(key)}", lambda t, k=key: t.auth_publickey(user, k))  # type: ignore[misc]
    for key in credentials.agent():
        yield _Way("publickey", f"agent key {_name(key)}", lambda t, k=key: t.auth_publickey(user, k))  # type: ignore[misc]
    if password is None:
        return
    yield _Way("password", "password", lambda t: t.auth_password(user, password.reveal(), fallback=False))
    yield _Way("keyboard-interactive", "keyboard-interactive", lambda t: t.auth_interactive(user, _answers(password)))


def _answers(password: Secret) -> Callable[[str, str, list[tuple[str, bool]]], list[str]]:
    return lambda _title, _text, prompts: [password.reveal() for _ in prompts]


def _name(key: PKey) -> str:
    from remediate.connections.hostkeys import fingerprint

    return f"{key.get_name()} {fingerprint(key.asbytes())}"


def _asked(transport: Transport, user: str) -> set[str]:
    """What the server takes, by asking it; only after everything else failed."""
    from paramiko import BadAuthenticationType, SSHException

    try:
        transport.auth_none(user)
    except BadAuthenticationType as error:
        return set(error.allowed_types)
    except (SSHException, EOFError):
        pass
    return set()


def _refused(where: str, credentials: Credentials, tried: Sequence[str], allowed: set[str]) -> Unreachable:
    takes = f"; the server takes {', '.join(sorted(allowed))}" if allowed else ""
    if not tried:
        text = f"there is nothing to log in to {where} with as {credentials.user}{takes}"
        hint = "set ansible_password or ansible_ssh_private_key_file, or load a key into the SSH agent"
    else:
        text = f"{where} refused {credentials.user}: tried {', '.join(tried)}{takes}"
        hint = _try_next(credentials, tried, allowed)
    return Unreachable(text, kind="auth", hint=hint)


def _try_next(credentials: Credentials, tried: Sequence[str], allowed: set[str]) -> str:
    methods = {"password" if t in ("password", "keyboard-interactive") else "publickey" for t in tried}
    if "password" in methods and credentials.password is not None:
        return "check user and password (a domain account is written DOMAIN\\user), and that the account is not locked"
    if allowed & {"password", "keyboard-interactive"}:
        return "put the public key into the account's authorized_keys on the host, or set ansible_password"
    return "put the public key into the account's authorized_keys on the host, or name another key"


def _ended(where: str, user: str, tried: Sequence[str], error: Exception) -> Unreachable:
    text = f"{where} ended the connection while {user} logged in ({', '.join(tried)}): {error}"
    hint = "the server may allow fewer tries than there are keys: name one key, or set ssh_agent: false"
    return Unreachable(text, kind="auth" if "timeout" not in str(error).lower() else "timeout", hint=hint)
