"""Mail against a real SMTP server, with and without encryption and passwords."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from remediate.lab.winrm import tls
from remediate.notify import Hook, HostLine, Mail, Occasion, Told, notify
from tests.notify.test_webhook import NOW, OCCASION

PASSWORD = "smtp-pass-99"


class Box:
    """Keeps what is delivered."""

    def __init__(self, refuses: bool = False) -> None:
        self.letters: list[Envelope] = []
        self._refuses = refuses

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - its name
        self.letters.append(envelope)
        return "554 not here" if self._refuses else "250 taken"


@contextmanager
def server(box: Box, context: ssl.SSLContext | None = None) -> Iterator[int]:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"ops", PASSWORD.encode()), handled=False)

    more: dict[str, Any] = {"tls_context": context, "authenticator": check} if context else {}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def told(port: int, folder: Path, occasion: Occasion = OCCASION, **mail: Any) -> Told:
    given = {"server": "127.0.0.1", "port": port, "sender": "ops@example.com", "to": ("a@example.com",), **mail}
    settings = Mail(**given)
    hook = Hook(name="mail", on=("after",), mail=settings)
    environ = {"SMTP_PASSWORD": PASSWORD, "WRONG": "no"}
    (one,) = notify([hook], occasion, environ=environ, folder=folder, now=NOW)
    return one


def delivered(box: Box) -> bytes:
    content = box.letters[0].content
    assert isinstance(content, bytes)
    return content


def test_a_letter_arrives(tmp_path: Path) -> None:
    box = Box()
    with server(box) as port:
        assert told(port, tmp_path) == Told(name="mail", ok=True)
    letter = message_from_bytes(delivered(box), policy=policy.default)
    assert letter["Subject"] == "remediate: 1 changed, 1 failed: kb870585.yml (20261128-2205-7f3a)"
    text = letter.get_content()
    assert "window     saturday_night" in text
    assert "ex2  failed          x" in text


def test_names_of_hosts_add_no_header(tmp_path: Path) -> None:
    evil = "x\r\nBcc: everybody@example.com"
    occasion = Occasion(kind="after", run=evil, playbook=evil, who=evil, controller="c",
                        hosts=(HostLine(host=evil, outcome="changed", reason=evil),))  # fmt: skip
    box = Box()
    with server(box) as port:
        assert told(port, tmp_path, occasion).ok
    letter = message_from_bytes(delivered(box), policy=policy.default)
    assert letter["Bcc"] is None
    assert box.letters[0].rcpt_tos == ["a@example.com"]


def test_encrypted_with_a_password(tmp_path: Path) -> None:
    box = Box()
    context = tls.server_context(tmp_path, "mail")
    secure: dict[str, Any] = {
        "starttls": True,
        "ca": str(tls.authority(tmp_path)),
        "user": "ops",
        "server": "localhost",
    }
    with server(box, context) as port:
        good = told(port, tmp_path, password="env:SMTP_PASSWORD", **secure)
        bad = told(port, tmp_path, password="env:WRONG", **secure)
        stranger = told(port, tmp_path, password="env:SMTP_PASSWORD", **{**secure, "ca": ""})
    assert good.error == ""
    assert bad.error == "localhost refuses the user ops or the password"
    assert stranger.error == "localhost: its certificate cannot be trusted"


@pytest.mark.parametrize(("refuses", "error"), [(True, "127.0.0.1 answered 554"), (False, "")])
def test_a_server_that_does_not_take_it(refuses: bool, error: str, tmp_path: Path) -> None:
    box = Box(refuses)
    with server(box) as port:
        assert told(port, tmp_path).error == error


def test_no_server(tmp_path: Path) -> None:
    assert told(9, tmp_path).error.startswith("127.0.0.1:9 cannot be reached: ")
