"""Canaries: one for each place a secret can be written in, and the forms none of them may turn up in."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
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
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path not in skipped and ".remediate/lab" not in str(path)
    }
