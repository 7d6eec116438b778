"""What a message may repeat of a file that cannot be read: names and signs, never values. They may be secrets.

A file that is broken is not understood: what looks like the end of a line may be half a password.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[^\W\d][\w.-]{0,59}\Z")
_TAGS = frozenset({"!vault", "!!set", "!!omap", "!!pairs", "!!binary", "!!timestamp", "!!merge", "!!value"})


def named(text: object, otherwise: str) -> str:
    """``'text'`` where that is a plain name, ``otherwise`` for everything else."""
    word = str(text)
    return f"'{word}'" if _NAME.match(word) else otherwise


def beginning(text: str, signs: str) -> str:
    """The name ``text`` begins with, before one of ``signs``; "" where it does not begin so."""
    found = re.match(rf"\s*([^\W\d][\w.-]*)\s*[{re.escape(signs)}]", text)
    return found[1] if found else ""


def tag(text: str) -> str:
    """A tag of YAML that is well known; others may be a value that begins with ``!``."""
    if text.startswith("!!python/"):
        return "!!python"
    return text if text in _TAGS else ""
