"""Secrets appear nowhere: canaries in every place, every command over a real host, and every artefact searched."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from remediate.commands.cli import run
from remediate.project.outside import Outside
from tests.approvals.people import PLANNER, new_key
from tests.commands.driver import NOWHERE, Done, Screen
from tests.notify.receivers import Received, web
from tests.secrets.canaries import canary, files, seen
from tests.secrets.project import Canaries, places

HOOK, TOKEN, MAIL, DSN, TYPED, LOST, RAISED, ENVIRON = (canary(number) for number in range(190, 198))
SETTINGS = f"""\
inventory = 'lab.yml'
windows = 'windows.yml'
[[notify]]
name = "signed"
on = ["before", "after", "failed"]
webhook = "URL/x?token={TOKEN}"
secret = "env:HOOK_KEY"
[[notify]]
name = "nobody"
on = ["after"]
webhook = "http://svc:{TOKEN}@127.0.0.1:1/{TOKEN}?token={TOKEN}"
[[notify]]
name = "mail"
on = ["after"]
mail = {{ server = "127.0.0.1", port = 1, from = "a@b.example", to = "c@b.example", user = "x", password = "file:mail.txt" }}
[[notify]]
name = "tells"
on = ["before", "after", "failed"]
command = ["/bin/sh", "-c", "cat >> told.txt; env >> told.txt; cp .remediate/ledger.sqlite3-wal wal.bin; \
cp .remediate/ledger.sqlite3-shm shm.bin; stat -c %a .remediate/ledger.sqlite3-* >> modes.txt; echo $HOOK_KEY; \
cat mail.txt; exit 3"]
"""  # noqa: E501
WINDOWS = """\
windows:
  night: {time_zone: Europe/Berlin, start: 2026-01-03 22:00, rule: FREQ=WEEKLY;BYDAY=SA, duration: 4h}
"""
STOPS = """\
- name: stops
  hosts: one
  tasks:
    - {name: made, win_file: {path: 'C:\\stops-{{ svc_password }}', state: directory}}
    - {name: stopped, fail: {msg: 'seen here: {{ svc_password }}'}}
"""
COMMANDS = """\
run site.yml --check -vv --diff +
plan site.yml -o p.json --record seen --valid-for 30d -v +
plan site.yml --replay seen -o q.json --format json +
show p.json -v
show p.json --format json
approve p.json --reason CHG-1 --key anna
window timer p.json --window night -o units
apply p.json -vv --diff --format json +
run site.yml -vv --diff +
run site.yml -vv --format json +
run stops.yml -vv
resume last -vv
verify site.yml -v +
facts -v +
facts --format json +
ping -v +
ping --format json -i gone.yml -k
inventory list
inventory list --format json
inventory host one
inventory host one --format json
inventory graph
lint site.yml
doc win_command
runs list
runs show FIRST
runs show last --format json
runs report FIRST -o r.html
runs report FIRST -o r.md
runs report FIRST -o r.json
runs report last
runs verify
notify test
notify test --format json
lab status
lab status --format json
run site.yml -exx_password=CRASH -e xy_password=CRASH --extra-vars={"z_token":"CRASH"}
"""
EVERYDAY = [b"win_command", b"win_regedit", b"changed", b"echo "]
"""Words a run is told in: none of them is a secret, whatever was done with secrets."""


@dataclass
class Ran:
    """What all the commands printed and wrote."""

    folder: Path
    secrets: list[str]
    visible: list[str]
    done: dict[str, Done] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("canaries")
    project = Canaries(folder)
    for number, place in enumerate(places(), 1):
        project.add(number, place)
    before = os.umask(0)
    with pytest.MonkeyPatch.context() as patch, web() as received:
        for name, text in project.environ.items():
            patch.setenv(name, text)
        _lay(project, received)
        given = set(folder.rglob("*"))
        try:
            yield _all(project, received, given, patch)
        finally:
            os.umask(before)
            _one(project, "lab down")


def _lay(project: Canaries, received: Received) -> None:
    for name, text in {"windows.yml": WINDOWS, "stops.yml": STOPS, "mail.txt": MAIL}.items():
        project.write(name, text)
    new_key(project.folder / "anna")
    project.write("gone.yml", "all: {hosts: {gone: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n")
    project.lay(SETTINGS.replace("URL", received.url).replace("b.example", "example.com"))
    project.secrets += [HOOK, TOKEN, MAIL, DSN, TYPED, LOST, RAISED, ENVIRON]


def _all(project: Canaries, received: Received, given: set[Path], patch: pytest.MonkeyPatch) -> Ran:
    ran = Ran(project.folder, project.secrets, project.visible)
    first = ""
    for line in COMMANDS.splitlines():
        if "CRASH" in line:
            patch.setattr("remediate.change.running.run", _breaks)
        ran.done[line] = done = _one(project, line.replace("FIRST", first))
        ran.texts |= {f"{line} (out)": done.out.encode(), f"{line} (err)": done.err.encode()}
        if line.startswith("apply"):
            first = json.loads(_one(project, "runs list --format json").out)[0]["id"]
        ran.texts |= {f"{name} after {line}": text for name, text in files(project.folder, given).items()}
    for number, (headers, content) in enumerate(received.requests):
        ran.texts[f"request {number}"] = str(headers).encode() + content
    return ran


def _one(project: Canaries, line: str) -> Done:
    words = [word.replace("CRASH", LOST) for word in line.split()]
    if words[-1] == "+":
        words[-1:] = project.words
    out, err = Screen(), Screen()
    environ = {
        "PATH": os.environ["PATH"],
        "HOOK_KEY": HOOK,
        "PGPASSWORD": ENVIRON,
        "DSN": f"Server=db;Password={DSN};",
    }
    outside = Outside(stdin=io.StringIO(TYPED + "\n"), stdout=out, stderr=err, environ=environ, folder=project.folder,
                      account=PLANNER, policy=NOWHERE)  # fmt: skip
    return Done(run(words, outside), out.getvalue(), err.getvalue())


def _breaks(*_: object, **__: object) -> None:
    """A fault in the program, with all that its message should not say."""
    raise RuntimeError(f"no luck with {RAISED} and {LOST}: postgresql://u:{ENVIRON}@h/d")


def test_no_canary_is_anywhere(ran: Ran) -> None:
    raised = [RAISED]  # nothing told it to be secret: it is only looked for where the log says what was asked
    found = seen([secret for secret in ran.secrets if secret not in raised], ran.texts)
    assert found == []


def test_every_command_did_its_work(ran: Ran) -> None:
    codes = {line.split(" -")[0].rstrip(" +"): done.code for line, done in ran.done.items()}
    assert codes == codes | {"apply p.json": 0, "run stops.yml": 4, "runs verify": 0, "ping": 4, "inventory list": 0}
    assert not [line for line, done in ran.done.items() if "Traceback" in done.out + done.err]
    assert len(places()) + 9 >= 60
    names = {name.partition(" after ")[0] for name in ran.texts}
    assert {"p.json", "q.json", "seen/one.seen.json", "r.html", "r.md", "r.json", "told.txt"} <= names
    assert {".remediate/ledger.sqlite3", "wal.bin", "shm.bin", "modes.txt"} <= names
    assert max(len(text) for name, text in ran.texts.items() if name.startswith("wal.bin")) > 10_000
    assert any("crash-" in name for name in names)
    assert max(len(text) for name, text in ran.texts.items() if "ledger.sqlite3 (files)" in name) > 10_000
    assert any(name.startswith("units/") for name in names)
    assert any(name.startswith("request ") for name in names)


def test_everything_else_can_be_read(ran: Ran) -> None:
    """A marker stands beside every canary, and the words a run is told in are no secrets."""
    applied = ran.texts["run site.yml -vv --diff + (out)"]
    assert [word for word in ran.visible if word.encode() not in applied] == []
    ledger = b"".join(text for name, text in ran.texts.items() if name.startswith(".remediate/ledger"))
    for text in (applied, ran.texts["apply p.json -vv --diff --format json + (out)"], ledger):
        assert [word for word in EVERYDAY if word not in text] == []
        assert b"win_****" not in text
    assert b"folder" in ran.texts["apply p.json -vv --diff --format json + (out)"]


def test_what_was_hidden_did_arrive(ran: Ran) -> None:
    """The hosts have it: their files and registries hold what nobody could read above."""
    state = b"".join(path.read_bytes() for path in (ran.folder / ".remediate/lab").rglob("*") if path.is_file())
    numbers = [place["name"] for place in places()]
    for name in ("data of the registry", "a path", "a change that is planned"):
        secret = canary(numbers.index(name) + 1)
        assert secret.encode() in state or secret.encode("utf-16-le") in state, name


def test_files_are_for_their_owner_alone(ran: Ran) -> None:
    """The umask was 0: all of it comes from the program."""
    own = ["p.json", "q.json", "r.html", "r.md", "r.json", "seen", "seen/one.seen.json", ".remediate"]
    own += [".remediate/logs", ".remediate/ledger.sqlite3"]
    own += [str(log.relative_to(ran.folder)) for log in ran.folder.rglob("crash-*")]
    modes = {name: stat.S_IMODE((ran.folder / name).stat().st_mode) for name in own}
    assert modes == {name: 0o700 if (ran.folder / name).is_dir() else 0o600 for name in own}
    assert set((ran.folder / "modes.txt").read_text().split()) == {"600"}, "what SQLite puts beside the ledger"


def test_the_crash_log_says_what_was_asked(ran: Ran) -> None:
    (log,) = ran.folder.rglob("crash-*.log")
    assert "command: run site.yml -e... -e ... --extra-vars=..." in log.read_text()
    assert RAISED in log.read_text(), "what nobody called a secret: the log is of use"
