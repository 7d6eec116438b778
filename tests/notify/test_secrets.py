"""Secrets of hooks: where they are read, what commands do not get to see, that none turns up anywhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from remediate.notify import Hook, Mail, notify
from remediate.notify.secrets import LARGEST, harmless
from remediate.notify.trouble import masked
from tests.notify.occasions import ENVIRON, KEY, NOW, OCCASION, tell
from tests.notify.receivers import Box, smtp, web
from tests.patience import LIMIT

SECRETS = (KEY, "smtp-pass-99", "wrong-pass-77", "t0ken", "from-the-file-55")


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("env:NOBODY", "the environment variable NOBODY is not set"),
        ("env:BLANK", "the environment variable BLANK is empty"),
        ("file:nowhere", "the secret file nowhere cannot be read: No such file or directory"),
        ("file:.", "the secret file . cannot be read: Is a directory"),
        ("file:empty", "the secret file empty is empty"),
        ("file:binary", "the secret file binary cannot be read: not UTF-8 text"),
        ("file:large", f"the secret file large is larger than {LARGEST} bytes"),
    ],
)
def test_a_secret_that_cannot_be_had(where: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_text("x" * (LARGEST + 1))
    with web() as received:
        one = tell(tmp_path, environ={"BLANK": " "}, webhook=received.url, secret=where)
    assert (one.ok, one.error) == (False, says)
    assert not received.requests, "nothing goes out unsigned"


def test_a_secret_file_that_never_ends_holds_no_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    one = tell(tmp_path, webhook="http://127.0.0.1:9/", secret="file:pipe", timeout=0.2)
    assert one.error == "did not answer within 0.2 s"
    os.close(os.open(tmp_path / "pipe", os.O_WRONLY | os.O_NONBLOCK))  # lets the thread go


def test_the_file_is_the_projects(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    with web() as received:
        assert tell(tmp_path, webhook=received.url, secret="file:key").ok
        assert tell(tmp_path, webhook=received.url, secret="env:CHAT_SECRET").ok
    signed = {headers["X-Remediate-Signature"] for headers, _ in received.requests}
    assert len(signed) == 1, "the line end of the file is no part of the secret"


@pytest.mark.parametrize(
    "name",
    ["DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "API_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "SMTP_PASS",
     "sshpass", "VAULT_CREDENTIALS", "REMEDIATE_LEDGER", "GITLAB_PRIVATE_KEY", "KEY_PASSPHRASE", "DbPassword"],
)  # fmt: skip
def test_variables_that_are_called_secret_are_hidden(name: str) -> None:
    assert harmless({name: "x"}, ()) == {}


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "PWD", "OLDPWD", "LANG", "TZ", "SSH_AUTH_SOCK", "XAUTHORITY", "KEYBOARD", "COMPASS_HOME"]
)
def test_the_others_are_not(name: str) -> None:
    assert harmless({name: "x"}, ()) == {name: "x"}


def test_values_give_secrets_away() -> None:
    environ = {
        "DSN": "postgresql://app:pw@db/x",
        "ODBC": "Server=db;User Id=app;Password=long enough;",
        "LIBPQ": "host=db user=app password='long enough'",
        "HOOK": "https://chat.example/hook?token=long-enough",
        "JSON": '{"user": "app", "api_key": "long enough"}',
        "SITE": "https://example.com:8443/a@b",
        "COPY": "a long secret",
        "INSIDE": "--with a long secret",
        "WORD": "no longer",
        "SHORT": "no",
    }
    assert set(harmless(environ, ["a long secret", "no"])) == {"SITE", "WORD"}


def test_masks() -> None:
    assert masked("abcdef and abc, xy xyz: xy", ["abc", "abcdef", "xy", ""]) == "**** and ****, **** xyz: ****"


def hooks(folder: Path, url: str, mail_port: int) -> list[Hook]:
    """Every way to fail that has a secret to tell."""
    script = folder / "tell.sh"
    script.write_text('echo "$SMTP_PASSWORD $CHAT_SECRET $(cat)"; env; echo smtp-pass-99; exit 3')
    script.chmod(stat.S_IRWXU)
    (folder / "key").write_text("from-the-file-55")
    every: dict[str, Any] = {"on": ("after",), "timeout": LIMIT}
    mail: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": mail_port,
        "sender": "a@example.com",
        "to": ("b@example.com",),
    }
    login: dict[str, Any] = {"user": "ops", "starttls": False}
    return [
        Hook(name="signed", webhook=url, secret="env:CHAT_SECRET", **every),
        Hook(name="by file", webhook=url, secret="file:key", **every),
        Hook(name="nobody", webhook="http://t0ken:smtp-pass-99@127.0.0.1:9/t0ken?key=t0ken", **every),
        Hook(name="mail", mail=Mail(**mail, **login, password="env:SMTP_PASSWORD"), **every),
        Hook(name="wrong", mail=Mail(**mail, **login, password="env:WRONG_PASSWORD"), **every),
        Hook(name="command", command=("/bin/sh", "tell.sh"), **every),
    ]


def test_no_secret_turns_up_anywhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    environ = {**ENVIRON, "WRONG_PASSWORD": "wrong-pass-77"}
    with web("refuses") as received, smtp(Box("554 smtp-pass-99")) as port:
        declared = hooks(tmp_path, received.url, port)
        told = notify(declared, OCCASION, environ=environ, folder=tmp_path, now=NOW)
    assert not any(one.ok for one in told)
    seen = repr(told) + repr(declared) + "".join(capfd.readouterr())
    assert not [secret for secret in SECRETS if secret in seen.replace("env:", "")]
    for _, content in received.requests:
        assert not [secret for secret in SECRETS if secret.encode() in content]
    assert dict(zip((one.name for one in told), (one.error for one in told), strict=True))["command"].endswith("****")
