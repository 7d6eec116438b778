"""Commands as hooks: their input, their end, their children, their silence about secrets."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from remediate.notify import Hook, Told, notify
from tests.notify.test_webhook import ENVIRON, NOW, OCCASION


def told(script: str, folder: Path, *, timeout: float = 5.0) -> Told:
    (folder / "hook.sh").write_text(script)
    hook = Hook(name="ticket", on=("after",), command=("/bin/sh", "hook.sh"), timeout=timeout)
    other = Hook(name="chat", on=("before",), webhook="http://127.0.0.1:9/", secret="env:CHAT_SECRET")
    (one,) = notify([hook, other], OCCASION, environ=ENVIRON, folder=folder, now=NOW)
    return one


def test_it_gets_the_occasion_and_no_secrets(tmp_path: Path) -> None:
    assert told("cat > seen; env > environ; pwd > place", tmp_path).ok
    assert json.loads((tmp_path / "seen").read_text())["run"] == OCCASION.run
    assert (tmp_path / "place").read_text().strip() == str(tmp_path)
    environ = (tmp_path / "environ").read_text()
    assert "CHAT_SECRET" not in environ
    assert "DB_PASSWORD" not in environ


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("echo first; printf 'it is \\033[31mred\\033[0m' >&2; exit 3", "/bin/sh ended with 3: it is [31mred [0m"),
        ("exit 1", "/bin/sh ended with 1: it said nothing"),
        ("exec 0<&-; yes | head -c 3000000; exit 0", ""),
        ("kill -9 $$", "/bin/sh ended with -9: it said nothing"),
    ],
)
def test_how_it_ends(script: str, error: str, tmp_path: Path) -> None:
    assert told(script, tmp_path).error == error


def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    script = "(while true; do date +%s%N > alive; sleep 0.05; done) & echo $! > child; sleep 30"
    assert told(script, tmp_path, timeout=0.5).error == "/bin/sh did not end within 0.5 s"
    time.sleep(0.2)
    before = (tmp_path / "alive").read_text()
    time.sleep(0.3)
    assert (tmp_path / "alive").read_text() == before


def test_one_that_is_not_there(tmp_path: Path) -> None:
    hook = Hook(name="x", on=("after",), command=("./nobody",), fatal=True)
    (one,) = notify([hook], OCCASION, environ={}, folder=tmp_path, now=NOW)
    assert (one.ok, one.fatal) == (False, True)
    assert one.error == "./nobody cannot be started: No such file or directory"
