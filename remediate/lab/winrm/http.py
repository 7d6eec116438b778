"""Reads HTTP/1.1 requests from a socket and writes answers: just what clients of WinRM send."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO

HEAD_LIMIT = 65_536
BODY_LIMIT = 4 << 20


class BadRequest(Exception):
    """What arrived is no request this server takes; ``status`` is its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """``headers`` by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        """The client wants the connection closed after the answer."""
        return self.headers.get("connection", "").lower() == "close"


def read(stream: BinaryIO, sock: socket.socket) -> HttpRequest | None:
    """The next request, or None when the client has gone. Raises BadRequest, OSError."""
    first = stream.readline(HEAD_LIMIT)
    if not first.strip():
        return None
    words = first.decode("latin-1").split()
    if len(words) != 3:
        raise BadRequest(400)
    headers = _headers(stream)
    if headers.get("expect", "").lower() == "100-continue":
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal():
        raise BadRequest(411)
    if int(length) > BODY_LIMIT:
        raise BadRequest(413)
    body = stream.read(int(length))
    if len(body) < int(length):
        return None
    return HttpRequest(method=words[0], path=words[1], headers=headers, body=body)


def _headers(stream: BinaryIO) -> dict[str, str]:
    found: dict[str, str] = {}
    size = 0
    while (line := stream.readline(HEAD_LIMIT)).strip():
        size += len(line)
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or size > HEAD_LIMIT:
            raise BadRequest(400)
        found[name.strip().lower()] = value.strip()
    return found


def answer(status: int, body: bytes = b"", content_type: str = "", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A whole answer."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Server: Microsoft-HTTPAPI/2.0",
        f"Content-Length: {len(body)}",
        *([f"Content-Type: {content_type}"] if body else []),
        *(f"{name}: {value}" for name, value in headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
