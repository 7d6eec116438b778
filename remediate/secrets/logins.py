"""Passwords inside longer texts: in addresses, connection strings, queries and command lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from remediate.secrets.names import names_a_secret

SHORTEST = 4
_WORD = re.compile(r"[A-Za-z]+[.,!?]?\Z")
_USER_INFO = re.compile(r"://[^\s:/@]*:(?!\d+(?:[/?#]|\Z))([^\s/]\S*)@")
_VALUE = (
    r"""(?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|\{(?!\{)(?P<braces>[^}]*)\}"""
    r"""|(?P<template>\{\{.*?\}\})|(?P<bare>[^\s;&,"'{}]+))"""
)
_PAIR = re.compile(r"""(?P<name>[A-Za-z][\w.-]*)["']?\s*(?P<sign>=|:(?!//)\s*)\s*""" + _VALUE, re.DOTALL)
_OPTION = re.compile(r"""(?<!\S)(?:--?|/)(?P<name>[A-Za-z][\w-]*)(?P<sign>\s+)(?![-/])""" + _VALUE, re.DOTALL)


def logins(text: str) -> Iterator[str]:
    """What stands behind the name of a secret (``Pwd=x;``, ``?token=x``, ``"password": "x"``) or before the ``@``."""
    return (value for _, value in _named(text) if len(value) >= SHORTEST)


def holds_login(text: str) -> bool:
    """Whether there is any, however short."""
    return any(value for _, value in _named(text))


def logins_of(written: str, rendered: str) -> Iterator[str]:
    """The same of a rendered template, as far as its own text names them: what was put in may be a host's words."""
    names = {name for name, _ in _named(written)}
    if names:
        yield from (value for name, value in _named(rendered) if name in names and len(value) >= SHORTEST)


def _named(text: str) -> Iterator[tuple[str, str]]:
    """Names and what stands behind them; "" for a template. A name is empty where the form of an address says it."""
    if "://" in text:
        yield from (("", found[1]) for found in _USER_INFO.finditer(text))
    for pattern, signs in ((_PAIR, "=:"), (_OPTION, "-/")):
        for found in pattern.finditer(text) if any(sign in text for sign in signs) else ():
            if names_a_secret(found["name"]) and not _is_prose(found):
                yield found["name"], next(filter(None, found.group("double", "single", "braces", "bare")), "")


def _is_prose(found: re.Match[str]) -> bool:
    """``password: changed`` and ``with --token only`` are sentences, not log-ins."""
    return found["sign"] != "=" and found["sign"][-1:].isspace() and bool(_WORD.match(found["bare"] or ""))
