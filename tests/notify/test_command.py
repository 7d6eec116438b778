"""Commands as hooks: their input, their end, their children, their silence about secrets."""

from __future__ import annotations

import dataclasses
import json
import os
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from remediate.notify import Hook, HostLine, Told, command, notify
from tests.notify.occasions import ENVIRON, NOW, OCCASION, tell
from tests.patience import LIMIT, hurried, until

MANY = dataclasses.replace(OCCASION, hosts=tuple(HostLine(host=f"ex{n}", outcome="changed") for n in range(20_000)))
"""More than any pipe holds."""


def told(script: str, folder: Path, *, timeout: float = LIMIT) -> Told:
    (folder / "hook.sh").write_text(script)
    return tell(folder, command=("/bin/sh", "hook.sh"), timeout=timeout)


def test_it_gets_the_occasion_and_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "hook.sh").write_text("cat > seen; env > environ; pwd > place")
    ticket = Hook(name="ticket", on=("after",), command=("/bin/sh", "hook.sh"), timeout=LIMIT)
    chat = Hook(name="chat", on=("before",), webhook="http://127.0.0.1:9/", secret="env:ODD_NAME")
    environ = {**ENVIRON, "ODD_NAME": "x", "DB_PASSWORD": "y", "TICKET_QUEUE": "exchange"}
    (one,) = notify([ticket, chat], OCCASION, environ=environ, folder=tmp_path, now=NOW)
    assert one.ok
    assert json.loads((tmp_path / "seen").read_text())["run"] == OCCASION.run
    assert (tmp_path / "place").read_text().strip() == str(tmp_path)
    names = {line.partition("=")[0] for line in (tmp_path / "environ").read_text().splitlines()}
    assert {"TICKET_QUEUE", "PATH", "HOME"} <= names
    assert not names & {"ODD_NAME", "DB_PASSWORD", "CHAT_SECRET", "SMTP_PASSWORD"}


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("exit 0", ""),
        ("echo fine >&2", ""),
        ("printf 'it is \\033[31mred\\033[0m' >&2; exit 3", "/bin/sh ended with 3: it is \\x1b[31mred\\x1b[0m"),
        ("exit 1", "/bin/sh ended with 1: it said nothing"),
        ("printf '\\n \\n'; exit 1", "/bin/sh ended with 1: it said nothing"),
        ("printf '\\377\\376'; exit 1", "/bin/sh ended with 1: \ufffd\ufffd"),
        ("exec 0<&-; exit 0", ""),
        ("yes | head -c 3000000; exit 0", ""),
        ("yes | head -c 3000000; echo the end; exit 4", "/bin/sh ended with 4: the end"),
        ("exec 0<&- 1>&- 2>&-; exit 5", "/bin/sh ended with 5: it said nothing"),
        ("kill -9 $$", "/bin/sh was killed by SIGKILL: it said nothing"),
        ("yes & exit 0", ""),
        ("sleep 600 & echo no; exit 1", "/bin/sh ended with 1: no"),
    ],
)  # fmt: skip
def test_how_it_ends(script: str, error: str, tmp_path: Path) -> None:
    assert told(script, tmp_path) == Told(name="one", ok=not error, error=error)


@pytest.mark.parametrize("script", ["cat > seen", "exec 0<&-", "head -c 1 > seen", "exit 0", "sleep 0.2; cat > seen"])
def test_input_larger_than_a_pipe(script: str, tmp_path: Path) -> None:
    (tmp_path / "hook.sh").write_text(script)
    assert tell(tmp_path, MANY, command=("/bin/sh", "hook.sh"), timeout=LIMIT).error == ""
    if "cat" in script:
        assert len(json.loads((tmp_path / "seen").read_text())["hosts"]) == 20_000


def line_of_life(folder: Path) -> int:
    """The end of a pipe that is read to its end only when nobody has the other end ``life`` open any more."""
    os.mkfifo(folder / "life")
    return os.open(folder / "life", os.O_RDONLY | os.O_NONBLOCK)


def all_said(descriptor: int) -> bytes:
    """What came through, once the last of the processes has ended; the test's time limit bounds the wait."""
    os.set_blocking(descriptor, True)
    with open(descriptor, "rb") as end:
        return end.read()


@pytest.mark.parametrize(
    "script",
    [
        "(exec 3> life; echo up >&3; sleep 600) & sleep 600",
        "trap '' TERM INT HUP; exec 3> life; echo up >&3; (sleep 600 & sleep 600 & wait) & wait",
        "exec 3> life; echo up >&3; while true; do echo noise; done",
        "exec 3> life 0<&- 1>&- 2>&-; echo up >&3; sleep 600",
    ],
)
def test_one_that_hangs_is_ended_with_its_children(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = line_of_life(tmp_path)
    monkeypatch.setattr(command, "time", hurried(lambda: bool(select.select([life], [], [], 0)[0])))
    assert told(script, tmp_path).error == f"/bin/sh did not end within {LIMIT:g} s"
    assert all_said(life) == b"up\n"


def test_what_is_left_in_the_background_ends_too(tmp_path: Path) -> None:
    life = line_of_life(tmp_path)
    assert told(
        "(exec 3> life; echo up >&3; touch begun; sleep 600) & until [ -e begun ]; do sleep 0.01; done", tmp_path
    ).ok
    assert all_said(life) == b"up\n"


def test_an_interrupted_run_leaves_no_command_behind(tmp_path: Path) -> None:
    life = line_of_life(tmp_path)
    (tmp_path / "hook.sh").write_text("exec 3> life; echo up >&3; touch begun; sleep 600")
    code = (
        "import signal; from pathlib import Path; from tests.notify.occasions import tell\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the tests run in the background
        f"try: tell(Path({str(tmp_path)!r}), command=('/bin/sh', 'hook.sh'), timeout=300.0)\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        try:
            until(lambda: (tmp_path / "begun").exists() or child.poll() is not None)
            child.send_signal(signal.SIGINT)
            assert child.communicate(timeout=LIMIT)[0] == "interrupted\n"
        finally:
            child.kill()
    assert all_said(life) == b"up\n"


def test_programs_that_cannot_be_started(tmp_path: Path) -> None:
    (tmp_path / "plain.sh").write_text("#!/bin/sh\n")
    bare = tmp_path / "bare"
    bare.write_bytes(b"\x7fELF nonsense")
    bare.chmod(stat.S_IRWXU)
    says = {
        "./nobody": "./nobody cannot be started: No such file or directory",
        "no-such-program-anywhere": "no-such-program-anywhere cannot be started: No such file or directory",
        "./plain.sh": "./plain.sh cannot be started: Permission denied (is it executable?)",
        "./bare": "./bare cannot be started: Exec format error",
    }
    assert {name: tell(tmp_path, command=(name,)).error for name in says} == says


def test_arguments_are_no_shell(tmp_path: Path) -> None:
    assert tell(tmp_path, command=("/usr/bin/touch", "$(touch evil); a b", "*")).ok
    assert {path.name for path in tmp_path.iterdir()} == {"$(touch evil); a b", "*"}
