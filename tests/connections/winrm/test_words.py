"""What pypsrp, requests and spnego raise, told in words: one kind each, and always the next thing to try."""

from __future__ import annotations

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError, WSManFaultError
from spnego.exceptions import ErrorCode, SpnegoError

from remediate.connections.winrmerrors import ShellRefused, translated, trouble
from remediate.errors import RemoteFailed, Unreachable


def fault(code: object, reason: str = "because") -> WSManFaultError:
    return WSManFaultError(code, "EX1", reason, None, None, None)


TLS = requests.exceptions.SSLError
LOST = requests.exceptions.ConnectionError
CASES: list[tuple[Exception, str, str]] = [
    (TLS("certificate verify failed: certificate has expired"), "tls", "expired"),
    (TLS("certificate verify failed: IP address mismatch"), "tls", "another name"),
    (TLS("certificate verify failed: unable to get local issuer certificate"), "tls", "nobody vouches"),
    (TLS("tlsv1 alert protocol version"), "tls", "too old"),
    (TLS("[SSL: UNSUPPORTED_PROTOCOL] unsupported protocol"), "tls", "too old"),
    (TLS("[SSL: WRONG_VERSION_NUMBER] wrong version number"), "tls", "does not speak TLS"),
    (TLS("tlsv13 alert certificate required"), "tls", "client certificate"),
    (TLS("Fingerprints did not match: fingerprint"), "tls", "another certificate"),
    (TLS("UNEXPECTED_EOF_WHILE_READING: EOF occurred"), "lost", "ended the TLS handshake"),
    (TLS("something new"), "tls", "something new"),
    (requests.exceptions.ReadTimeout("read timed out"), "lost", "did not answer in time"),
    (requests.exceptions.ConnectTimeout("connect timed out"), "timeout", "does not answer"),
    (LOST("[Errno 111] Connection refused"), "refused", "refuses connections"),
    (LOST("NameResolutionError: no such host"), "name", "cannot be resolved"),
    (LOST("NewConnectionError: [Errno 113] No route to host"), "timeout", "does not answer"),
    (LOST("('Connection aborted.', RemoteDisconnected('Remote end closed'))"), "lost", "Remote end closed"),
    (requests.exceptions.ChunkedEncodingError("IncompleteRead(3 bytes read)"), "lost", "IncompleteRead"),
    (ConnectionResetError(104, "Connection reset by peer"), "lost", "reset by peer"),
    (AuthenticationError("Failed to authenticate the user u with ntlm"), "auth", "refused admin"),
    (AuthenticationError("... methods Negotiate - actual: 'Basic realm=\"WSMAN\"'"), "auth", "it takes Basic realm"),
    (ValueError("protocol 'Kerberos' which is incompatible with the specified"), "auth", "this way to log in"),
    (SpnegoError(ErrorCode.no_cred, context_msg="no ticket"), "auth", "no ticket"),
    (ImportError("no module krb5"), "auth", "krb5"),
    (WinRMTransportError("http", 404, "<html>"), "protocol", "no WS-Management at this path"),
    (WinRMTransportError("http", 400, ""), "lost", "sealed"),
    (WinRMTransportError("http", 503, ""), "refused", "busy"),
    (WinRMTransportError("http", 418, "teapot"), "protocol", "HTTP 418"),
    (fault(5, "Access is denied."), "denied", "Access is denied"),
    (fault(0x803381A5, "maximum number of 5 concurrent shells"), "quota", "opens no more shells"),
    (fault(0x8033805B), "lost", "has closed the shell"),
    (fault(0x80338029), "timeout", "did not finish in time"),
    (fault(0x80338062), "denied", "messages of this size"),
    (fault(0x8033803B), "denied", "no such shell"),
    (fault("w:SomethingElse", "odd"), "protocol", "odd"),
    (WinRMError("Received related id does not match"), "protocol", "no WS-Management"),
]


@pytest.mark.parametrize(("error", "kind", "words"), CASES, ids=lambda value: str(value)[:40])
def test_trouble(error: Exception, kind: str, words: str) -> None:
    with pytest.raises(Unreachable) as caught, translated("ex1:5986", "admin"):
        raise error
    assert caught.value.kind == kind
    assert words in caught.value.message
    assert caught.value.hint


def test_only_a_refused_shell_may_be_tried_another_way() -> None:
    assert isinstance(trouble(fault(5), "ex1", "u"), ShellRefused)
    assert not isinstance(trouble(fault(0x803381A5), "ex1", "u"), ShellRefused)


def test_our_own_errors_pass() -> None:
    with pytest.raises(RemoteFailed, match="as it is"), translated("ex1", "u"):
        raise RemoteFailed("as it is")
