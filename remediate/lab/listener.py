"""Accepts connections for all hosts of a lab in one thread; each connection then has a thread of its own."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable

Serve = Callable[[str, socket.socket], None]
"""Takes a host's name and an accepted connection, and blocks until it is over."""


class Listener:
    """Listening sockets of many hosts. Costs nothing while nobody connects."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        self._selector.register(self._wake_out, selectors.EVENT_READ, None)
        self._sockets: dict[str, socket.socket] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="listener", daemon=True)

    def open(self, name: str, port: int) -> int:
        """Listen for ``name`` on loopback; ``port`` when it is free, any other else. The port it became."""
        try:
            sock = _listen(port)
        except OSError:
            sock = _listen(0)
        self._sockets[name] = sock
        self._selector.register(sock, selectors.EVENT_READ, name)
        self._wake_in.send(b"+")
        return int(sock.getsockname()[1])

    def shut(self, name: str) -> None:
        """Stop listening for ``name``; its connections live on."""
        sock = self._sockets.pop(name, None)
        if sock is not None:
            self._selector.unregister(sock)
            sock.close()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections; those there are live on."""
        self._stopped.set()
        self._wake_in.send(b"-")
        if self._thread.is_alive():
            self._thread.join()
        for name in list(self._sockets):
            self.shut(name)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            for key, _ in self._selector.select():
                if key.data is None:
                    self._wake_out.recv(1024)
                else:
                    self._take(key.data)

    def _take(self, name: str) -> None:
        try:
            connection, _ = self._sockets[name].accept()
        except (KeyError, OSError):
            return
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._serve, args=(name, connection), name=f"ssh {name}", daemon=True).start()


def _listen(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(128)
        sock.settimeout(0)
    except OSError:
        sock.close()
        raise
    return sock
