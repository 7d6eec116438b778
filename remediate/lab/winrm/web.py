"""One TCP connection to a host's WinRM: TLS where it is HTTPS, log-on, sealing, and the requests one after another."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, BinaryIO, cast

from remediate.lab.winrm import http
from remediate.lab.winrm.auth import SPNEGO, Login
from remediate.lab.winrm.http import BadRequest, HttpRequest
from remediate.lab.winrm.shells import Cut
from remediate.lab.winrm.strikes import SILENCE

if TYPE_CHECKING:
    from remediate.lab.winrm.host import WinrmHost

SOAP = "application/soap+xml;charset=UTF-8"
SEALED = f'multipart/encrypted;protocol="{SPNEGO}";boundary="Encrypted Boundary"'
HANDSHAKE_SECONDS = 120.0

log = logging.getLogger(__name__)


class WebConnection:
    """Serves one accepted socket."""

    def __init__(self, sock: socket.socket, host: WinrmHost) -> None:
        self._sock = sock
        self._host = host
        self._address = str(sock.getpeername()[0])
        self._login = Login(accounts=host.accounts, methods=host.methods, secure=host.tls is not None)
        self._gone = False
        self._working = False
        """A request was read, and no byte of its answer has left."""
        self._turn = threading.Lock()
        self._sealed = False

    def lose(self) -> None:
        """As ``cut``, but seen by the client: one that waits for nothing finds out when its next request is lost.

        A connection that ends after a whole answer is no loss: clients open another and never tell.
        """
        with self._turn:
            self._gone = True
            if self._working:
                self.cut()

    def cut(self) -> None:
        """End the TCP connection without a word, as a lost network does."""
        self._gone = True
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("%s: cut twice", self._host.name)

    def run(self) -> None:
        """Serve until the client leaves, is silent for too long, or the connection is cut; blocks."""
        try:
            self._host.enter(self)
            self._begin()
            stream = cast("BinaryIO", self._sock.makefile("rb", 65_536))
            with stream:
                self._sock.settimeout(self._patience)
                while self._serve(stream):
                    self._sock.settimeout(self._patience)
        except (Cut, OSError, ValueError) as error:
            log.debug("%s: %r", self._host.name, error)
        finally:
            self._gone = True
            self.cut()  # what counts as no connection any more is none for the client either
            self._sock.close()
            self._host.leave(self)

    @property
    def _patience(self) -> float:
        """Seconds it may be silent. A log-on is given the time it needs, whatever is wrong with the host."""
        return self._host.strikes.idle_seconds if self._login.user else SILENCE

    def _begin(self) -> None:
        if self._host.tls is None:
            return
        self._sock.settimeout(HANDSHAKE_SECONDS)
        secure = self._host.tls.wrap_socket(self._sock, server_side=True)
        self._sock = secure
        self._login.certificate_user = _named(secure, self._host.accounts.user)

    def _serve(self, stream: BinaryIO) -> bool:
        """One request; False when it was the last."""
        try:
            request = http.read(stream, self._sock)
        except BadRequest as error:
            self._sock.sendall(http.answer(error.status, headers=[self._date()]))
            return False
        if request is None:
            return False
        self._working = True
        self._sock.settimeout(None)
        if self._gone or self._host.away():
            return False
        return self._answer(request) and not request.closes

    def _answer(self, request: HttpRequest) -> bool:
        if request.method != "POST" or request.path.split("?")[0].rstrip("/").lower() != "/wsman":
            return self._say(404 if request.method == "POST" else 405)
        told: list[str] = []
        before = self._login.user
        if "authorization" in request.headers:
            passed, told = self._login.answer(request.headers["authorization"])
            if not passed:
                return self._say(401, told)
        elif not self._login.user and request.headers.get("wsmanidentify", "").lower() != "unauthenticated":
            return self._say(401, self._login.offers())
        if self._login.user and not before:
            self._host.logged_on(self._login.user)
        if not request.body:
            return self._say(200, told)
        return self._message(request, told)

    def _message(self, request: HttpRequest, told: list[str]) -> bool:
        body = request.body
        self._sealed = request.headers.get("content-type", "").startswith("multipart/encrypted")
        if self._sealed:
            try:
                body = self._login.unseal(body)
            except ValueError:  # keys of a connection that is gone: an empty 400, and this one goes too
                self._say(400)
                return False
        elif self._host.tls is None and self._login.user:
            # likely: the status Windows gives to unencrypted traffic, which it refuses by default
            return self._say(500)
        found = self._host.service.handle(body, self._login.user, self._address, lambda: self._gone)
        payload = self._login.seal(found.body) if self._sealed else found.body
        whole = http.answer(found.status, payload, SEALED if self._sealed else SOAP, [*_challenges(told), self._date()])
        if found.cut_short:
            self._tell(whole[: len(whole) - len(payload) // 2])
            raise Cut
        self._tell(whole)
        return True

    def _say(self, status: int, challenges: list[str] | None = None) -> bool:
        self._tell(http.answer(status, headers=[*_challenges(challenges or []), self._date()]))
        return True

    def _date(self) -> tuple[str, str]:
        """By the host's clock, as http.sys writes it under every answer."""
        return "Date", format_datetime(self._host.machine.clock.utc_now().astimezone(UTC), usegmt=True)

    def _tell(self, answer: bytes) -> None:
        """All of it, or nothing where the line was lost meanwhile."""
        with self._turn:
            if self._gone:
                raise Cut
            self._working = False
        self._sock.sendall(answer)


def _challenges(values: list[str]) -> list[tuple[str, str]]:
    return [("WWW-Authenticate", value) for value in values]


def _named(sock: ssl.SSLSocket, user: str) -> str:
    """The account a client's certificate stands for, "" for none: the one its common name says."""
    shown = sock.getpeercert() or {}
    names = [value for part in shown.get("subject", ()) for key, value in cast("tuple[tuple[str, str], ...]", part)]
    return user if any(name.lower() == user.lower() for name in names) else ""
