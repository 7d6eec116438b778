"""Sessions over a real connection: commands, calls, limits, and what happens when the line breaks."""

from __future__ import annotations

import threading
from itertools import count
from typing import Any

import pytest

from remediate.connections.sessions import Sessions
from remediate.connections.ssh import SshSession
from remediate.errors import Interrupted, RemoteFailed, Unreachable, UserError
from tests.connections.conftest import Bench
from tests.connections.scripthost import Answer, Host
from tests.connections.server import Rules, Server
from tests.patience import LIMIT

ECHO = "// needs:\nfunction inspect(args) { note('a', 'b'); return {given: args}; }\n"


def ready(bench: Bench, **variables: Any) -> tuple[SshSession, Server, Host]:
    bench.module(ECHO)
    host = Host(bench.disk())
    server = bench.serve(Rules(execute=host.execute, disk=host.disk))
    return bench.session(server, **variables), server, host


def test_run_gives_both_streams_and_the_exit_code(bench: Bench) -> None:
    server = bench.serve(Rules(execute=lambda command, stdin: (command.encode() + stdin, b"err", 3010)))
    output = bench.session(server).run("echo ", stdin=b"in")
    assert (output.stdout, output.stderr, output.exit_code) == ("echo in", "err", 3010)


def test_call_answers_with_state_and_notes(bench: Bench) -> None:
    session, _, host = ready(bench)
    assert session.call("probe", "inspect", {"x": "grün\u2028"}) == {
        "given": {"x": "grün\u2028"},
        "_notes": [{"source": "a", "text": "b"}],
    }
    assert session.folder == "C:\\WINDOWS\\Temp\\remediate"
    assert (host.disk / "WINDOWS" / "Temp" / "remediate").is_dir()


def test_two_calls_cost_one_connection_and_two_executions(bench: Bench) -> None:
    session, server, host = ready(bench)
    session.call("probe", "inspect", {})
    session.call("probe", "inspect", {})
    assert session.executions == 2
    assert server.connections == 1
    assert [command.partition(" ")[0] for command in host.commands] == ["cscript", "cscript"]


@pytest.mark.parametrize("sftp", ["never", "absent"])
def test_without_sftp_a_call_is_one_execution(bench: Bench, sftp: str) -> None:
    session, server, _ = ready(bench, ssh_sftp="never" if sftp == "never" else "auto")
    if sftp == "absent":
        server.rules.disk = None
    assert session.call("probe", "inspect", {"long": "x" * 5000})["given"] == {"long": "x" * 5000}
    assert session.executions == 1
    assert any("no SFTP" in note for note in session.notes) == (sftp == "absent")


def test_windows_2000_folder_is_found_without_asking(bench: Bench) -> None:
    session, _, host = ready(bench)
    (host.disk / "WINDOWS" / "Temp").rmdir()
    (host.disk / "WINDOWS").rename(host.disk / "WINNT")
    (host.disk / "WINNT" / "Temp").mkdir()
    session.call("probe", "inspect", {})
    assert session.folder == "C:\\WINNT\\Temp\\remediate"
    assert session.executions == 1


def test_other_folder(bench: Bench) -> None:
    session, _, host = ready(bench, remote_folder="C:\\tools")
    session.call("probe", "inspect", {})
    assert session.folder == "C:\\tools"
    assert list((host.disk / "tools").glob("*.js"))


def test_output_is_bounded(bench: Bench) -> None:
    server = bench.serve(Rules(execute=lambda command, stdin: (b"x" * 1_500_000, b"", 0)))
    with pytest.raises(RemoteFailed, match="printed more than 1000000 bytes"):
        bench.session(server).run("type big.log")


def test_a_flood_on_stderr_does_not_block(bench: Bench) -> None:
    server = bench.serve(Rules(execute=lambda command, stdin: (b"out", b"e" * 900_000, 1)))
    output = bench.session(server).run("x", stdin=b"i" * 3_000_000)
    assert (output.stdout, len(output.stderr)) == ("out", 900_000)


def test_a_late_command_fails_and_the_session_lives_on(bench: Bench) -> None:
    release = threading.Event()

    def execute(command: str, stdin: bytes) -> Answer:
        if command == "slow":
            bench.time.go_on(1)
            release.wait(LIMIT)
        return b"done", b"", 0

    session = bench.session(bench.serve(Rules(execute=execute)))
    with pytest.raises(RemoteFailed, match=r"did not end within 0\.3 seconds"):
        session.run("slow", timeout=0.3)
    assert session.run("fast").stdout == "done"
    release.set()


def test_command_timeout_lengthens(bench: Bench) -> None:
    def execute(command: str, stdin: bytes) -> Answer:
        bench.time.go_on(5)
        return b"done", b"", 0

    session = bench.session(bench.serve(Rules(execute=execute)), command_timeout=20)
    assert session.run("slow", timeout=0.05).stdout == "done"


def test_refused_commands(bench: Bench) -> None:
    server = bench.serve(Rules(commands=False))
    with pytest.raises(RemoteFailed, match="refuses to run commands"):
        bench.session(server).run("ver")


def test_run_is_never_repeated_once_it_was_sent(bench: Bench) -> None:
    server = bench.serve(Rules(execute=lambda command, stdin: None))
    session = bench.session(server)
    with pytest.raises(Unreachable) as caught:
        session.run("shutdown /r")
    assert caught.value.kind == "lost"
    assert "may have run" in caught.value.hint
    assert server.commands == ["shutdown /r"]


def test_run_notices_a_dead_line_before_it_sends(bench: Bench) -> None:
    server = bench.serve(Rules())
    session = bench.session(server)
    session.run("one")
    server.drop_all()
    assert session.run("two").stdout == "ok\r\n"
    assert server.commands == ["one", "two"]


def test_call_is_repeated_after_a_lost_line(bench: Bench) -> None:
    session, server, host = ready(bench)
    turns = count()
    server.rules.execute = lambda command, stdin: None if next(turns) < 2 else host.execute(command, stdin)
    server.rules.cut_connections = 0
    assert session.call("probe", "inspect", {})["given"] == {}
    assert session.executions == 3


def test_call_waits_for_a_host_that_restarts(bench: Bench) -> None:
    session, server, _ = ready(bench)
    session.call("probe", "inspect", {})
    server.rules.cut_connections = 3
    server.drop_all()
    assert session.call("probe", "inspect", {})["given"] == {}
    assert server.connections == 5


def test_patience_ends(bench: Bench) -> None:
    session, server, _ = ready(bench, reconnect_timeout=0.5)
    session.call("probe", "inspect", {})
    server.close()
    with pytest.raises(Unreachable) as caught:
        session.call("probe", "inspect", {})
    assert caught.value.kind == "refused"


def test_a_first_connection_is_tried_once(bench: Bench) -> None:
    session, server, _ = ready(bench)
    server.rules.cut_connections = 1
    with pytest.raises(Unreachable, match="does not speak SSH"):
        session.call("probe", "inspect", {})
    assert server.connections == 1


def test_reconnect_connects_anew(bench: Bench) -> None:
    session, server, _ = ready(bench)
    session.call("probe", "inspect", {})
    session.reconnect()
    session.call("probe", "inspect", {})
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer", [b"", b"Windows Script Host access is disabled on this machine.", b"remediate:X:9:{"]
)
def test_a_script_that_does_not_answer(bench: Bench, answer: bytes) -> None:
    session, server, _ = ready(bench)
    server.rules.execute = lambda command, stdin: (answer, b"", 0)
    with pytest.raises(RemoteFailed, match="the script gave no answer") as caught:
        session.call("probe", "inspect", {})
    assert caught.value.hint


def test_scripts_that_did_not_answer_are_removed_by_the_next(bench: Bench) -> None:
    session, server, host = ready(bench)
    server.rules.execute = lambda command, stdin: (b"", b"", 0)
    with pytest.raises(RemoteFailed):
        session.call("probe", "inspect", {})
    left = sorted((host.disk / "WINDOWS" / "Temp" / "remediate").glob("*.js"))
    assert len(left) == 2, "asked twice: once may be an accident"
    server.rules.execute = host.execute
    session.call("probe", "inspect", {})
    latest = max(left[0].parent.glob("*.js"), key=lambda path: path.stat().st_mtime_ns)
    assert all(f"remediate\\\\{one.name}" in latest.read_text() for one in left)


def test_an_exception_of_the_script(bench: Bench) -> None:
    session, _, _ = ready(bench)
    bench.module("function inspect(args) { return fso(); }", "broken")
    with pytest.raises(RemoteFailed, match=r"broken: inspect failed on the host: Automation server .* \(0x800A01AD\)"):
        session.call("broken", "inspect", {})


@pytest.mark.parametrize(("module", "function"), [("nothing", "inspect"), ("probe", "inspekt")])
def test_unknown_remote_half(bench: Bench, module: str, function: str) -> None:
    session, _, _ = ready(bench)
    with pytest.raises(UserError, match=f"{module}"):
        session.call(module, function, {})


def test_a_full_disk_is_named(bench: Bench) -> None:
    session, _, host = ready(bench)
    bench.module("// needs: jobs\nfunction inspect(args) { return {}; }")
    (host.disk / "full").write_text("")
    with pytest.raises(RemoteFailed) as caught:
        session.call("probe", "inspect", {"big": "x" * 100_000})
    assert "disk full" in caught.value.hint


def test_stop_interrupts_waiting(bench: Bench) -> None:
    session = Sessions([], bench.stop).open(bench.endpoint(bench.serve(Rules())))
    threading.Timer(0.05, bench.stop.set).start()
    with pytest.raises(Interrupted):
        session.wait(LIMIT)


def test_stop_interrupts_reconnecting(bench: Bench) -> None:
    session, server, _ = ready(bench)
    session.call("probe", "inspect", {})
    server.close()
    bench.stop.set()
    with pytest.raises(Interrupted):
        session.call("probe", "inspect", {})


def test_a_session_is_reset_by_the_name_of_its_host(bench: Bench) -> None:
    server = bench.serve(Rules())
    session = bench.session(server)
    session.run("one")
    bench.sessions[-1].reset("ex1")
    bench.sessions[-1].reset("nobody")
    session.run("two")
    assert (server.connections, server.commands) == (2, ["one", "two"])
