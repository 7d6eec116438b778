"""A relay between a controller and its server that can stand still: connections stay open, and nothing comes back."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from tests.patience import LIMIT


class Proxy:
    """Listens on ``port`` of 127.0.0.1. ``hold`` keeps back what open connections say; ``deaf``: new ones, too."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._going = threading.Event()
        self._going.set()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.deaf = False
        self.accepted = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._going.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT)
        self._listener.close()
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def hold(self) -> None:
        """Let nothing through any more; connections made later have a fresh start."""
        self._going.clear()
        self._going = threading.Event()
        if not self.deaf:
            self._going.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                self._sockets.append(client)
                self.accepted += 1
                server = socket.create_connection(("127.0.0.1", self._target))
                self._sockets.append(server)
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=_relay, args=(one, other, self._going), daemon=True).start()


def _relay(one: socket.socket, other: socket.socket, going: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            going.wait(LIMIT)
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
