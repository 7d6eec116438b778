"""Webhooks against real web servers: signed, tried again, bounded in time, discreet about where they go."""

from __future__ import annotations

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from remediate.lab.winrm import tls
from remediate.notify import Told
from tests.docs.generate import DOCS
from tests.notify.occasions import KEY, NOW, OCCASION, tell
from tests.notify.receivers import port, web


def told(url: str, folder: Path, **how: Any) -> Told:
    return tell(folder, **{"webhook": url, "secret": "env:CHAT_SECRET", **how})


def receiver_of_the_docs() -> Any:
    """The function the documentation gives to those who write a receiver."""
    page = (DOCS / "notify.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    return names["genuine"]


def test_what_arrives(tmp_path: Path) -> None:
    with web() as received:
        assert told(received.url, tmp_path).ok
    ((headers, content),) = received.requests
    document = json.loads(content)
    assert document == {
        "kind": "after", "run": OCCASION.run, "playbook": OCCASION.playbook, "who": "anna", "controller": "ctl1",
        "plan": "ab12", "window": "saturday_night", "exit_code": 4, "report": OCCASION.report, "test": False,
        "hosts": [{"host": "ex1", "outcome": "changed", "reason": ""},
                  {"host": "ex2", "outcome": "failed", "reason": "the disk is full"}],
        "counts": {"changed": 1, "failed": 1},
        "text": "remediate: 1 changed, 1 failed: kb870585.yml (20261128-2205-7f3a)",
    }  # fmt: skip
    assert content == json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii"), "canonical"
    assert headers["Content-Type"] == "application/json"


def test_a_receiver_can_tell_what_is_genuine(tmp_path: Path) -> None:
    genuine = receiver_of_the_docs()
    with web() as received:
        assert told(received.url, tmp_path).ok
    ((headers, content),) = received.requests
    now = NOW.timestamp()
    assert genuine(KEY, headers, content, now=now)
    assert not genuine("another key", headers, content, now=now)
    assert not genuine(KEY, headers, content + b" ", now=now)
    assert not genuine(KEY, headers, content, now=now + 3600), "replayed"
    later = {**headers, "X-Remediate-Timestamp": str(int(now) + 3600)}
    assert not genuine(KEY, later, content, now=now + 3600), "replayed under another time"
    assert not genuine(KEY, {**headers, "X-Remediate-Timestamp": "soon"}, content, now=now)
    assert not genuine(KEY, {}, content, now=now)


def test_without_a_secret_nothing_is_signed(tmp_path: Path) -> None:
    with web() as received:
        assert told(received.url, tmp_path, secret="").ok
    ((headers, _),) = received.requests
    assert "X-Remediate-Signature" not in headers


@pytest.mark.parametrize(
    ("mood", "says", "tries"),
    [
        ("first fails", "", 2),
        ("broken", "http://127.0.0.1 answered HTTP 500", 3),
        ("refuses", "http://127.0.0.1 answered HTTP 403", 1),
        ("moved", "http://127.0.0.1 answered HTTP 302: redirects are not followed", 1),
        ("moved for ever", "http://127.0.0.1 answered HTTP 308: redirects are not followed", 1),
        ("closes", "http://127.0.0.1 cannot be reached: it closed the connection", 3),
        ("huge", "", 1),
        ("slow body", "", 1),
    ],
)
def test_moods_of_a_receiver(mood: str, says: str, tries: int, tmp_path: Path) -> None:
    with web(mood) as received:
        one = told(received.url, tmp_path)
    assert (one.ok, one.error) == (not says, says)
    assert len(received.requests) == tries
    assert len({headers["X-Remediate-Delivery"] for headers, _ in received.requests}) == 1
    assert len({content for _, content in received.requests}) == 1


def test_every_delivery_has_a_number_of_its_own(tmp_path: Path) -> None:
    with web() as received:
        told(received.url, tmp_path)
        told(received.url, tmp_path)
    assert len({headers["X-Remediate-Delivery"] for headers, _ in received.requests}) == 2


@pytest.mark.parametrize("mood", ["silent", "slow head"])
def test_no_receiver_holds_a_run_longer_than_its_time(mood: str, tmp_path: Path) -> None:
    """They answer when the test is over, and not before: that it comes to its end is the proof."""
    with web(mood) as received:
        one = told(received.url, tmp_path, timeout=0.2)
        assert not received.over.is_set()
    assert not one.ok
    assert re.fullmatch(r"(http://127.0.0.1 )?did not answer within 0.2 s", one.error)


def test_looking_a_name_up_holds_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def stuck(*_: object, **__: object) -> list[Any]:
        over.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    one = told("http://chat.example/hook", tmp_path, timeout=0.2)
    assert (one.ok, one.error) == (False, "did not answer within 0.2 s")
    over.set()


def test_a_name_that_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    one = told("http://chat.example/hook", tmp_path)
    assert one.error == "http://chat.example cannot be reached: Name or service not known"


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        number = closed.getsockname()[1]
    assert (
        told(f"http://127.0.0.1:{number}/", tmp_path).error == "http://127.0.0.1 cannot be reached: Connection refused"
    )


def test_certificates_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(tls=tls.server_context(tmp_path, "chat")) as received:
        stranger = told(received.url, tmp_path)
        assert not received.requests
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority(tmp_path)))
        assert told(received.url, tmp_path).ok
    assert stranger.error.replace("self signed", "self-signed") == (
        "https://127.0.0.1 cannot be spoken to: its certificate cannot be trusted: "
        "self-signed certificate in certificate chain (REQUESTS_CA_BUNDLE names a file of issuers to trust)"
    )


@pytest.mark.parametrize(("kind", "says"), [("expired", "certificate has expired"), ("other_name", "not valid for")])
def test_certificates_that_are_wrong(kind: Any, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.authority(tmp_path)))
    with web(tls=tls.server_context(tmp_path, "chat", kind)) as received:
        one = told(received.url, tmp_path)
    assert says in one.error
    assert not received.requests


def test_a_server_without_tls(tmp_path: Path) -> None:
    with web() as received:
        one = told(received.url.replace("http:", "https:"), tmp_path)
    assert one.error.startswith("https://127.0.0.1 cannot be spoken to: no TLS: ")


def test_an_answer_that_is_no_http(tmp_path: Path) -> None:
    def nonsense(one: socket.socket, over: threading.Event) -> None:
        one.recv(65536)
        one.sendall(b"\x1b[2J220 mail.example ESMTP\r\n" * 3)

    with port(nonsense) as number:
        one = told(f"http://127.0.0.1:{number}/", tmp_path)
    assert not one.ok
    assert one.error.isprintable()


def test_an_address_behind_a_variable(tmp_path: Path) -> None:
    with web() as received:
        given = {"CHAT_URL": received.url, "BAD": "chat.example/t0ken"}
        assert tell(tmp_path, environ=given, webhook="env:CHAT_URL").ok
    assert tell(tmp_path, environ=given, webhook="env:CHAT_URL").error.startswith("http://127.0.0.1 cannot be reached")
    assert tell(tmp_path, environ=given, webhook="env:BAD").error == "what the webhook refers to is no address"


def test_a_proxy_of_the_environment_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with web() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/hook/t0ken-of-the-chat"))
        assert told("http://chat.example/hook", tmp_path).ok
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with web() as received:
            assert told(received.url, tmp_path).ok
    assert [headers["Host"] for headers, _ in proxy.requests] == ["chat.example"]
    assert len(received.requests) == 1
