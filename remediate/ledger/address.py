"""Where a ledger is: a file's path or a database URL, and how to name it without its password."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from remediate.errors import UserError
from remediate.secrets.known import Known
from remediate.secrets.logins import logins
from remediate.secrets.names import names_a_secret

FORMS = "a file, or postgresql://USER@SERVER/DATABASE"
NO_DRIVER = "pip install 'remediate-servers[postgres]'"
DRIVER = "postgresql+psycopg"
ESCAPES = "write @ : / # % in a password as %40 %3A %2F %23 %25"
_LOOKS_LIKE_A_LOGIN = re.compile(r"[a-z][\w+.-]+:|.*:[^/]*@|.*\bpass\w*\s*=", re.IGNORECASE)
"""Something meant as a URL or a connection string, and written wrong."""


@dataclass(frozen=True)
class Address:
    """A ledger's place. ``file`` is None for a server."""

    url: URL = field(repr=False)
    file: Path | None = None
    _known: Known = field(default_factory=Known, repr=False, compare=False)

    def __post_init__(self) -> None:
        for secret in self.secrets():
            self._known.tell(secret)

    def secrets(self) -> Iterator[str]:
        """What in it is nobody's business: its password, and what the names of its options say is one."""
        if self.url.password:
            yield str(self.url.password)
        for name, value in self.url.query.items():
            for one in [value] if isinstance(value, str) else value:
                yield from (one,) if names_a_secret(name) else logins(one)
        yield from logins(self.url.database or "")

    def __str__(self) -> str:
        if self.file:
            return str(self.file)
        user = f"{self.url.username}@" if self.url.username else ""
        port = f":{self.url.port}" if self.url.port else ""
        host = self.url.host or self.url.query.get("host", "")
        place = host if isinstance(host, str) else host[0]
        return self.masked(f"postgresql://{user}{place}{port}/{self.url.database or ''}")

    def masked(self, text: str) -> str:
        """``text`` without the passwords of this address, however they are spelled."""
        return self._known.text(text)


def parse(text: str) -> Address:
    """The place ``text`` names; ``UserError`` that never repeats the text where it might hold a password."""
    scheme, mark, rest = text.partition("://")
    if not text.strip():
        raise UserError("the ledger's place is empty", hint=f"give {FORMS}")
    if not mark:
        if _LOOKS_LIKE_A_LOGIN.match(text):
            raise UserError("the ledger's place is neither a path nor a URL", hint=f"give {FORMS}; {ESCAPES}")
        return _file(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or not re.fullmatch(r"[\w+.-]+", scheme) or rest.partition("?")[0].count("@") > 1:
        shown = scheme if re.fullmatch(r"[\w+.-]+", scheme) else "..."
        hint = f"give {FORMS}; {ESCAPES}"
        raise UserError(f"the ledger's URL ({shown}://...) cannot be read", hint=hint)
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _file(url.database or "")
    if url.drivername in ("postgresql", "postgres", DRIVER):
        if importlib.util.find_spec("psycopg") is None:
            raise UserError("a ledger on PostgreSQL needs psycopg, and it is not installed", hint=NO_DRIVER)
        return Address(url.set(drivername=DRIVER))
    raise UserError(f"a ledger cannot be kept in {scheme!r}", hint=f"give {FORMS}")


def _file(name: str) -> Address:
    if name in ("", ":memory:"):
        raise UserError("a ledger in memory would prove nothing", hint=f"give {FORMS}")
    path = Path(name).expanduser().absolute()
    return Address(URL.create("sqlite", database=str(path)), path)
