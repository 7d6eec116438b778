"""Passwords inside longer texts: in addresses, connection strings, queries and command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus

from remediate.secrets.names import names_a_secret

SHORTEST = 4
_WORD = re.compile(r"[A-Za-z]+[.,!?]?\Z")
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_BLANK = "\ue000"
"""Stands for a blank inside a template: so an address that is made by templates is one word."""
_ADDRESS = re.compile(r"(?<![\w+.-])[A-Za-z][\w+.-]*://(\S+)")
_BEHIND = "'`)]},.;"
"""What may stand right behind an address, or be the end of it."""
_USER_INFO = re.compile(r"[^\s:/@]*:(?!\d+(?:[/?#]|\Z))([^\s/]\S*)@")
_VALUE = re.compile(
    r"""\s*(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|\{(?!\{)(?P<braces>[^}]*)\}"""
    r"""|(?P<template>\{\{.*?\}\})|(?P<bare>[^\s;&,"'{}]+))""",
    re.DOTALL,
)
_PAIR = re.compile(r"""(?P<name>[A-Za-z][\w.-]*)["']?\s*(?P<sign>=|:(?!//)\s*)""")
_OPTION = re.compile(r"""(?<!\S)(?:--?|/)(?P<name>[A-Za-z][\w-]*)(?P<sign>\s+)(?![-/])""")

_NAMED_BESIDE = re.compile(
    r"""(?<!\S)(?:/v|--?(?:name|key|variable|property|option))(?:\s+|[:=])(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))""",
    re.IGNORECASE,
)
_HELD = re.compile(r"(?<!\S)(?:/d|--?(?:value|data|propertyvalue))(?:\s+|[:=])(?=\S)", re.IGNORECASE)
"""``reg add KEY /v DefaultPassword /d x``, ``Set-ItemProperty -Name DefaultPassword -Value x``."""
_SETX = re.compile(r"(?<!\S)setx(?:\.exe)?\s+(?P<name>\w+)\s+(?=\S)", re.IGNORECASE)


def logins(text: str) -> Iterator[str]:
    """What stands behind the name of a secret (``Pwd=x;``, ``?token=x``, ``"password": "x"``) or before the ``@``."""
    return iter(dict.fromkeys(value for _, value in _named(text) if len(value) >= SHORTEST))


def holds_login(text: str) -> bool:
    """Whether there is any, however short."""
    return any(value for _, value in _named(text))


def logins_of(written: str, rendered: str) -> Iterator[str]:
    """The same of a rendered template, as far as its own text names them: what was put in may be a host's words."""
    names = {name for name, _ in _named(written)}
    if names:
        yield from (value for name, value in _named(rendered) if name in names and len(value) >= SHORTEST)


def _named(text: str) -> Iterator[tuple[str, str]]:
    """Names and what stands behind them; "" for a template. A name is empty where the form of an address says it.

    What stands behind the name of no secret is looked through as well: ``url=https://h/?token=x``.
    """
    if "://" in text:
        yield from _in_addresses(text)
    yield from _beside(text)
    for pattern, signs in ((_PAIR, "=:"), (_OPTION, "-/")):
        for found in pattern.finditer(text) if any(sign in text for sign in signs) else ():
            value = _VALUE.match(text, found.end()) if names_a_secret(found["name"]) else None
            if value and not _is_prose(found["sign"], value):
                yield found["name"], next(filter(None, value.group("double", "single", "braces", "bare")), "")


def _beside(text: str) -> Iterator[tuple[str, str]]:
    """What commands put beside the name of a secret: line by line."""
    for line in text.splitlines():
        names = [found["quoted"] or found["bare"] or "" for found in _NAMED_BESIDE.finditer(line)]
        name = next(filter(names_a_secret, names), "")
        places = [(name, found.end()) for found in _HELD.finditer(line)] if name else []
        places += [(found["name"], found.end()) for found in _SETX.finditer(line) if names_a_secret(found["name"])]
        for name, at in places:
            value = _VALUE.match(line, at)
            if value:
                yield name, next(filter(None, value.group("double", "single", "braces", "bare")), "")


def _is_prose(sign: str, value: re.Match[str]) -> bool:
    """``password: changed`` and ``with --token only`` are sentences, not log-ins."""
    return sign != "=" and sign[-1:].isspace() and bool(_WORD.match(value["bare"] or ""))


def _in_addresses(text: str) -> Iterator[tuple[str, str]]:
    """Log-ins before the ``@`` and parameters, as they stand there and as they are meant (``%40`` is ``@``)."""
    whole = _TEMPLATE.sub(lambda found: re.sub(r"\s", _BLANK, found[0]), text)
    for found in _ADDRESS.finditer(whole):
        for name, value in (*_user_info(found[1]), *_parameters(found[1])):
            written = value.replace(_BLANK, " ")
            if _TEMPLATE.fullmatch(written):
                yield name, ""
            else:
                yield from ((name, form) for form in (written, unquote(written), unquote_plus(written)))


def _user_info(address: str) -> Iterator[tuple[str, str]]:
    """Up to the last ``@`` before the path, and up to the very last: a ``/`` may be part of a password."""
    for part in (re.split("[/?#]", address, maxsplit=1)[0], address):
        found = _USER_INFO.match(part)
        if found:
            yield "", found[1]


def _parameters(address: str) -> Iterator[tuple[str, str]]:
    """Of the path (``;token=x/``), the query and the fragment."""
    path, *rest = re.split("[?#]", address, maxsplit=1)
    for piece in (*re.split("[/;]", path), *re.split("[&;?#]", rest[0] if rest else "")):
        name, sign, value = piece.partition("=")
        if sign and names_a_secret(unquote(name)):
            ends = (re.split('["<>]', value, maxsplit=1)[0], value.rstrip(_BEHIND)) if "{{" not in value else ()
            yield from ((unquote(name), end) for end in (value, *ends))
