"""The shell around its cases: detached programs, what survives the lab's death, limits, and any line at all."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.lab import shell
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.interpreter.expand import arguments, command_word
from remediate.lab.interpreter.parse import SyntaxProblem, parse
from remediate.lab.machine import Machine
from tests.lab.bare import Bare

WAITING = (
    "@echo off\necho start> C:\\j\\log.txt\nping -n 11 127.0.0.1 > nul\nif errorlevel 1 goto bad\nset N=two\n"
    "net stop Top > C:\\j\\net.txt && echo %N%>> C:\\j\\log.txt\nexit /b 5\n:bad\necho bad>> C:\\j\\log.txt\n"
)


def detached(bare: Bare) -> int:
    bare.chain()
    bare.write({"C:\\j\\run.cmd": WAITING})
    environ = dict(bare.machine.environ)
    return shell.start(bare.machine, 'cmd.exe /c "C:\\j\\run.cmd"', folder="C:\\", environ=environ)


def log(machine: Machine) -> str:
    return machine.files.read("C:\\j\\log.txt").decode() if machine.files.exists("C:\\j\\log.txt") else ""


def test_a_detached_command_lives_in_the_queue_alone() -> None:
    bare = Bare()
    pid = detached(bare)
    process = bare.machine.processes.get(pid)
    assert process is not None
    assert (process.image, process.command) == ("cmd.exe", 'cmd.exe /c "C:\\j\\run.cmd"')
    bare.pass_time(5)
    assert log(bare.machine) == "start\r\n"
    bare.pass_time(6)
    bare.pass_time(3)
    bare.pass_time(1)
    assert log(bare.machine) == "start\r\ntwo\r\n"
    assert bare.machine.processes.exit_code(pid) == 5
    assert bare.state("Top") == "stopped"
    assert bare.machine.refusals == []


@pytest.mark.parametrize("killed_after", [0, 4, 10.5, 12])
def test_the_labs_death_changes_nothing_for_a_detached_command(killed_after: float) -> None:
    bare = Bare()
    pid = detached(bare)
    bare.pass_time(killed_after)
    again = Machine.from_json(json.loads(json.dumps(bare.machine.to_json())), clock_source=lambda: bare.now)
    bare.machine = again
    bare.pass_time(3600)
    assert log(again) == "start\r\ntwo\r\n"
    assert again.processes.exit_code(pid) == 5


def test_killing_the_shell_ends_its_work() -> None:
    bare = Bare()
    pid = detached(bare)
    bare.pass_time(1)
    bare.machine.processes.kill(pid)
    bare.pass_time(60)
    assert log(bare.machine) == "start\r\n"


def test_a_detached_command_holds_the_file_it_writes_to() -> None:
    bare = Bare()
    environ = dict(bare.machine.environ)
    shell.start(bare.machine, "cmd /c ping -n 5 127.0.0.1 > C:\\o.txt", folder="C:\\", environ=environ)
    bare.pass_time(1)
    assert bare.run("echo x> C:\\o.txt")[1].startswith("The process cannot access the file")
    assert bare.run("del C:\\o.txt")[1] + bare.run("ren C:\\o.txt p.txt")[1] != ""
    bare.pass_time(10)
    assert bare.run("del C:\\o.txt") == ("", "", 0)


def test_a_script_in_a_detached_command_runs_but_cannot_sleep() -> None:
    bare = Bare()
    bare.write(
        {"C:\\s.js": "new ActiveXObject('Scripting.FileSystemObject').CreateFolder('C:\\\\made'); WScript.Sleep(1000);"}
    )
    shell.start(bare.machine, "cscript //nologo C:\\s.js", folder="C:\\", environ=dict(bare.machine.environ))
    bare.pass_time(1)
    assert bare.machine.files.is_folder("C:\\made")
    assert "Sleep" in bare.machine.refusals[0]
    assert not bare.machine.processes.named("cscript.exe")


@pytest.mark.parametrize(("line", "number"), [("nosuch.exe", 2), ("del C:\\x", 2), ("", 2), ("x" * 9000, 206)])
def test_what_cannot_be_started(line: str, number: int) -> None:
    bare = Bare()
    with pytest.raises(LabError) as caught:
        shell.start(bare.machine, line, folder="C:\\", environ=dict(bare.machine.environ))
    assert caught.value.number == number


@pytest.mark.parametrize(("release", "length"), [("2000", 2047), ("2003", 8191)])
def test_lines_beyond_windows_limit_are_refused(release: str, length: int) -> None:
    bare = Bare("2000" if release == "2000" else "2003")
    fits = "echo " + "x" * (length - 5)
    assert bare.run(fits)[2] == 0
    assert bare.run(fits + "x") == ("", "The command line is too long.\n", 1)


def test_output_is_in_the_oem_code_page() -> None:
    bare = Bare()
    assert shell.execute(bare.machine, "echo caf\u00e9 \u4e2d")[0] == b"caf\x82 ?\r\n"


def test_a_command_waits_in_model_time_without_holding_the_machine() -> None:
    bare = Bare(speed=5)
    bare.chain()
    before = bare.now
    assert bare.run("net stop Top")[2] == 0
    assert 0.2 <= (bare.now - before).total_seconds() <= 0.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a "b c" d', ["a", "b c", "d"]),
        ('"" x', ["", "x"]),
        (r'"C:\p q\\" z', ["C:\\p q\\", "z"]),
        (r'a\"b "c\\\"d"', ['a"b', 'c\\"d']),
        (r"C:\dir\ x", ["C:\\dir\\", "x"]),
        ('ab"c d"ef', ["abc def"]),
    ],
)
def test_arguments_as_the_c_runtime_splits_them(text: str, words: list[str]) -> None:
    assert arguments(text) == words


@given(
    st.lists(st.text(st.characters(exclude_characters='"\\\r\n', exclude_categories=["Cs"]), max_size=10), max_size=5)
)
def test_quoted_words_come_back_whole(words: list[str]) -> None:
    assert arguments(" ".join(f'"{word}"' for word in words)) == words


SPECIAL = st.text(st.sampled_from('ab1 "^&|<>()%!=:,;/\\.*?@\t'), max_size=40)
WORDS = st.sampled_from(
    [
        "echo",
        "if",
        "not",
        "exist",
        "errorlevel",
        "else",
        "cmd",
        "/c",
        "type",
        "dir",
        "/b",
        "set",
        "call",
        "exit",
        "goto",
        "del",
        "net",
        "start",
        "sc",
        "query",
        "reg",
        "findstr",
        "rem",
        "nul",
        "2>&1",
        "&&",
        "||",
        "|",
        "(",
        ")",
        '"',
        "%OS%",
        "==",
        "copy",
        "move",
        "ren",
        "cd",
        "shutdown",
        "-r",
        "tasklist",
        "attrib",
        "find",
        "1",
        "/s",
        "C:\\a.txt",
        ">C:\\o.txt",
        "<C:\\o.txt",
    ]
)


@settings(max_examples=300)
@given(st.one_of(SPECIAL, st.lists(st.one_of(WORDS, SPECIAL), max_size=10).map(" ".join)), st.binary(max_size=20))
def test_any_line_gives_an_answer_never_a_traceback(line: str, stdin: bytes) -> None:
    out, err, code = shell.execute(Bare().machine, line, stdin)
    assert isinstance(code, int)
    assert len(out) + len(err) < 1_000_000


@given(SPECIAL)
def test_reading_a_line_ends_in_a_node_or_a_syntax_problem(line: str) -> None:
    try:
        node = parse(line)
    except (SyntaxProblem, NotModelled):
        return
    assert json.loads(json.dumps(node)) == node


@given(SPECIAL)
def test_a_command_has_a_name_and_a_rest(line: str) -> None:
    name, rest = command_word(line)
    assert len(name) + len(rest) <= len(line)
