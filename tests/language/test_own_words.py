"""Libraries' words reach nobody: what they complain of is told in words of our own, with the next thing to try."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.change_windows.ics import _parsed as calendar_of
from remediate.connections.keyring import KeyRing
from remediate.errors import UserError
from remediate.language.template import Templar
from remediate.language.variables import Variables
from remediate.model import Secret
from tests.commands.driver import remediate

THEIRS = (
    *("https://", "PEM", "unterminated", "at position", "quotation", "Illegal", "Content line", "parsed into"),
    *("sandbox", "MAX_RANGE", "input should", "Input should", "unable to", "Traceback"),
)
HOSTS = "all: {hosts: {one: {ansible_host: 127.0.0.1}}}\n"


@pytest.mark.parametrize(
    ("files", "words", "says"),
    [
        ({}, "inventory list -i hosts.yml -l ~[", "'[' is not a regular expression: see from character 1 on"),
        ({"h.ini": "one note='two\n"}, "inventory list -i h.ini", "h.ini:1:1: a quote is not closed"),
        (
            {"h.ini": "one note=two\\\n"},
            "inventory list -i h.ini",
            "h.ini:1:1: nothing stands behind the last",
        ),
        ({"remediate.toml": "forks = \x01\n"}, "inventory list", "remediate.toml:1:9: not valid TOML from here on"),
        ({"remediate.toml": "forks = 1\nforks = 2\n"}, "inventory list", "remediate.toml:2:10: not valid TOML"),
        (
            {"s.yml": "- hosts: all\n  tasks:\n    - win_file: {path: 'C:\\x', state: dirctory}\n"},
            "lint s.yml",
            "win_file: argument 'state' must be one of its words, not 'dirctory'\n  hint: did you mean 'directory'?",
        ),
        (
            {"s.yml": "- hosts: all\n  tasks:\n    - win_stat: {path: 'C:\\x', get_checksum: perhaps}\n"},
            "lint s.yml",
            "win_stat: argument 'get_checksum' must be true or false, not 'perhaps'",
        ),
        (
            {"s.yml": "- hosts: all\n  tasks:\n    - debug: {msg: '{{ range(10**9) | list }}'}\n"},
            "run s.yml -i hosts.yml",
            "a number or a range in the template is too large",
        ),
    ],
)
def test_at_the_command_line(files: dict[str, str], words: str, says: str, tmp_path: Path) -> None:
    for name, text in {"hosts.yml": HOSTS, **files}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = remediate(*words.split(), folder=tmp_path)
    assert done.code, done
    assert says in done.err + done.out, done
    assert not [word for word in THEIRS if word in done.err + done.out]


@pytest.mark.parametrize(
    "content", [b"root:x:0:0:root:/root:/bin/bash\n", b"", b"-----BEGIN OPENSSH PRIVATE KEY-----\nx"]
)
@pytest.mark.parametrize("passphrase", [None, Secret("x1y2")])
def test_a_key_that_is_none(content: bytes, passphrase: Secret | None, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UserError) as caught:
        KeyRing().load(tmp_path / "key", passphrase)
    assert "cannot be used as a private key" in str(caught.value)
    assert "ssh-keygen" in caught.value.hint
    assert not [word for word in THEIRS if word in caught.value.message]


def test_a_calendar_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        calendar_of(b"BEGIN:VCALENDAR\nnonsense\nEND:VCALENDAR\n", tmp_path / "a.ics")
    assert "a.ics:2:1: not an .ics calendar from here on\n  hint: " in str(caught.value)
    assert not [word for word in THEIRS if word in str(caught.value)]


def test_a_range_that_is_too_long() -> None:
    with pytest.raises(UserError, match="too large"):
        Templar(Variables()).render("{{ range(10**9) | list }}")
