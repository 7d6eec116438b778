"""``remediate notify test``: every hook is tried, each result is shown, the exit code tells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from remediate.project.outside import Account
from tests.commands.driver import Done, remediate
from tests.notify.conftest import plain_surroundings
from tests.notify.receivers import web

__all__ = ["plain_surroundings"]

SECRET = "k3y-of-the-hook"
HOOKS = """\
[[notify]]
name = "chat"
on = ["failed"]
webhook = "{url}"
secret = "env:CHAT_SECRET"

[[notify]]
name = "ticket"
on = ["before", "after"]
command = ["/bin/sh", "ticket.sh"]
on_error = "fatal"
"""


def notify(folder: Path, url: str, *words: str, script: str = "cat > seen") -> Done:
    (folder / "remediate.toml").write_text(HOOKS.format(url=url), encoding="utf-8")
    (folder / "ticket.sh").write_text(script, encoding="utf-8")
    environ = {"CHAT_SECRET": SECRET, "PATH": "/usr/bin:/bin", "LOGNAME": "eve"}
    return remediate("notify", *words, folder=folder, environ=environ, account=Account(7, "anna"))


def shown(done: Done) -> list[str]:
    return [re.sub(r"\d+\.\d s", "<time>", " ".join(line.split())) for line in done.out.splitlines()]


def test_all_hooks_are_told(tmp_path: Path) -> None:
    with web() as received:
        done = notify(tmp_path, received.url, "test")
    assert shown(done) == [
        "hook way told of result",
        "chat webhook failed told (<time>)",
        "ticket command before, after told (<time>)",
    ]
    assert (done.code, done.err) == (0, "")
    ((_, content),) = received.requests
    assert content == (tmp_path / "seen").read_bytes()
    document = json.loads(content)
    assert (document["test"], document["who"], document["text"]) == (
        True,
        "anna",
        "remediate: this is a test: test (test)",
    )


def test_one_hook(tmp_path: Path) -> None:
    with web() as received:
        done = notify(tmp_path, received.url, "test", "chat")
    assert [line.split()[0] for line in shown(done)] == ["hook", "chat"]
    assert not (tmp_path / "seen").exists()


def test_one_that_fails_decides_the_exit_code(tmp_path: Path) -> None:
    with web("refuses") as received:
        done = notify(tmp_path, received.url, "test", script="printf '\\033[2Jno queue\\n' >&2; exit 7")
        as_json = notify(tmp_path, received.url, "test", "--format", "json", script="exit 7")
    assert shown(done)[1:] == [
        "chat webhook failed FAILED: http://127.0.0.1 answered HTTP 403",
        "ticket command before, after FAILED: /bin/sh ended with 7: \\x1b[2Jno queue",
    ]
    assert (done.code, done.err, as_json.code) == (1, "", 1)
    assert [(one["name"], one["ok"], one["fatal"]) for one in json.loads(as_json.out)] == [
        ("chat", False, False),
        ("ticket", False, True),
    ]
    assert not [secret for secret in (SECRET, "t0ken") if secret in done.out + as_json.out]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("test", "chta"), "error: there is no hook 'chta'\n  hint: did you mean 'chat'?\n"),
        (("tset",), "error: `remediate notify` knows no 'tset'\n  hint: did you mean 'test'?"),
        ((), "error: test is missing\n"),
    ],
)
def test_mistakes(words: tuple[str, ...], error: str, tmp_path: Path) -> None:
    done = notify(tmp_path, "http://127.0.0.1:9/", *words)
    assert done.code == 1
    assert done.err.startswith(error.removesuffix("\n"))
    assert not (tmp_path / "seen").exists()


def test_no_hooks(tmp_path: Path) -> None:
    done = remediate("notify", "test", folder=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: no hook is declared\n  hint: write [[notify]] into remediate.toml\n"


def test_a_mistake_in_the_settings_has_its_line(tmp_path: Path) -> None:
    done = notify(tmp_path, "chat.example/t0ken", "test")
    assert done.code == 1
    assert done.err.startswith("error: remediate.toml:4:1: hook 'chat': webhook is no address\n")
    assert "t0ken" not in done.err
