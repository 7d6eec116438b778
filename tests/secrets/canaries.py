"""Canaries: one for each place a secret can be written in, and the forms none of them may turn up in."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


def canary(number: int) -> str:
    """Both halves are its own: a filter may split it."""
    return f"Zq{number:02d}wux-Kp{number:02d}vjy"


def forms(secret: str) -> Iterator[str]:
    """What nobody may be able to read: the secret, a half of it, or it in another dress."""
    yield from (secret, *secret.split("-"), secret[::-1], *secret[::-1].split("-"), secret.upper(), quote(secret))
    for ahead in range(3):
        yield b64encode(b"x" * ahead + secret.encode()).decode()[4:-4]
    yield from (hashlib.new(name, secret.encode()).hexdigest() for name in ("sha1", "sha256", "md5"))


def seen(secrets: Iterable[str], texts: dict[str, bytes]) -> list[str]:
    """Which canary turned up where, and in which form."""
    return [
        f"{form} in {name}: ...{text[max(0, at - 60) : at + 40]!r}"
        for secret in secrets
        for form in dict.fromkeys(forms(secret))
        for name, text in texts.items()
        if (at := text.find(form.encode())) >= 0
    ]


def files(folder: Path, besides: Iterable[Path] = ()) -> dict[str, bytes]:
    """Every file below ``folder`` that was not there before; without the lab's, whose hosts know their passwords."""
    skipped = set(besides)
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path not in skipped and ".remediate/lab" not in str(path)
    }
    ledgers = [name for name in found if name.endswith("ledger.sqlite3")]
    return found | {f"{name} (files)": _kept(folder / name) for name in ledgers}


def _kept(ledger: Path) -> bytes:
    """The files that a ledger keeps, as they were before they were compressed."""
    with closing(sqlite3.connect(ledger)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'blobs'").fetchone():
            return b""
        return b"\n".join(zlib.decompress(data) for (data,) in connection.execute("SELECT data FROM blobs"))
