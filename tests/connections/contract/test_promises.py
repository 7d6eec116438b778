"""What ``base.Session`` promises, kept on every road."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from remediate.connections.base import JobPhase
from remediate.connections.bytext import PIECE
from remediate.connections.sessions import Sessions
from remediate.errors import Blocked, Interrupted, RemoteFailed, Unreachable, UserError
from tests.connections.contract.roads import Ground
from tests.patience import LIMIT

FOLDER = "C:\\WINDOWS\\Temp\\remediate"


def test_run_gives_output_and_exit_code(ground: Ground) -> None:
    session = ground.session()
    output = session.run("echo hello& exit 3010")
    assert (output.stdout, output.stderr, output.exit_code) == ("hello\r\n", "", 3010)
    assert session.executions == 1


def test_run_takes_compound_lines_and_quotes(ground: Ground) -> None:
    output = ground.session().run('"C:\\WINDOWS\\system32\\findstr.exe" /c:"b c" & echo "x y"', stdin=b"a\r\nb c\r\n")
    assert output.stdout == 'b c\r\n"x y"\r\n'


def test_a_command_that_is_not_there_is_no_error_of_the_session(ground: Ground) -> None:
    output = ground.session().run("type C:\\nothing.txt")
    assert output.exit_code == 1
    assert "cannot find the file" in output.stderr


def test_input_ends(ground: Ground) -> None:
    assert ground.session().run('findstr "^"').stdout == ""
    assert ground.session().run('findstr "^"', stdin=b"one\r\ntwo\r\n").stdout == "one\r\ntwo\r\n"


def test_call_answers_with_state_and_notes(ground: Ground) -> None:
    session = ground.session()
    text = 'gr\u00fcn "quoted" % & \u2028'
    assert session.call("probe", "say", {"text": text}) == {
        "said": text,
        "folder": FOLDER,
        "_notes": [{"source": "road", "text": "any"}],
    }


def test_two_calls_cost_two_executions_and_leave_nothing(ground: Ground) -> None:
    session = ground.session()
    session.call("probe", "say", {"text": "1"})
    session.call("probe", "say", {"text": "2"})
    assert session.executions == 2
    files = ground.machine.files
    assert not files.exists(FOLDER) or not [name for name in files.listing(FOLDER) if name.endswith(".js")]


def test_a_script_that_fails_says_why(ground: Ground) -> None:
    with pytest.raises(RemoteFailed, match="probe: fails failed on the host: it is broken: by hand"):
        ground.session().call("probe", "fails", {"text": "by hand"})


def test_long_answers_arrive_whole(ground: Ground) -> None:
    state = ground.session().call("probe", "lines", {"count": 20_000})
    assert isinstance(state["items"], list)
    assert (len(state["items"]), state["items"][-1]) == (20_000, "line 19999")


def test_output_is_bounded_and_the_session_lives_on(ground: Ground) -> None:
    session = ground.session()
    ground.machine.files.write("C:\\flood.txt", b"x" * 998 + b"\r\n" + (b"y" * 998 + b"\r\n") * 1100)
    with pytest.raises(RemoteFailed, match="printed more than 1000000 bytes"):
        session.run("type C:\\flood.txt")
    assert session.run("echo alive").stdout == "alive\r\n"


def test_a_late_command_fails_and_the_session_lives_on(ground: Ground) -> None:
    session = ground.session()
    with ground.time.holding(ground.machine) as held, pytest.raises(RemoteFailed, match="did not end within 1 seconds"):
        session.call("probe", "slow", {"seconds": 2}, timeout=1)
    assert held.is_set()
    assert session.run("echo alive").stdout == "alive\r\n"


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_what_was_put_comes_back(ground: Ground, tmp_path: Path, size: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    local = tmp_path / "file"
    local.write_bytes(content)
    session = ground.session()
    said: list[tuple[float, float]] = []
    session.watch(lambda _text, done, total, _unit: said.append((done, total)))
    session.put(local, f"C:\\put\\{size}\\fix.exe")
    assert ground.machine.files.read(f"C:\\put\\{size}\\fix.exe") == content
    assert list(ground.machine.files.listing(f"C:\\put\\{size}")) == ["fix.exe"]
    assert session.get(f"C:\\put\\{size}\\fix.exe", limit=10_000_000) == content
    assert session.get(f"C:\\put\\{size}\\fix.exe", limit=1000) == content[-1000:]
    assert said == sorted(said)
    assert not size or said[-1] == (size, size)


def test_put_replaces_and_expands(ground: Ground, tmp_path: Path) -> None:
    session = ground.session()
    for content in (b"older and longer", b"newer"):
        (tmp_path / "file").write_bytes(content)
        session.put(tmp_path / "file", "%SystemRoot%\\Temp\\remediate\\a file.exe")
    assert ground.machine.files.read(f"{FOLDER}\\a file.exe") == b"newer"
    assert session.hash(f"{FOLDER}\\a file.exe") == hashlib.sha256(b"newer").hexdigest()


@pytest.mark.parametrize("work", ["get", "hash"])
def test_missing_files(ground: Ground, tmp_path: Path, work: str) -> None:
    with pytest.raises(RemoteFailed, match=r"nothing\.log"):
        getattr(ground.session(), work)("C:\\nothing.log")
    with pytest.raises(UserError, match="cannot be read"):
        ground.session().put(tmp_path / "none", "C:\\x")


def test_jobs_start_once_and_end(ground: Ground) -> None:
    session = ground.session()
    first = session.detach("once", "echo x>> C:\\once.txt", guard={}, record={})
    again = ground.session().detach("once", "echo x>> C:\\once.txt", guard={}, record={})
    assert (first.adopted, again.adopted) == (False, True)
    while (job := session.poll("once")).phase is JobPhase.RUNNING:
        session.wait(0.05)
    assert (job.phase, job.exit_code) == (JobPhase.FINISHED, 0)
    assert ground.machine.files.read("C:\\once.txt").count(b"x") == 1
    session.settle("once")


def test_a_guard_blocks(ground: Ground) -> None:
    guard = {"not_running": ["store.exe"]}
    with pytest.raises(Blocked, match=r"store\.exe"):
        ground.session().detach("guarded", "echo x", guard=guard, record={})  # type: ignore[arg-type]


def test_an_absent_job(ground: Ground) -> None:
    assert ground.session().poll("nobody").phase is JobPhase.ABSENT


def test_reconnect_goes_on(ground: Ground) -> None:
    session = ground.session()
    session.call("probe", "say", {"text": "1"})
    session.reconnect()
    assert session.call("probe", "say", {"text": "2"})["said"] == "2"
    assert session.executions == 2


def test_a_line_cut_between_calls_is_made_anew(ground: Ground) -> None:
    session = ground.session()
    session.call("probe", "say", {"text": "1"})
    ground.cut()
    assert session.call("probe", "say", {"text": "2"})["said"] == "2"
    ground.cut()
    assert session.run("echo alive").stdout == "alive\r\n"


def test_a_cut_in_the_upload_resumes(ground: Ground, tmp_path: Path) -> None:
    content = bytes(range(256)) * (PIECE // 190)
    (tmp_path / "fix.exe").write_bytes(content)
    session = ground.session()
    cut = threading.Event()

    def say(_text: str, done: float, _total: float, _unit: str) -> None:
        if done > PIECE * 1.1 and not cut.is_set():
            cut.set()
            ground.cut()

    session.watch(say)
    session.put(tmp_path / "fix.exe", "C:\\resumed\\fix.exe")
    assert cut.is_set()
    assert ground.machine.files.read("C:\\resumed\\fix.exe") == content
    assert list(ground.machine.files.listing("C:\\resumed")) == ["fix.exe"]


def test_a_wrong_password(ground: Ground) -> None:
    if ground.variables.get("winrm_auth") == "certificate":
        pytest.skip("there is no password on this road")
    with pytest.raises(Unreachable) as caught:
        ground.session(ansible_password="wrong").call("probe", "say", {"text": ""})
    assert caught.value.kind == "auth"
    assert "check user and password" in caught.value.hint
    assert "wrong" not in str(caught.value)


def test_a_closed_port(ground: Ground) -> None:
    with pytest.raises(Unreachable) as caught:
        ground.session(ansible_port=1).run("ver")
    assert caught.value.kind == "refused"
    assert "ansible_port" in caught.value.hint


def test_an_unknown_name(ground: Ground) -> None:
    with pytest.raises(Unreachable) as caught:
        ground.session(ansible_host="nowhere.invalid").run("ver")
    assert caught.value.kind == "name"


def test_stopping_interrupts_a_wait(ground: Ground) -> None:
    session = ground.session(Sessions([ground.folder / "js"]))
    threading.Timer(0.05, session.shared.stop.set).start()
    with pytest.raises(Interrupted):
        session.wait(LIMIT)


def test_the_road_is_told(ground: Ground) -> None:
    session = ground.session()
    session.run("ver")
    assert session.road.name.startswith(("ssh", "winrs", "psrp"))
    assert session.road.auth
    assert session.road.server
