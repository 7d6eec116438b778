"""Reads ``[[notify]]`` of remediate.toml; every mistake is a UserError at its line, and no secret is repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import cast

from remediate.errors import UserError
from remediate.language.words import kind, shown, suggestion
from remediate.notify.model import KINDS, Hook, Kind, Mail
from remediate.notify.places import Places
from remediate.notify.secrets import is_reference
from remediate.notify.webhook import is_address

KEYS = ("name", "on", "webhook", "mail", "command", "secret", "timeout", "on_error")
MAIL_KEYS = ("server", "port", "starttls", "from", "to", "user", "password", "ca")
WAYS = ("webhook", "mail", "command")
LONGEST = 300.0
"""Seconds a hook may be given."""
REFERENCE = 'write "env:NAME" or "file:PATH"'
HERE = ("localhost", "127.0.0.1", "::1")


def read(entries: object, file: str, text: str) -> tuple[Hook, ...]:
    """The hooks; ``file`` and its ``text`` are where they are written."""
    places = Places(file, text)
    if not isinstance(entries, list):
        said = f"notify is a list of tables, not {kind(entries)}"
        raise UserError(said, source=places.of(0), hint="write [[notify]]")
    hooks: list[Hook] = []
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise UserError(f"a hook is a table, not {kind(entry)}", source=places.of(number), hint="write [[notify]]")
        table = Table(entry, places, number)
        hook = _hook(table)
        if hook.name in [other.name for other in hooks]:
            raise table.wrong("name", f"two hooks are called {hook.name!r}")
        hooks.append(hook)
    return tuple(hooks)


class Table:
    """One hook, or a table inside it: values by key, checked, mistakes with their place."""

    def __init__(
        self, data: Mapping[str, object], places: Places, number: int, path: tuple[str, ...] = (), name: object = None
    ) -> None:
        self.data = data
        self._places = places
        self._number = number
        self._path = path
        self._name = name or data.get("name")

    def wrong(self, key: str, what: str, hint: str = "") -> UserError:
        """A mistake at ``key``; at the table where ``key`` is missing or ""."""
        known = isinstance(self._name, str) and self._name.strip()
        inside = "".join(f"{part}: " for part in self._path)
        message = f"hook {shown(self._name)}: {inside}{what}" if known else f"{inside}{what}"
        keys = (*self._path, key) if key in self.data else self._path
        return UserError(message, source=self._places.of(self._number, *keys), hint=hint)

    def only(self, keys: Sequence[str]) -> None:
        for key in self.data:
            if key not in keys:
                raise self.wrong(key, f"unknown setting {shown(key)}", suggestion(key, keys, what="settings"))

    def inner(self, key: str, example: str) -> Table:
        value = self.data[key]
        if not isinstance(value, dict):
            raise self.wrong(key, f"{key} must be a table, not {kind(value)}", f"as in {example}")
        return Table(value, self._places, self._number, (*self._path, key), self._name)

    def text(self, key: str, example: str, *, required: bool = False) -> str:
        value = self.data.get(key, "")
        if key not in self.data and required:
            raise self.wrong(key, f"{key} is missing", f"as in {key} = {example}")
        if not isinstance(value, str):
            raise self.wrong(key, f"{key} must be text, not {kind(value)}", f"as in {key} = {example}")
        if key in self.data and (not value.strip() or not value.isprintable()):
            said = "holds a control character" if value.strip() else "is empty"
            raise self.wrong(key, f"{key} {said}", f"as in {key} = {example}")
        return value

    def texts(self, key: str, example: str, *, alone: bool = False) -> tuple[str, ...]:
        """A list; one text without brackets too where ``alone`` is set."""
        if key not in self.data:
            raise self.wrong(key, f"{key} is missing", f"as in {key} = {example}")
        given = self.data[key]
        value = [given] if alone and isinstance(given, str) else given
        if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
            raise self.wrong(key, f"{key} must be a list of texts", f"as in {key} = {example}")
        if not all(one.isprintable() for one in value):
            raise self.wrong(key, f"{key} holds a control character", f"as in {key} = {example}")
        return tuple(value)

    def truth(self, key: str) -> bool:
        value = self.data.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, f"{key} must be true or false, not {kind(value)}")
        return value

    def reference(self, key: str) -> str:
        """Where a secret is. What stands there instead is not repeated: it may be the secret."""
        value = self.data.get(key, "")
        if key in self.data and not (isinstance(value, str) and is_reference(value)):
            raise self.wrong(key, f"{key} must say where the secret is, not what it is", REFERENCE)
        return str(value)


def _hook(table: Table) -> Hook:
    name = table.text("name", '"chat"', required=True)
    table.only(KEYS)
    ways = [way for way in WAYS if way in table.data]
    if len(ways) != 1:
        has = " and ".join(ways) or "none"
        raise table.wrong(ways[-1] if ways else "", f"needs exactly one of {', '.join(WAYS)}, has {has}")
    if "secret" in table.data and ways != ["webhook"]:
        raise table.wrong("secret", "secret is for webhooks", "a mail has a password in its own table")
    return Hook(
        name=name,
        on=_kinds(table),
        webhook=_webhook(table) if "webhook" in table.data else "",
        mail=_mail(table) if "mail" in table.data else None,
        command=table.texts("command", '["tools/ticket.sh", "--close"]') if "command" in table.data else (),
        secret=table.reference("secret"),
        timeout=_timeout(table),
        fatal=_is_fatal(table),
    )


def _kinds(table: Table) -> tuple[Kind, ...]:
    kinds = table.texts("on", '["after", "failed"]')
    for one in kinds:
        if one not in KINDS:
            raise table.wrong("on", f"on: {shown(one)} is no occasion", suggestion(one, KINDS, what="occasions"))
    return cast("tuple[Kind, ...]", tuple(dict.fromkeys(kinds)))


def _webhook(table: Table) -> str:
    url = table.text("webhook", '"https://chat.example/hook"')
    if not is_reference(url) and not is_address(url):
        hint = "as in https://chat.example/hook; an address that holds a token can stand behind env:NAME or file:PATH"
        raise table.wrong("webhook", "webhook is no address", hint)
    return url


def _timeout(table: Table) -> float:
    value = table.data.get("timeout", 10)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        given = kind(value) if isinstance(value, bool) or not isinstance(value, int | float) else shown(value)
        raise table.wrong("timeout", f"timeout is a number of seconds up to {LONGEST:g}, not {given}")
    return float(value)


def _is_fatal(table: Table) -> bool:
    word = table.data.get("on_error", "ignore")
    if word not in ("ignore", "fatal"):
        given, hint = (
            (shown(word), suggestion(word, ("ignore", "fatal"))) if isinstance(word, str) else (kind(word), "")
        )
        raise table.wrong("on_error", f"on_error is ignore or fatal, not {given}", hint)
    return word == "fatal"


def _mail(table: Table) -> Mail:
    example = '{ server = "smtp.example", from = "a@example", to = ["b@example"] }'
    mail = table.inner("mail", example)
    mail.only(MAIL_KEYS)
    starttls = mail.truth("starttls")
    made = Mail(
        server=mail.text("server", '"smtp.example"', required=True),
        sender=mail.text("from", '"remediate@example"', required=True),
        to=mail.texts("to", '["ops@example"]', alone=True),
        port=_port(mail, starttls=starttls),
        starttls=starttls,
        user=mail.text("user", '"ops"'),
        password=mail.reference("password"),
        ca=mail.text("ca", '"issuers.pem"'),
    )
    for key, addresses in (("from", (made.sender,)), ("to", made.to)):
        for address in addresses:
            if not _is_mail_address(address):
                raise mail.wrong(key, f"{key}: {shown(address)} is no mail address", "as in ops@example.com")
    _log_in(mail, made)
    return made


def _log_in(mail: Table, made: Mail) -> None:
    if bool(made.user) != bool(made.password):
        raise mail.wrong("user" if made.user else "password", "user and password go together")
    if made.password and not made.starttls and made.server not in HERE:
        hint = "set starttls = true, or leave out user and password"
        raise mail.wrong("password", "the password would cross the network unencrypted", hint)
    if made.ca and not made.starttls:
        raise mail.wrong("ca", "ca is for starttls", "set starttls = true")


def _port(mail: Table, *, starttls: bool) -> int:
    value = mail.data.get("port", 587 if starttls else 25)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
        raise mail.wrong("port", "port is a number from 1 to 65535")
    if value == 465:
        hint = "use port 587 with starttls = true"
        raise mail.wrong("port", "port 465 begins with TLS, which is not supported", hint)
    return value


def _is_mail_address(text: str) -> bool:
    """One address, with or without a name before it; only ASCII, which every server takes."""
    address = parseaddr(text)[1]
    local, at, domain = address.rpartition("@")
    return bool(local and at and domain and text.isascii()) and not any(c in address for c in " ,;<>")
