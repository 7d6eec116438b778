"""Reads ``[[notify]]`` of remediate.toml; every mistake is a UserError that names the hook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlsplit

from remediate.errors import UserError
from remediate.language.words import kind, suggestion
from remediate.model import Source
from remediate.notify.model import KINDS, Hook, Kind, Mail

KEYS = ("name", "on", "webhook", "mail", "command", "secret", "timeout", "on_error")
MAIL_KEYS = ("server", "port", "starttls", "from", "to", "user", "password", "ca")
WAYS = ("webhook", "mail", "command")
LONGEST = 300.0
EXAMPLES = MappingProxyType(
    {"on": '["after", "failed"]', "command": '["tools/ticket.sh", "--close"]', "to": '["ops@example.com"]'}
)


def read(entries: object, place: Callable[[int], Source]) -> tuple[Hook, ...]:
    """The hooks; ``place`` says where the entry of that number begins."""
    if not isinstance(entries, list):
        raise UserError(f"notify is a list of tables, not {kind(entries)}", source=place(0), hint="write [[notify]]")
    hooks = tuple(_Entry(entry, place(number)).hook() for number, entry in enumerate(entries))
    names = [hook.name for hook in hooks]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise UserError(f"two hooks are called {name!r}", source=place(number))
    return hooks


class _Entry:
    """One table."""

    def __init__(self, data: object, source: Source) -> None:
        if not isinstance(data, dict):
            raise UserError(f"a hook is a table, not {kind(data)}", source=source, hint="write [[notify]]")
        self._data: Mapping[str, Any] = data
        self._source = source

    def _wrong(self, what: str, hint: str = "") -> UserError:
        name = self._data.get("name")
        return UserError(f"hook {name!r}: {what}" if isinstance(name, str) else what, source=self._source, hint=hint)

    def hook(self) -> Hook:
        for key in self._data:
            if key not in KEYS:
                raise self._wrong(f"unknown setting {key!r}", suggestion(key, KEYS))
        ways = [way for way in WAYS if way in self._data]
        if len(ways) != 1:
            raise self._wrong(f"needs exactly one of {', '.join(WAYS)}, has {' and '.join(ways) or 'none'}")
        secret = self._hidden("secret", self._data.get("secret", ""))
        if secret and ways != ["webhook"]:
            raise self._wrong("secret is for webhooks", "a mail has a password in its own table")
        return Hook(
            name=self._text("name", required=True),
            on=self._kinds(),
            webhook=self._url() if "webhook" in self._data else "",
            mail=self._mail() if "mail" in self._data else None,
            command=self._texts("command", self._data["command"]) if "command" in self._data else (),
            secret=secret,
            timeout=self._timeout(),
            fatal=self._on_error() == "fatal",
        )

    def _text(self, key: str, *, required: bool = False) -> str:
        value = self._data.get(key, "")
        if not isinstance(value, str) or (required and not value.strip()):
            raise self._wrong(f"{key} must be text", 'as in name = "chat"')
        return value

    def _texts(self, key: str, value: object) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) and key == "to" else value
        if not isinstance(values, list) or not values or not all(isinstance(item, str) and item for item in values):
            raise self._wrong(f"{key} must be a list of texts", f"as in {EXAMPLES[key]}")
        return tuple(values)

    def _kinds(self) -> tuple[Kind, ...]:
        kinds = self._texts("on", self._data.get("on"))
        for one in kinds:
            if one not in KINDS:
                raise self._wrong(f"on: {one!r} is no occasion", suggestion(one, KINDS, what="occasions"))
        return cast("tuple[Kind, ...]", kinds)

    def _url(self) -> str:
        url = self._text("webhook")
        try:
            parts = urlsplit(url)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            fine = False
        if not fine:
            raise self._wrong("webhook is no address", "as in https://chat.example/hook")
        return url

    def _hidden(self, key: str, value: object) -> str:
        """A secret by reference; the value itself is not repeated, whatever it is."""
        if value == "":
            return ""
        if not isinstance(value, str) or not value.startswith(("env:", "file:")) or value in ("env:", "file:"):
            raise self._wrong(f"{key} must say where the secret is, not what it is", '"env:NAME" or "file:PATH"')
        return value

    def _timeout(self) -> float:
        value = self._data.get("timeout", 10)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
            raise self._wrong(f"timeout is a number of seconds up to {LONGEST:g}")
        return float(value)

    def _on_error(self) -> str:
        word = self._data.get("on_error", "ignore")
        if word not in ("ignore", "fatal"):
            raise self._wrong(f"on_error is ignore or fatal, not {word!r}")
        return str(word)

    def _mail(self) -> Mail:
        data = self._data["mail"]
        if not isinstance(data, dict):
            raise self._wrong(
                "mail is a table", 'as in { server = "smtp.example", from = "a@example", to = ["b@example"] }'
            )
        for key in data:
            if key not in MAIL_KEYS:
                raise self._wrong(f"mail: unknown setting {key!r}", suggestion(key, MAIL_KEYS))
        for key in ("server", "from"):
            if not isinstance(data.get(key), str) or not data[key].strip():
                raise self._wrong(f"mail: {key} is missing")
        to = self._texts("to", data.get("to"))
        if any(c in address for address in (*to, data["from"]) for c in "\r\n") or any("@" not in a for a in to):
            raise self._wrong("mail: that is no address")
        port = data.get("port", 587 if data.get("starttls") else 25)
        if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536:
            raise self._wrong("mail: port is a number from 1 to 65535")
        if bool(data.get("user")) != bool(data.get("password")):
            raise self._wrong("mail: user and password go together")
        return Mail(
            server=data["server"],
            sender=data["from"],
            to=to,
            port=port,
            starttls=bool(data.get("starttls", False)),
            user=str(data.get("user", "")),
            password=self._hidden("password", data.get("password", "")),
            ca=str(data.get("ca", "")),
        )
