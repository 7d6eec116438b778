"""Where a ledger is: a file's path or a database URL, and how to name it without its password."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from remediate.errors import UserError

FORMS = "a file, or postgresql://USER@SERVER/DATABASE"
NO_DRIVER = "pip install 'remediate[postgres]'"
DRIVER = "postgresql+psycopg"
SECRET_QUERY = ("password", "sslpassword")


@dataclass(frozen=True, slots=True)
class Address:
    """A ledger's place. ``file`` is None for a server."""

    url: URL
    file: Path | None = None

    def __str__(self) -> str:
        if self.file:
            return str(self.file)
        user = f"{self.url.username}@" if self.url.username else ""
        port = f":{self.url.port}" if self.url.port else ""
        host = self.url.host or self.url.query.get("host", "")
        return f"postgresql://{user}{host if isinstance(host, str) else host[0]}{port}/{self.url.database or ''}"

    def masked(self, text: str) -> str:
        """``text`` without the passwords of this address, however they are spelled."""
        words = [self.url.password, *(self.url.query.get(name) for name in SECRET_QUERY)]
        for word in (str(word) for word in words if word):
            for spelling in {word, quote(word), quote(word, safe=""), quote_plus(word)}:
                text = text.replace(spelling, "****")
        return text


def parse(text: str) -> Address:
    """The place ``text`` names; ``UserError`` that never repeats the text where it might hold a password."""
    scheme, mark, _ = text.partition("://")
    if not text.strip():
        raise UserError("the ledger's place is empty", hint=f"give {FORMS}")
    if not mark:
        return _file(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        hint = f"give {FORMS}; write @ : / # % in a password as %40 %3A %2F %23 %25"
        raise UserError(f"the ledger's URL ({scheme}://...) cannot be read", hint=hint) from None
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
