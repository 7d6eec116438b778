"""Who a connection is: NTLM with accounts kept in memory, Basic over TLS, a client's certificate; and sealed bodies.

What was found out belongs to the TCP connection, as in Windows: after a handshake every further request on it is that
user's, and the keys that seal messages live and die with it.
"""

from __future__ import annotations

import base64
import binascii
import contextvars
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spnego import ContextProxy

SPNEGO = "application/HTTP-SPNEGO-session-encrypted"
MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
BOUNDARY = b"--Encrypted Boundary"
_PARTS = re.compile(
    rb"--\s*Encrypted Boundary\r\n.*?Length=(\d+)\r\n--\s*Encrypted Boundary\r\n"
    rb"\tContent-Type: application/octet-stream\r\n",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Who may log on to a host: one user, as a lab host has."""

    user: str
    password: str

    def password_of(self, name: str) -> str | None:
        """For ``user``, ``DOMAIN\\user`` or ``user@domain``; None for a stranger."""
        plain = name.rpartition("\\")[2].partition("@")[0]
        return self.password if plain.lower() == self.user.lower() else None


@dataclass(slots=True, kw_only=True)
class Login:
    """The state of one connection. ``user`` is "" while nobody is logged on."""

    accounts: Accounts
    methods: frozenset[str]
    """ntlm, basic, certificate."""
    secure: bool
    """The connection is TLS."""
    certificate_user: str = ""
    """Whom the client's certificate names."""
    user: str = ""
    _context: ContextProxy | None = field(default=None)

    def offers(self) -> list[str]:
        """WWW-Authenticate of a 401."""
        found = ["Negotiate"] if "ntlm" in self.methods else []
        return [*found, 'Basic realm="WSMAN"'] if self.secure and "basic" in self.methods else found

    def answer(self, header: str) -> tuple[bool, list[str]]:
        """What an Authorization header does: whether the request may go on, and WWW-Authenticate to answer with."""
        scheme, _, rest = header.partition(" ")
        match scheme.lower():
            case "negotiate" | "ntlm" if "ntlm" in self.methods:
                return self._negotiate(scheme, rest)
            case "basic" if "basic" in self.methods and self.secure:
                self.user = self._basic(rest)
            case other if other == MUTUAL and "certificate" in self.methods:
                self.user = self.certificate_user
            case _:
                self.user = ""
        return bool(self.user), [] if self.user else self.offers()

    def _basic(self, rest: str) -> str:
        try:
            name, _, password = base64.b64decode(rest).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return ""
        return self.accounts.user if password == self.accounts.password_of(name) else ""

    def _negotiate(self, scheme: str, rest: str) -> tuple[bool, list[str]]:
        from spnego.exceptions import SpnegoError

        if self._context is None or self._context.complete:
            self.user = ""
            self._context = _with(self.accounts, _acceptor)
        context = self._context
        try:
            token = base64.b64decode(rest)
            out = _with(self.accounts, lambda: context.step(token))
        except (SpnegoError, ValueError, struct.error):
            self._context = None
            return False, self.offers()
        told = [f"{scheme} {base64.b64encode(out).decode()}"] if out else []
        if not context.complete:
            return False, told or self.offers()
        self.user = self.accounts.user
        return True, told

    # sealed messages, [MS-WSMV] 2.2.9.1

    def seal(self, plain: bytes) -> bytes:
        """The body of a multipart/encrypted answer."""
        assert self._context is not None
        sealed = self._context.wrap_winrm(plain)
        length = len(plain) + sealed.padding_length
        head = [
            BOUNDARY,
            b"\tContent-Type: " + SPNEGO.encode(),
            b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d" % length,
            BOUNDARY,
            b"\tContent-Type: application/octet-stream",
            struct.pack("<i", len(sealed.header)) + sealed.header + sealed.data + BOUNDARY + b"--\r\n",
        ]
        return b"\r\n".join(head)

    def unseal(self, data: bytes) -> bytes:
        """The message in a multipart/encrypted request; ValueError for a wrong key, or what was tampered with."""
        from spnego.exceptions import SpnegoError

        found = _PARTS.match(data)
        if self._context is None or not self._context.complete or not found or not data.endswith(BOUNDARY + b"--\r\n"):
            raise ValueError("not a sealed message of this connection")
        part = data[found.end() : -len(BOUNDARY) - 4]
        try:
            size = struct.unpack_from("<i", part)[0]
            plain = self._context.unwrap_winrm(part[4 : 4 + size], part[4 + size :])
        except (SpnegoError, struct.error) as error:
            raise ValueError("the seal is broken") from error
        if len(plain) != int(found[1]):
            raise ValueError("the length is wrong")
        return plain


def _acceptor() -> ContextProxy:
    import spnego

    return spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)


def _with(accounts: Accounts, work: Callable[[], Any]) -> Any:
    """Do ``work`` while pyspnego looks accounts up in memory."""
    table = _in_memory()
    token = table.set(accounts)
    try:
        return work()
    finally:
        table.reset(token)


@cache
def _in_memory() -> contextvars.ContextVar[Accounts | None]:
    """Let pyspnego's acceptor look passwords up per call.

    It knows one file for the whole process (NTLM_USER_FILE); a lab has hosts with accounts of their own, so its two
    private look-ups are replaced. That is why pyspnego is pinned.
    """
    from spnego import _ntlm
    from spnego._ntlm_raw.crypto import lmowfv1, ntowfv1
    from spnego.exceptions import ErrorCode, SpnegoError

    table: contextvars.ContextVar[Accounts | None] = contextvars.ContextVar("accounts", default=None)
    file_path, from_file = _ntlm._get_credential_file, _ntlm._get_credential

    def path() -> str | None:
        return "memory" if table.get() is not None else file_path()

    def credential(store: str | None, domain: str | None = None, username: str | None = None) -> Any:
        accounts = table.get()
        if accounts is None:
            return from_file(store, domain, username)
        password = accounts.password_of(username or "")
        if password is None:
            raise SpnegoError(ErrorCode.failure, context_msg="unknown account")
        return domain, username, lmowfv1(password), ntowfv1(password)

    _ntlm._get_credential_file, _ntlm._get_credential = path, credential
    return table
