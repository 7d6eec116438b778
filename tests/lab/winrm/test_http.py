"""The lab's WinRM byte by byte: what HTTP and SOAP it takes, what it repeats, and that rubbish never stops it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypsrp.shell import WinRS
from pypsrp.wsman import WSMan

from remediate.lab.winrm import soap
from remediate.lab.winrm.soap import NS, Fault
from tests.lab.winrm.piped import PipedProcess
from tests.lab.winrmhost import WinrmWire, winrm_host
from tests.patience import LIMIT

IDENTIFY = (
    f'<s:Envelope xmlns:s="{NS["s"]}" xmlns:i="{NS["id"]}"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>'
).encode()


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[WinrmWire]:
    with winrm_host(tmp_path) as made:
        yield made


def talk(wire: WinrmWire, *requests: bytes) -> bytes:
    """Everything the host says to these bytes until it or the client ends the connection."""
    said = b""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=LIMIT) as sock:
        sock.sendall(b"".join(requests))
        sock.shutdown(socket.SHUT_WR)
        try:
            while part := sock.recv(65_536):
                said += part
        except ConnectionResetError:
            pass
    return said


def post(body: bytes, *headers: str, path: str = "/wsman") -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: ex1", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_anybody_may_ask_who_it_is(wire: WinrmWire) -> None:
    said = talk(wire, post(IDENTIFY, "WSMANIDENTIFY: unauthenticated"))
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"OS: 0.0.0 SP: 0.0 Stack: 2.0" in said
    assert b"5.2.3790" not in said


def test_nobody_may_do_more(wire: WinrmWire) -> None:
    create = IDENTIFY.replace(b"<i:Identify/>", b"").replace(b"<s:Header/>", b"<s:Header></s:Header>")
    said = talk(wire, post(create, "WSMANIDENTIFY: unauthenticated"), post(IDENTIFY))
    first, _, second = said.partition(b"HTTP/1.1 401 ")
    assert b'Code="5"' in first
    assert b"WWW-Authenticate: Negotiate" in second
    assert b"Basic" not in said
    assert wire.winrm.service.open_shells == 0


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (post(b"", path="/other"), 404),
        (b"GET /wsman HTTP/1.1\r\n\r\n", 405),
        (b"POST /wsman HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST /wsman HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST /wsman HTTP/1.1\r\nContent-Length: minus\r\n\r\n", 411),
        (b"POST /wsman HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"rubbish\r\n\r\n", 400),
        (post(IDENTIFY), 401),
        (post(IDENTIFY, "Authorization: Negotiate !!!"), 401),
        (post(IDENTIFY, "Authorization: Negotiate AAAA"), 401),
        (post(IDENTIFY, "Authorization: Basic QTpC"), 401),
        (post(IDENTIFY, "Authorization: Kerberos YQ=="), 401),
        (post(b"x", 'Content-Type: multipart/encrypted;protocol="x"', "WSMANIDENTIFY: unauthenticated"), 400),
        (post(b"<not xml", "WSMANIDENTIFY: unauthenticated"), 400),
    ],
)
def test_what_it_does_not_take(wire: WinrmWire, sent: bytes, status: int) -> None:
    assert talk(wire, sent).startswith(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode())
    assert talk(wire, post(IDENTIFY, "WSMANIDENTIFY: unauthenticated")).startswith(b"HTTP/1.1 200 ")
    assert wire.served.logons == 0


def test_document_types_are_refused(wire: WinrmWire) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + IDENTIFY
    said = talk(wire, post(bomb, "WSMANIDENTIFY: unauthenticated"))
    assert b"document types are not allowed" in said


@given(st.binary(max_size=300))
def test_rubbish_is_a_fault_and_nothing_else(data: bytes) -> None:
    with pytest.raises(Fault):
        soap.parse(data)


@given(st.text(alphabet="PT0123456789.MSx", max_size=12))
def test_a_duration_is_a_number_of_seconds(text: str) -> None:
    assert soap.seconds(text, 60.0) >= 0


def test_durations() -> None:
    assert [soap.seconds(text, 9.0) for text in ("PT20S", "PT1.5S", "PT2M", "PT1M30S", "PT", "", "20")] == [
        20, 1.5, 120, 90, 9, 9, 9,
    ]  # fmt: skip


def test_a_receive_that_is_repeated_is_answered_the_same(tmp_path: Path) -> None:
    how = {"transport": "https", "auth": ("basic",)}
    with winrm_host(tmp_path, **how) as wire, WSMan(**wire.pypsrp()) as wsman, WinRS(wsman) as shell:
        sent: list[bytes] = []
        send = wsman.transport.send

        def remember(message: bytes, **more: object) -> bytes:
            sent.append(message)
            return send(message, **more)  # type: ignore[arg-type]

        wsman.transport.send = remember  # type: ignore[method-assign]
        process = PipedProcess(shell, "echo once")
        process.begin_invoke()
        process.end_invoke()
        assert process.stdout == b"once\r\n"
        receive = next(message for message in sent if b"/Receive<" in message)
        assert b"b25jZQ0K" in send(receive)
        assert wire.served.executions == 1


def test_what_it_does_not_know_is_in_the_refusal_log(tmp_path: Path) -> None:
    how = {"transport": "https", "auth": ("basic",)}
    with winrm_host(tmp_path, **how) as wire, WSMan(**wire.pypsrp()) as wsman:
        with pytest.raises(Exception, match="unsupported action"):
            wsman.enumerate(f"{soap.SHELL_URI}/cmd", None)
        assert "Enumerate" in wire.machine.refusals[-1]
        assert wsman.get_server_config() is not None


def test_a_shell_nobody_uses_makes_room(wire: WinrmWire, monkeypatch: pytest.MonkeyPatch) -> None:
    service = wire.winrm.service
    with WSMan(**wire.pypsrp()) as wsman:
        for _ in range(5):
            WinRS(wsman).open()
        with monkeypatch.context() as later:
            later.setattr(service, "_touched", dict.fromkeys(service._touched, -1e9))
            WinRS(wsman).open()
    assert service.open_shells == 1
