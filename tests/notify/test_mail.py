"""Mail against real SMTP servers, with and without encryption and passwords."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.lab.winrm import tls
from remediate.notify import HostLine, Mail, Occasion, Told
from remediate.notify.mail import message
from tests.notify.occasions import ENVIRON, NOW, OCCASION, tell
from tests.notify.receivers import PASSWORD, Box, port, smtp
from tests.patience import LIMIT

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)
PLAIN = Mail(server="mail.example", sender="Remediate <r@example.com>", to=("a@example.com", "b@example.com"))


def told(number: int, folder: Path, occasion: Occasion = OCCASION, timeout: float = LIMIT, **mail: Any) -> Told:
    given = {"server": "127.0.0.1", "port": number, "sender": "r@example.com", "to": ("a@example.com",), **mail}
    environ = {**ENVIRON, "WRONG": "wrong-pass-77"}
    return tell(folder, occasion, environ, mail=Mail(**given), timeout=timeout)


def delivered(box: Box) -> EmailMessage:
    (letter,) = box.letters
    assert isinstance(letter.content, bytes)
    return message_from_bytes(letter.content, policy=policy.default)


def test_a_letter_arrives(tmp_path: Path) -> None:
    box = Box()
    with smtp(box) as number:
        one = told(number, tmp_path)
    assert one == Told(name="one", ok=True)
    letter = delivered(box)
    assert letter["Subject"] == "remediate: 1 changed, 1 failed: kb870585.yml (20261128-2205-7f3a)"
    assert letter["Date"].datetime == NOW
    assert letter["Message-ID"].endswith("@example.com>")
    text = letter.get_content().replace("\r\n", "\n")
    assert "window     saturday_night\nexit code  4\n" in text
    assert "\nex1  changed\nex2  failed   the disk is full\n" in text


def test_encrypted_with_a_password(tmp_path: Path) -> None:
    box = Box()
    secure: dict[str, Any] = {"starttls": True, "ca": "authority.pem", "user": "ops", "password": "env:SMTP_PASSWORD"}
    tls.authority(tmp_path)
    with smtp(box, tls.server_context(tmp_path, "mail")) as number:
        assert told(number, tmp_path, **secure).error == ""
        bad = told(number, tmp_path, **{**secure, "password": "env:WRONG"})
        foreign = told(number, tmp_path, **{**secure, "user": "gr\u00fcn"})
        stranger = told(number, tmp_path, **{**secure, "ca": ""})
        open_ = told(number, tmp_path)
    assert delivered(box)["Subject"]
    assert foreign.error == "user and password must be ASCII: mail servers know nothing else"
    assert bad.error.startswith(f"127.0.0.1:{number} refuses the user or the password: 535 ")
    assert stranger.error.replace("self signed", "self-signed") == (
        f"127.0.0.1:{number} cannot be used: its certificate cannot be trusted: "
        "self-signed certificate in certificate chain"
    )
    assert open_.error.startswith(f"127.0.0.1:{number} answered 530 "), "it wants STARTTLS first"


def test_a_server_that_repeats_the_password(tmp_path: Path) -> None:
    tls.authority(tmp_path)
    (tmp_path / "pass").write_text(f"{PASSWORD}\n")
    with smtp(Box(f"554 who sent {PASSWORD}?"), tls.server_context(tmp_path, "mail")) as number:
        mail: dict[str, Any] = {
            "server": "127.0.0.1",
            "port": number,
            "sender": "r@example.com",
            "to": ("a@example.com",),
        }
        secure = Mail(**mail, starttls=True, ca="authority.pem", user="ops", password="file:pass")
        one = tell(tmp_path, environ={}, mail=secure)
    assert one.error == f"127.0.0.1:{number} answered 554 who sent ****?"


def test_a_certificate_of_another_server(tmp_path: Path) -> None:
    tls.authority(tmp_path)
    with smtp(box := Box(), tls.server_context(tmp_path, "mail", "other_name")) as number:
        one = told(number, tmp_path, starttls=True, ca="authority.pem", user="ops", password="env:SMTP_PASSWORD")
    assert "its certificate cannot be trusted" in one.error
    assert not box.letters


@pytest.mark.parametrize(
    ("mail", "says"),
    [
        ({"starttls": True}, "127.0.0.1:PORT: STARTTLS extension not supported by server."),
        ({"user": "o", "password": "env:WRONG"}, "127.0.0.1:PORT: SMTP AUTH extension not supported by server."),
        ({"starttls": True, "ca": "no.pem"}, "the file of issuers no.pem cannot be used: No such file or directory"),
        ({"starttls": True, "ca": "empty.pem"}, "the file of issuers empty.pem cannot be used: no certificate in it"),
    ],
)  # fmt: skip
def test_what_the_server_cannot_do_is_not_left_out(mail: dict[str, Any], says: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    with smtp(box := Box()) as number:
        one = told(number, tmp_path, **mail)
    assert one.error == says.replace("PORT", str(number))
    assert not box.letters


@pytest.mark.parametrize(
    ("box", "says"),
    [
        (Box("554 5.7.1 not here"), "answered 554 5.7.1 not here"),
        (Box(f"554 {PASSWORD}\x1b[2J"), "answered 554 ****\\x1b[2J"),
        (Box(refuses="a@example.com"), "refuses a@example.com"),
    ],
)
def test_a_server_that_does_not_take_it(box: Box, says: str, tmp_path: Path) -> None:
    with smtp(box) as number:
        one = tell(
            tmp_path,
            mail=Mail(server="127.0.0.1", port=number, sender="r@example.com", to=("a@example.com",)),
            secret="env:SMTP_PASSWORD",
        )
    assert one.error == f"127.0.0.1:{number} {says}"


def test_a_server_that_takes_it_for_some(tmp_path: Path) -> None:
    box = Box(refuses="b@example.com")
    with smtp(box) as number:
        one = told(number, tmp_path, to=("a@example.com", "b@example.com"))
    assert one.error == f"127.0.0.1:{number} took it, but not for b@example.com"
    assert box.letters[0].rcpt_tos == ["a@example.com"]


def silent(one: socket.socket, over: threading.Event) -> None:
    over.wait()


def slow(one: socket.socket, over: threading.Event) -> None:
    one.sendall(b"220-")
    while not over.wait(0.05):
        one.sendall(b"x")


def silent_after_greeting(one: socket.socket, over: threading.Event) -> None:
    one.sendall(b"220 mail.example\r\n")
    over.wait()


@pytest.mark.parametrize("mood", [silent, slow, silent_after_greeting])
def test_no_server_holds_a_run(mood: Callable[..., None], tmp_path: Path) -> None:
    with port(mood) as number:
        one = told(number, tmp_path, timeout=0.2)
    assert re.fullmatch(rf"(127.0.0.1:{number} )?did not answer within 0.2 s", one.error)


def test_a_server_that_closes(tmp_path: Path) -> None:
    with port(lambda one, over: None) as number:
        one = told(number, tmp_path)
    assert re.fullmatch(
        rf"127.0.0.1:{number} cannot be used: (it closed the connection|Connection reset by peer)", one.error
    )


def test_no_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        number = closed.getsockname()[1]
    assert told(number, tmp_path).error == f"127.0.0.1:{number} cannot be used: Connection refused"


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_no_name_adds_a_header_or_a_line(run: str, playbook: str, host: str, reason: str) -> None:
    evil = Occasion(
        kind="failed", run=run, playbook=playbook, who=host, controller=reason, plan=run, window=host, report=reason,
        hosts=(HostLine(host=f"{host}\r\nBcc: x@example.com\r\n\r\n.\r\n", outcome=run, reason=reason),), exit_code=4,
    )  # fmt: skip
    sent = message(PLAIN, evil, NOW).as_bytes(policy=policy.SMTP)
    letter = message_from_bytes(sent, policy=policy.default)
    assert sorted({*letter.keys()} - {"Content-Transfer-Encoding"}) == [
        "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
    ]  # fmt: skip
    assert len(letter.get_all("Subject", [])) == 1
    assert letter["To"] == "a@example.com, b@example.com"
    body = letter.get_content().splitlines()
    assert len(body) <= 9
    assert "Bcc: x@example.com" not in body
