"""Servers on loopback that take what hooks send: a web server with moods, a mail server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SCALE = 20


@dataclass
class Received:
    """What came in, one entry a request."""

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


def handler(mood: str, received: Received) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            received.requests.append((dict(self.headers.items()), content))
            with suppress(OSError):
                self._answer(len(received.requests))

        def _answer(self, number: int) -> None:
            if mood == "closes":
                self.connection.close()
                return
            if mood == "silent":
                time.sleep(SCALE)
            code = {"broken": 500, "refuses": 403, "moved": 302}.get(mood, 200)
            code = 500 if mood == "first fails" and number == 1 else code
            self.send_response(code)
            if mood == "moved":
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(10_000_000 if mood in ("trickles", "huge") else 2))
            self.end_headers()
            if mood == "trickles":
                for _ in range(200):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            else:
                self.wfile.write(b"x" * 10_000_000 if mood == "huge" else b"ok")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Quiet."""

    return Handler


@contextmanager
def web(mood: str = "fine") -> Iterator[Received]:
    received = Received()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(mood, received))
    server.daemon_threads = True
    received.url = f"http://127.0.0.1:{server.server_address[1]}/hook/t0ken-of-the-chat"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
