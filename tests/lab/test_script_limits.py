"""The script host's limits: time, memory, depth; what its errors look like; hosts side by side."""

from __future__ import annotations

import threading

import pytest

from remediate.lab.errors import NotModelled
from remediate.lab.script import decode_script, run_script
from tests.lab.bare import Bare, plain
from tests.patience import LIMIT


def test_the_deadline_ends_a_script_at_its_next_call() -> None:
    bare = Bare()
    result = bare.script(
        "try { while (true) { WScript.Arguments.length; } } catch (e) { WScript.Echo('no'); }", seconds=0.05
    )
    assert "longer than 0.05 seconds" in plain(result.stderr)
    assert (plain(result.stdout), result.exit_code) == ("", 1)


def test_sleeping_ends_at_the_deadline() -> None:
    machine = Bare().machine
    machine.pause = threading.Condition.wait
    result = run_script(machine, "WScript.Sleep(86400000); WScript.Echo('slept');", seconds=0.05)
    assert (result.stdout, result.exit_code) == (b"", 1)


def test_a_sleeping_script_does_not_hold_the_machine() -> None:
    machine = Bare().machine
    machine.pause = threading.Condition.wait
    head = "var f = new ActiveXObject('Scripting.FileSystemObject');"
    waits = head + "while (!f.FolderExists('C:\\\\go')) { WScript.Sleep(20); } f.CreateFolder('C:\\\\went');"
    thread = threading.Thread(target=run_script, args=(machine, waits), daemon=True)
    thread.start()
    assert run_script(machine, head + "f.CreateFolder('C:\\\\go')").exit_code == 0
    thread.join(LIMIT)
    assert machine.files.is_folder("C:\\went")


def test_sleeping_is_model_time() -> None:
    bare = Bare(speed=10)
    before = bare.now
    bare.script("WScript.Sleep(5000)")
    assert (bare.now - before).total_seconds() == 0.5


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("function f() { f(); }\nf();", "Microsoft JScript runtime error: "),
        ("var a = [];\nwhile (true) { a.push('xxxxxxxxxxxxxxxxxxxxxxxxx' + a.length); }", "ut of memory"),
        ("\n  throw new Error('mine');", "C:\\x.js(2, 13) Microsoft JScript runtime error: mine"),
        ("throw {number: 5};", "C:\\x.js(1, 1) Microsoft JScript runtime error: Exception thrown and not caught"),
        (
            "var s = new ActiveXObject('WScript.Shell');\n s.RegRead('HKLM\\\\a\\\\b');",
            "C:\\x.js(2, 4) WshShell.RegRead: Unable to open",
        ),
        ("let x = ;", "C:\\x.js(1, 9) Microsoft JScript compilation error"),
    ],
    ids=["depth", "memory", "thrown", "object", "com", "syntax"],
)
def test_what_nobody_catches_ends_with_a_message_and_1(source: str, words: str) -> None:
    result = Bare().script(source)
    assert words in plain(result.stderr)
    assert (result.stdout, result.exit_code) == (b"", 1)


def test_output_before_an_error_is_kept() -> None:
    result = Bare().script("WScript.Echo('first'); nosuch();")
    assert (plain(result.stdout), result.exit_code) == ("first\n", 1)


def test_runs_share_nothing() -> None:
    bare = Bare()
    bare.script("shared = 1; String.prototype.own = 1;")
    assert bare.echo("WScript.Echo(typeof shared, typeof ''.own)") == "undefined undefined\n"


def test_scripts_of_many_hosts_at_once() -> None:
    hosts, answers = [Bare() for _ in range(12)], dict[int, str]()

    def work(number: int) -> None:
        hosts[number].machine.registry.set("HKLM\\SOFTWARE", "n", number)
        source = "var i, s = new ActiveXObject('WScript.Shell'), t = 0;"
        source += "for (i = 0; i < 50; i++) t += s.RegRead('HKLM\\\\SOFTWARE\\\\n');"
        answers[number] = hosts[number].echo(source + "WScript.Echo(t);")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert answers == {n: f"{50 * n}\n" for n in range(12)}


def test_a_bug_in_the_lab_is_a_failed_call_and_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Bare()

    def broken(path: str) -> bool:
        raise RuntimeError(path)

    monkeypatch.setattr(bare.machine.files, "is_file", broken)
    source = "try { new ActiveXObject('Scripting.FileSystemObject').FileExists('C:\\\\a'); }"
    assert bare.echo(source + "catch (e) { WScript.Echo(e.description); }") == "Unspecified error\n"
    assert "bug: RuntimeError" in bare.machine.refusals[0]


def test_content_that_is_not_modelled_is_an_error_and_noted() -> None:
    bare = Bare()
    source = "var f = new ActiveXObject('Scripting.FileSystemObject');"
    source += "try { f.OpenTextFile('C:\\\\WINDOWS\\\\system32\\\\net.exe').ReadAll(); }"
    assert bare.echo(source + " catch (e) { WScript.Echo(e.number !== 0); }") == "-1\n"
    assert "content of" in bare.machine.refusals[0]
    with pytest.raises(NotModelled):
        bare.machine.files.read("C:\\WINDOWS\\system32\\net.exe")


def test_disk_full_is_jscripts_error_61() -> None:
    bare = Bare()
    bare.machine.files.set_free("C:", 10)
    source = r"try { new ActiveXObject('Scripting.FileSystemObject').CreateTextFile('C:\\a').Write('more than ten'); }"
    source += "catch (e) { WScript.Echo((e.number >>> 0).toString(16), e.description); }"
    assert bare.echo(source) == "800a003d Disk full\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"WScript.Echo('\xe9')", "WScript.Echo('é')"), ("x='中'".encode("utf-16"), "x='中'"), (b"", "")],
)
def test_script_files_in_their_encodings(data: bytes, text: str) -> None:
    assert decode_script(data) == text
