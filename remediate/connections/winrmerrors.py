"""Troubles of WinRM in words: what refused, what it means, and the next thing to try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from spnego.exceptions import SpnegoError
from urllib3.exceptions import HTTPError, NameResolutionError

from remediate.errors import HostError, Reach, Unreachable, UserError

TIMED_OUT = 0x80338029
"""Nothing came within the operation's time."""
NO_SHELL = frozenset({0x8033805B, 0x80338043, 995})
"""The shell or command is not there (any more): the host restarted, or it was idle for too long."""
NO_RESOURCE = frozenset({0x80338000, 0x8033803B, 0x8033809D})
"""The service has no such kind of shell."""
_QUOTAS = frozenset({0x803381A4, 0x803381A5, 0x803381A6, 0x803381A7, 0x803381A8})
_TOO_LARGE = frozenset({0x80338062, 0x80338082, 0x803380EF})

_TLS: tuple[tuple[str, str, str], ...] = (
    (
        "fingerprint",
        "shows another certificate than winrm_fingerprint names",
        "compare the certificate on the host; correct winrm_fingerprint only when you know why it changed",
    ),
    (
        "has expired",
        "has a certificate that has expired",
        "renew the certificate on the host; until then winrm_fingerprint can name exactly this one",
    ),
    ("not yet valid", "has a certificate that is not valid yet", "are the clocks of host and controller right?"),
    (
        "mismatch|doesn't match|not valid for",
        "has a certificate for another name",
        "name the host in ansible_host as its certificate does, or pin the certificate with winrm_fingerprint",
    ),
    (
        "unable to get|self.signed|certificate_verify_failed|verify failed",
        "has a certificate nobody vouches for",
        "name the file of its issuer in winrm_ca, or pin the certificate with winrm_fingerprint",
    ),
    (
        "protocol version|unsupported protocol|version too low|no shared cipher|handshake failure|no protocols",
        "speaks a TLS that is too old for this machine",
        "reach old hosts by winrm_scheme: http and winrm_auth: ntlm, which seals what it says",
    ),
    (
        "wrong version number|unknown protocol|http request",
        "does not speak TLS on this port",
        "is this the port of an HTTPS listener (5986)? For HTTP set winrm_scheme: http and port 5985",
    ),
    (
        "certificate required|bad certificate|unknown ca",
        "does not accept the client certificate",
        "is it mapped to an account on the host (winrm enumerate winrm/config/service/certmapping)?",
    ),
)

_STATUS: dict[int, tuple[Reach, str, str]] = {
    400: ("lost", "did not understand a sealed message: the connection it belonged to is gone", "run again"),
    403: ("denied", "forbids WinRM to this account or address", "look at IPv4Filter and the account's rights there"),
    404: (
        "protocol",
        "has no WS-Management at this path",
        "is this the WinRM port (5985, 5986), and winrm_path right?",
    ),
    413: ("protocol", "refuses messages of this size", "raise MaxEnvelopeSizekb on the host"),
    500: (
        "protocol",
        "refuses what is not sealed",
        "leave winrm_encryption at auto, or use https",
    ),
    503: ("refused", "is too busy, or its WinRM service is starting", "run again in a minute"),
}


class ShellRefused(Unreachable):
    """The account may have no shell of this kind, or there is none; another kind may do."""


@contextmanager
def translated(where: str, user: str) -> Iterator[None]:
    """Turns everything pypsrp and requests raise inside into Unreachable."""
    try:
        yield
    except (HostError, UserError):
        raise
    except (WinRMError, requests.exceptions.RequestException, HTTPError, SpnegoError, ImportError) as error:
        raise trouble(error, where, user) from None
    except (OSError, ValueError) as error:  # a socket, or what pypsrp thinks of the server's offer
        raise trouble(error, where, user) from None


def trouble(error: Exception, where: str, user: str) -> Unreachable:
    """What an error of pypsrp, requests or spnego means."""
    if isinstance(error, WSManFaultError):
        return _fault(error, where)
    if isinstance(error, WinRMTransportError):
        return _status(error, where)
    if isinstance(error, requests.exceptions.RequestException | HTTPError | OSError) and not isinstance(
        error, ImportError
    ):
        return _wire(error, where)
    if isinstance(error, AuthenticationError | SpnegoError | ImportError | ValueError):
        return _login(error, where, user)
    hint = "run again; if it stays, restart the WinRM service on the host"
    return Unreachable(f"{where} answers what is no WS-Management: {_short(error)}", kind="protocol", hint=hint)


def _wire(error: Exception, where: str) -> Unreachable:
    text = str(error)
    if isinstance(error, requests.exceptions.SSLError) or "SSLError" in text or "ssl" in type(error).__module__:
        return _tls(text, where)
    if isinstance(error, requests.exceptions.ReadTimeout):
        return Unreachable(f"{where} did not answer in time", kind="lost", hint="does the host hang? Run again")
    if "NameResolutionError" in text or _has(error, NameResolutionError):
        hint = "correct ansible_host, or the DNS or hosts file of this machine"
        return Unreachable(f"the name of {where} cannot be resolved", kind="name", hint=hint)
    if "Connection refused" in text or "[Errno 111]" in text or "WinError 10061" in text:
        hint = "does WinRM listen there (winrm enumerate winrm/config/listener), and is this its port (ansible_port)?"
        return Unreachable(f"{where} refuses connections", kind="refused", hint=hint)
    if isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in text:
        hint = "is the host up, and does a firewall let this machine through? connect_timeout lengthens the wait"
        return Unreachable(f"{where} does not answer", kind="timeout", hint=hint)
    return Unreachable(f"the connection to {where} was lost: {_cause(text)}", kind="lost", hint="run again")


def _tls(text: str, where: str) -> Unreachable:
    low = text.lower()
    for signs, what, hint in _TLS:
        if re.search(signs, low):
            return Unreachable(f"{where} {what}", kind="tls", hint=hint)
    if "eof" in low or "reset" in low:  # Windows hangs up where OpenSSL would say why
        hint = "an old host may know no TLS this machine accepts: winrm_scheme: http with winrm_auth: ntlm"
        return Unreachable(f"{where} ended the TLS handshake", kind="lost", hint=hint)
    return Unreachable(f"TLS with {where} failed: {_cause(text)}", kind="tls", hint="look at the host's certificate")


def _login(error: Exception, where: str, user: str) -> Unreachable:
    text = str(error)
    offered = re.search(r"actual: '(.*)'", text)
    if offered or "incompatible with" in text:
        takes = f"; it takes {offered[1]}" if offered and offered[1] else ""
        hint = "set winrm_auth to one of those, or allow another one on the host (winrm set winrm/config/service/auth)"
        return Unreachable(f"{where} does not take this way to log in{takes}", kind="auth", hint=hint)
    if isinstance(error, AuthenticationError):
        hint = "check user and password (a domain account is written DOMAIN\\user), and that the account is not locked"
        return Unreachable(f"{where} refused {user or 'the log-in'}", kind="auth", hint=hint)
    hint = "for Kerberos: is there a ticket (kinit), is the clock right, and is ansible_host the name in its SPN?"
    return Unreachable(f"logging in to {where} failed here: {_short(error)}", kind="auth", hint=hint)


def _status(error: WinRMTransportError, where: str) -> Unreachable:
    known = _STATUS.get(error.code)
    if known is None:
        hint = "is there a proxy or another web server between?"
        return Unreachable(f"{where} answered HTTP {error.code}", kind="protocol", hint=hint)
    kind, what, hint = known
    return Unreachable(f"{where} {what}", kind=kind, hint=hint)


def _fault(error: WSManFaultError, where: str) -> Unreachable:
    code = error.code if isinstance(error.code, int) else 0
    reason = _short(error.provider_fault or error.reason or error)
    if code == 5 or "AccessDenied" in str(error.code):
        hint = "is the account in the host's Administrators, and may it use remote shells (AllowRemoteShellAccess)?"
        return ShellRefused(f"{where} denies this account a remote shell: {reason}", kind="denied", hint=hint)
    if code in _QUOTAS or "QuotaLimit" in str(error.code):
        hint = "shells of earlier runs end after their idle time (winrm enumerate shell lists them); or raise the quota"
        return Unreachable(f"{where} opens no more shells: {reason}", kind="quota", hint=hint)
    if code in NO_SHELL:
        return Unreachable(f"{where} has closed the shell: {reason}", kind="lost", hint="run again")
    if code == TIMED_OUT:
        hint = "the host is very busy: lengthen winrm_operation_timeout"
        return Unreachable(f"{where} did not finish in time: {reason}", kind="timeout", hint=hint)
    if code in _TOO_LARGE:
        hint = 'raise MaxEnvelopeSizekb on the host (winrm set winrm/config @{MaxEnvelopeSizekb="500"})'
        return Unreachable(f"{where} refuses messages of this size: {reason}", kind="denied", hint=hint)
    if code in NO_RESOURCE:
        hint = "winrm_shell: cmd or powershell chooses the other kind of shell"
        return ShellRefused(f"{where} has no such shell: {reason}", kind="denied", hint=hint)
    hint = "run again; if it stays, look into the host's WinRM event log"
    return Unreachable(f"{where} reports a fault ({error.code}): {reason}", kind="protocol", hint=hint)


def _has(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        reason = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if isinstance(reason, kind):
            return True
        error = reason if isinstance(reason, BaseException) else None
    return False


def _cause(text: str) -> str:
    """The last words of a chain of Python exceptions."""
    quoted = re.findall(r"'([^'\"()]{4,})'", text)
    return _short(quoted[-1] if quoted else text)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else text[:197] + "..."
