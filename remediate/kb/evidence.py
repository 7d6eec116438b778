"""What a package file says of itself, as values: program or not, architecture, versions, words, language, signature."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Signed = Literal["absent", "whole", "broken", "unreadable"]
_NUMBER = re.compile(r"(?i)\b(?:kb|q|kbid=|kb/)\s?(\d{6,7})(?!\d)")
_BARE = re.compile(r"(?<!\d)(\d{6,7})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """An Authenticode signature as far as it can be told today: roots and digests of 2004 are trusted by nobody."""

    state: Signed = "absent"
    """whole: it fits these bytes; broken: it fits others; unreadable: it is there and says nothing that can be read."""
    signer: str = ""
    """Who it says it is from; nobody vouches for that name."""

    def __str__(self) -> str:
        return {
            "absent": "not signed",
            "whole": f"signed by {self.signer or 'somebody'}",
            "broken": f"altered since {self.signer or 'somebody'} signed it",
            "unreadable": "signed in a way that cannot be read here",
        }[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The inside of one file. Text in it is the file's own and untrusted: bounded, printable, on one line."""

    kind: str = ""
    """What it is, where it is no program an installer could be: ``a library (DLL)``, ``a web page``; else ""."""
    missing: int = 0
    """Bytes its own headers speak of and it does not have."""
    architecture: str = ""
    """x86, x64, IA-64, ...; "" when nothing says."""
    file_version: str = ""
    """Four parts, from the fixed part of its version data; "" when there is none."""
    product_version: str = ""
    language: str = ""
    """Three letters, "" when the file does not say."""
    words: tuple[tuple[str, str], ...] = ()
    """Its version strings by name, such as ``("KB Article Number", "870585")``."""
    signature: Signature = Signature()
    by_host: bool = False
    """Told by a host that has the file: its file version and nothing else."""

    def said(self, *names: str) -> Iterator[str]:
        """The values of these strings; case and blanks of names do not count."""
        wanted = {_plain(name) for name in names}
        return (value for name, value in self.words if _plain(name) in wanted and value)

    def articles(self) -> tuple[str, ...]:
        """Numbers of the Knowledge Base articles it names: in the place made for that, else wherever it does."""
        own = [number for text in self.said("KB Article Number") for number in _BARE.findall(text)]
        if own:
            return tuple(dict.fromkeys(own))
        return tuple(dict.fromkeys(number for _, text in self.words for number in _NUMBER.findall(text)))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
