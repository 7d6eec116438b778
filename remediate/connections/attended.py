"""Somebody is asked right before each HTTP request leaves, however many round trips a log-in takes before it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import requests


def attend(session: requests.Session, leaving: Callable[[], None]) -> None:
    """From now on ``leaving`` is called, on a line that stands, before each request; what it raises keeps that here."""
    for adapter in session.adapters.values():
        given: Any = adapter
        given.get_connection_with_tls_context = _pools(given.get_connection_with_tls_context, leaving)


def _pools(get: Callable[..., Any], leaving: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(get)
    def pool(*args: Any, **named: Any) -> Any:
        found = get(*args, **named)
        if not getattr(found, "attended", False):
            found.attended = True
            found.ConnectionCls = _lines(found.ConnectionCls, leaving)
        return found

    return pool


def _lines(make: Callable[..., Any], leaving: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(make)
    def line(*args: Any, **named: Any) -> Any:
        made = make(*args, **named)
        made.request = _requests(made, made.request, leaving)
        return made

    return line


def _requests(line: Any, send: Callable[..., None], leaving: Callable[[], None]) -> Callable[..., None]:
    @functools.wraps(send)
    def request(*args: Any, **named: Any) -> None:
        if line.sock is None:  # it would connect only then, which may take its time
            line.connect()
        leaving()
        send(*args, **named)

    return request
