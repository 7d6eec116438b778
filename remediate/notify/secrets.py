"""Where the secrets of hooks come from (``env:NAME``, ``file:PATH``), and which variables no command gets to see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from remediate.notify.model import Hook
from remediate.notify.trouble import HookFailed
from remediate.secrets.logins import holds_login, logins
from remediate.secrets.names import names_a_secret

LARGEST = 65536
"""Bytes of a secret file."""
LONG = 8
"""Characters from which a secret is looked for inside other values: a short one is part of many words."""
WAYS = ("env:", "file:")

_MORE = re.compile(r"(^|_)(\w*KEY|AUTH|PASS|\w*PASSWORD|\w*SECRETS?|\w*TOKENS?)($|_)|^REMEDIATE_LEDGER$", re.IGNORECASE)
"""Names that are no secret's elsewhere, and too near to one for a program of somebody else (``AWS_ACCESS_KEY_ID``)."""
_HARMLESS = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK"})


def is_reference(text: str) -> bool:
    """Whether this says where a value is, not what it is."""
    return text.startswith(WAYS) and text not in WAYS


def value(where: str, environ: Mapping[str, str], folder: Path) -> str:
    """What ``env:NAME`` or ``file:PATH`` stands for, blanks around it left out; ``HookFailed`` for nothing."""
    way, _, name = where.partition(":")
    if way == "env":
        found = environ.get(name, "").strip()
        if not found:
            raise HookFailed(f"the environment variable {name} is {'empty' if name in environ else 'not set'}")
        return found
    try:
        with (folder / Path(name).expanduser()).open("rb") as file:
            content = file.read(LARGEST + 1)
        found = content.decode("utf-8").strip()
    except (OSError, RuntimeError, ValueError) as error:
        said = getattr(error, "strerror", None) or ("not UTF-8 text" if isinstance(error, ValueError) else "no home")
        raise HookFailed(f"the secret file {name} cannot be read: {said}") from None
    if not found or len(content) > LARGEST:
        raise HookFailed(f"the secret file {name} is {'empty' if not found else f'larger than {LARGEST} bytes'}")
    return found


def references(hook: Hook) -> tuple[str, ...]:
    """Every place a hook takes a secret from."""
    given = (hook.secret, hook.webhook, hook.mail.password if hook.mail else "")
    return tuple(where for where in given if is_reference(where))


def known(hooks: Iterable[Hook], environ: Mapping[str, str], folder: Path) -> frozenset[str]:
    """What the hooks refer to, and what is secret in their addresses: what must not turn up anywhere."""
    values: set[str] = set()
    for where in {where for hook in hooks for where in references(hook)}:
        if where.startswith("env:") or _is_plain_file(folder, where):
            with suppress(HookFailed):
                values.add(value(where, environ, folder))
    addresses = [hook.webhook for hook in hooks] + [value for value in values if "://" in value]
    return frozenset(values | {secret for address in addresses for secret in logins(address)})


def _is_plain_file(folder: Path, where: str) -> bool:
    """Whether it can be read at once: a pipe may keep its reader waiting."""
    with suppress(OSError, RuntimeError, ValueError):
        return (folder / Path(where.partition(":")[2]).expanduser()).is_file()
    return False


def harmless(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The environment for commands: no variables that are called secret, hold a login, or hold one of ``secrets``."""
    hidden = tuple(secrets)

    def tells(text: str) -> bool:
        return any(secret == text or (len(secret) >= LONG and secret in text) for secret in hidden)

    def named(name: str) -> bool:
        return name not in _HARMLESS and bool(names_a_secret(name) or _MORE.search(name))

    return {
        name: text for name, text in environ.items() if not named(name) and not holds_login(text) and not tells(text)
    }
