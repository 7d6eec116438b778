"""Webhooks against a real web server: signed, tried again, bounded in time, discreet about where they go."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from remediate.notify import Hook, HostLine, Occasion, Told, notify
from tests.docs.generate import DOCS
from tests.notify.receivers import web

NOW = datetime(2026, 11, 28, 22, 5, tzinfo=UTC)
KEY = "k3y-of-the-hook"
ENVIRON = {"CHAT_SECRET": KEY, "PATH": "/usr/bin:/bin", "DB_PASSWORD": "not-for-commands"}
OCCASION = Occasion(kind="after", run="20261128-2205-7f3a", playbook="playbooks/kb870585.yml", who="anna",
                    controller="ctl1", plan="ab12", window="saturday_night", exit_code=4,
                    hosts=(HostLine(host="ex1", outcome="changed"), HostLine(host="ex2", outcome="failed", reason="x")),
                    report="remediate runs report 20261128-2205-7f3a")  # fmt: skip


def told(url: str, folder: Path, **how: Any) -> Told:
    given = {"name": "chat", "on": ("after",), "webhook": url, "secret": "env:CHAT_SECRET", "timeout": 3.0, **how}
    hook = Hook(**given)
    (one,) = notify([hook], OCCASION, environ=ENVIRON, folder=folder, now=NOW)
    return one


def test_what_arrives_and_how_it_is_signed(tmp_path: Path) -> None:
    with web() as received:
        assert told(received.url, tmp_path).ok
    ((headers, content),) = received.requests
    document = json.loads(content)
    assert document["kind"] == "after"
    assert document["counts"] == {"changed": 1, "failed": 1}
    assert document["hosts"][1] == {"host": "ex2", "outcome": "failed", "reason": "x"}
    page = (DOCS / "notify.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert names["genuine"](KEY, headers, content, now=NOW.timestamp())
    assert not names["genuine"]("another key", headers, content, now=NOW.timestamp())
    assert not names["genuine"](KEY, headers, content + b" ", now=NOW.timestamp())
    assert not names["genuine"](KEY, headers, content, now=NOW.timestamp() + 3600)


@pytest.mark.parametrize(
    ("mood", "says", "tries"),
    [
        ("first fails", None, 2),
        ("broken", "http://127.0.0.1 answered HTTP 500", 3),
        ("refuses", "http://127.0.0.1 answered HTTP 403", 1),
        ("moved", "http://127.0.0.1 answered HTTP 302, redirects are not followed", 1),
        ("closes", "http://127.0.0.1 cannot be reached: ConnectionError", 3),
        ("huge", None, 1),
    ],
)
def test_moods_of_a_receiver(mood: str, says: str | None, tries: int, tmp_path: Path) -> None:
    with web(mood) as received:
        one = told(received.url, tmp_path)
    assert (one.ok, one.error) == (says is None, says or "")
    assert len(received.requests) == tries
    assert len({headers["X-Remediate-Delivery"] for headers, _ in received.requests}) == 1
    assert "t0ken" not in one.error


@pytest.mark.parametrize("mood", ["silent", "trickles"])
def test_no_receiver_holds_a_run_longer_than_its_time(mood: str, tmp_path: Path) -> None:
    with web(mood) as received:
        begun = time.monotonic()
        one = told(received.url, tmp_path, timeout=0.5)
        assert time.monotonic() - begun < 15  # the receiver would take twenty seconds
    assert one.ok is (mood == "trickles")


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    assert told("http://127.0.0.1:9/", tmp_path, secret="env:NOBODY").error == (
        "the environment variable NOBODY is not set"
    )
    said = told("http://127.0.0.1:9/", tmp_path, secret="file:nowhere").error
    assert said == "the secret file nowhere cannot be read: No such file or directory"


def test_only_those_who_want_to_hear_are_told(tmp_path: Path) -> None:
    hooks = [Hook(name="a", on=("before",), webhook="http://127.0.0.1:9/")]
    assert notify(hooks, OCCASION, environ={}, folder=tmp_path, now=NOW) == ()
