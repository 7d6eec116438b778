"""The forms in which a secret can turn up in a text: quoted, escaped, encoded, line by line."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORT = 4
"""Forms shorter than this are masked only where they stand alone: else they would eat parts of other words."""
SHORT_NUMBER = 6
"""The same for forms of digits only: they would eat parts of sizes and builds."""
LINE = 8
"""Characters from which a line of a secret of several lines counts by itself."""
MOST_LINES = 2_000
LONG = 6
"""Bytes from which the forms of Base64 say enough to be looked for."""
EVERYDAY = frozenset({"true", "false", "yes", "no", "on", "off", "none", "null", "ok"})


def spellings(secret: str) -> set[str]:
    """Every form that can be looked for; none for what no text can hide: one character, three digits, ``true``."""
    text = secret.strip()
    if not _can_be_hidden(text):
        return set()
    found = {*_quoted(secret), *_quoted(text), *_encoded(text)}
    if "\n" in text:
        lines = [line.strip() for line in text.splitlines()[:MOST_LINES]]
        found |= {form for line in lines if len(line) >= LINE for form in _quoted(line)}
    return {form for form in found if _can_be_hidden(form)}


def stands_alone(form: str) -> bool:
    """Whether a form is masked only between characters that are neither letter nor digit."""
    return len(form) < (SHORT_NUMBER if form.isdigit() else SHORT)


def _can_be_hidden(form: str) -> bool:
    shortest = SHORT if form.isdigit() else 2
    return len(form) >= shortest and form.lower() not in EVERYDAY and bool(form.strip("*"))


def _quoted(text: str) -> Iterator[str]:
    """As it is, and as JSON, Python, YAML, SQL, a shell, HTML, XML and URLs write it."""
    yield from (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
    for instead in ("''", "'\\''", "\\'"):
        yield text.replace("'", instead)
    yield from (text.replace('"', '""'), text.replace('"', '\\"'))
    marked = html.escape(text, quote=False)
    yield from (marked, html.escape(text), marked.replace('"', "&quot;").replace("'", "&apos;"))
    yield html.escape(text).replace("&#x27;", "&#39;")
    raw = text.encode("utf-8", "surrogatepass")
    for address in (quote(raw), quote(raw, safe=""), quote_plus(raw)):
        yield from (address, re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), address))


def _encoded(text: str) -> Iterator[str]:
    """Base64, alone and inside of something longer (``Basic`` log-ins): the part of it that is always the same."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) < LONG:
        return
    yield b64encode(data).decode()
    for ahead in range(3):
        first, end = -(-ahead * 8 // 6), (ahead + len(data)) * 8 // 6
        whole = b64encode(b"\0" * ahead + data).decode()
        yield from (whole[first:end], whole[first:])
