"""Servers on loopback that take what hooks send: a web server with moods, mail servers, a port that keeps silent."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

PASSWORD = "smtp-pass-99"
CODES = {"broken": 500, "refuses": 403, "moved": 302, "moved for ever": 308}


@dataclass
class Received:
    """What came in, one entry a request."""

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the test is done with the server: those that never answer answer then."""


class Handler(BaseHTTPRequestHandler):
    """Answers as the mood of its server is."""

    server: Quiet

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.requests.append((dict(self.headers.items()), content))
        self.close_connection = True
        with suppress(OSError):
            self._answer(self.server.mood, len(self.server.received.requests))

    def _answer(self, mood: str, number: int) -> None:
        if mood == "silent":
            self.server.received.over.wait()
        elif mood == "slow head":
            self._trickle(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        elif mood == "closes":
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            if mood == "waits for another":
                self.server.meeting.wait()
            self._whole(mood, 500 if mood == "first fails" and number == 1 else CODES.get(mood, 200))

    def _whole(self, mood: str, code: int) -> None:
        self.send_response(code)
        if 300 <= code < 400:
            self.send_header("Location", self.server.received.url + "/elsewhere")
        self.send_header("Content-Length", str(10_000_000 if mood in ("slow body", "huge") else 2))
        self.end_headers()
        if mood == "slow body":
            self._trickle(b"x")
        else:
            self.wfile.write(b"x" * 10_000_000 if mood == "huge" else b"ok")

    def _trickle(self, begin: bytes) -> None:
        self.wfile.write(begin)
        while not self.server.received.over.wait(0.02):
            self.wfile.write(b"x")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""


class Quiet(ThreadingHTTPServer):
    """Has a mood, and says nothing of clients that leave."""

    daemon_threads = True

    def __init__(self, mood: str, guests: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mood = mood
        self.received = Received()
        self.meeting = threading.Barrier(guests)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate."""


@contextmanager
def web(mood: str = "fine", *, tls: ssl.SSLContext | None = None, guests: int = 1) -> Iterator[Received]:
    """A receiver of webhooks; ``guests`` requests must be there at once before "waits for another" answers."""
    server = Quiet(mood, guests)
    received = server.received
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    received.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/hook/t0ken-of-the-chat"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield received
    finally:
        received.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Box:
    """Keeps what is delivered; refuses some of it."""

    def __init__(self, answer: str = "250 taken", refuses: str = "") -> None:
        self.letters: list[Envelope] = []
        self._answer = answer
        self._refuses = refuses

    async def handle_RCPT(  # noqa: N802 - its name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address == self._refuses:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - its name
        self.letters.append(envelope)
        return self._answer


def _check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ops", PASSWORD.encode()), handled=False)


@contextmanager
def smtp(box: Box, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a mail server; with ``context`` it wants STARTTLS and the user ops."""
    more: dict[str, Any] = {}
    if context:
        more = {"tls_context": context, "require_starttls": True, "authenticator": _check, "auth_required": True}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def port(converse: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A port behind which ``converse`` has every connection, until its event is set."""
    over = threading.Event()
    talks: list[threading.Thread] = []

    def serve(one: socket.socket) -> None:
        with one, suppress(OSError):
            converse(one, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                talks.append(threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True))
                talks[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        for talk in talks:
            talk.join()
