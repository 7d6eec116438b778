"""What a message may repeat of a file that cannot be read: names and signs, never values. They may be secrets.

A file that is broken is not understood: what looks like the end of a line may be half a password.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"\w[\w.-]{0,59}\Z")
_PATH = re.compile(r"[\w./~ -]{1,200}\Z")
_TAGS = frozenset({"!vault", "!!set", "!!omap", "!!pairs", "!!binary", "!!timestamp", "!!merge", "!!value"})


def named(text: object, otherwise: str = "of that name") -> str:
    """``'text'`` where that is a plain name, ``otherwise`` for everything else."""
    word = str(text)
    return f"'{word}'" if _NAME.match(word) else otherwise


def path(text: str, otherwise: str) -> str:
    """``text`` where it can be nothing but the path of a file, ``otherwise`` for everything else."""
    return text if _PATH.match(text) else otherwise


def file(text: object) -> str:
    """``'text'`` where it can be nothing but the path of a file; for everything else, that it is one of that name."""
    shown = path(str(text), "")
    return f"'{shown}'" if shown else "of that name"


def beginning(text: str, signs: str) -> str:
    """The name ``text`` begins with, before one of ``signs``; "" where it does not begin so."""
    found = re.match(rf"\s*([^\W\d][\w.-]*)\s*[{re.escape(signs)}]", text)
    return found[1] if found else ""


def tag(text: str) -> str:
    """A tag of YAML that is well known; others may be a value that begins with ``!``."""
    if text.startswith("!!python/"):
        return "!!python"
    return text if text in _TAGS else ""
