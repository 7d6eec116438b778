"""The command line itself: help, unknown words, broken pipes, crashes, start-up."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from remediate import __version__
from remediate.commands import cli, crash
from tests.commands.driver import remediate


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_teaches(name: str, tmp_path: Path) -> None:
    done = remediate(name, "--help", folder=tmp_path)
    assert done.code == 0
    assert "usage: remediate " + name in done.out
    assert "exit codes:" in done.out
    assert done.err == ""
    assert remediate("help", name, folder=tmp_path).out == done.out


def test_overview_names_every_command_and_exit_code(tmp_path: Path) -> None:
    done = remediate("--help", folder=tmp_path)
    assert done.code == 0
    assert all(f"  {name} " in done.out for name in cli.COMMANDS)
    assert all(f"\n  {code} " in done.out for code in (0, 1, 2, 3, 4, 130))
    assert remediate(folder=tmp_path).code == 1, "nothing asked for is a mistake, explained"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["rnu"], "error: there is no command 'rnu'\n  hint: did you mean 'run'?"),
        (["-v", "run"], "error: the command comes first: -v was given"),
        (["run"], "error: PLAYBOOK is missing\n  hint: see `remediate run --help`"),
        (["run", "p.yml", "--chek"], "error: `remediate run` has no option --chek\n  hint: did you mean --check?"),
        (["run", "p.yml", "--tag=x"], "error: `remediate run` has no option --tag\n  hint: did you mean --tags?"),
        (["run", "p.yml", "q.yml"], "error: 'q.yml' is one argument too many"),
        (["run", "p.yml", "--forks", "x"], "error: --forks must be a whole number\n  hint: as in --forks 5"),
        (["run", "p.yml", "--forks", "1_0"], "error: --forks must be a whole number"),
        (["run", "p.yml", "--forks", "0"], "error: --forks must be a whole number from 1 on"),
        (["run", "p.yml", "--forks=-1"], "error: --forks must be a whole number from 1 on"),
        (["ping", "--forks", "none"], "error: --forks must be a whole number"),
        (["runs", "list", "-n", "many"], "error: --limit must be a whole number"),
        (["run", "p.yml", "--format", "jsn"], "error: --format cannot be 'jsn'\n  hint: did you mean 'json'?"),
        (["run", "p.yml", "--format", "x"], "error: --format cannot be 'x'\n  hint: there are: human, json\n"),
        (["run", "p.yml", "--host-key=acept-new"], "error: --host-key cannot be 'acept-new'\n  hint: did you mean 'ac"),
        (["runs", "lst"], "error: `remediate runs` knows no 'lst'\n  hint: did you mean 'list'?"),
        (["lab", "xyz"], "error: `remediate lab` knows no 'xyz'\n  hint: there are: down, reset, status, up"),
        (["run", "p.yml", "-i"], "error: --inventory needs a value\n"),
        (["plan", "p.yml", "--valid-for", "-1d"], "error: --valid-for needs a value\n  hint: a value that begins with"),
        (["run", "p.yml", "--check=yes"], "error: --check takes no value\n  hint: see `remediate run --help`"),
        (["run", "p.yml", "--pasword=ZqOpt2"], "error: `remediate run` has no option --pasword\n"),
        (["version", "--quiet"], "error: `remediate version` has no option --quiet"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_command_lines(words: list[str], error: str, tmp_path: Path) -> None:
    done = remediate(*words, folder=tmp_path)
    assert done.code == 1
    assert done.err.startswith(error)
    assert done.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ["-kZqOpt2"],
        ["-vkZqOpt2"],
        ["-kiZqOpt2"],
        ["-klZqOpt2"],
        ["-kvZqOpt2"],
        ["-kuZqOpt2"],
        ["-k=ZqOpt2"],
        ["--ask-pass=ZqOpt2"],
        ["-k", "ZqOpt2"],
        ["--ask-pass", "ZqOpt2"],
        ["-pZqOpt2"],
        ["-PZqOpt2"],
        ["--password=ZqOpt2"],
        ["--password", "ZqOpt2"],
        ["-e", "x=1", "ZqOpt2"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("command", ["run", "plan", "verify", "apply"])
def test_what_may_be_a_password_is_not_repeated(command: str, words: list[str], tmp_path: Path) -> None:
    done = remediate(command, "p.yml", *words, folder=tmp_path)
    assert done.code == 1
    assert "ZqOpt2" not in done.err + done.out
    assert "qOpt2" not in done.err
    assert "hint: " in done.err


def test_short_options_may_still_be_joined(tmp_path: Path) -> None:
    for words in (["-kv"], ["-vk"], ["-ki", "hosts.yml"], ["-kvvl", "ex1"]):
        done = remediate("run", "p.yml", *words, folder=tmp_path, stdin="x\n")
        assert "-k takes no value" not in done.err


def test_version(tmp_path: Path) -> None:
    for words in (["version"], ["--version"]):
        assert remediate(*words, folder=tmp_path).out == f"remediate {__version__}\n"


def test_unexpected_errors_leave_a_log_and_no_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object) -> int:
        raise KeyError("what\x1b[2J")

    monkeypatch.setattr(importlib.import_module("remediate.commands.version"), "main", explode)
    done = remediate("version", folder=tmp_path)
    assert done.code == 1
    assert done.err.startswith("error: unexpected: KeyError: 'what\\x1b[2J' (details are in ")
    assert "Traceback" not in done.err
    (log,) = (tmp_path / ".remediate" / "logs").iterdir()
    page = log.read_text(encoding="utf-8")
    assert "Traceback" in page
    assert f"remediate {__version__}" in page
    assert "paramiko " in page


def test_the_log_holds_no_variables(tmp_path: Path) -> None:
    argv = ["run", "p.yml", "-e", "password=one", "--extra-vars=password=two"]
    page = crash._page(ValueError("x"), argv)
    assert "one" not in page.split("\n")[1]
    assert "two" not in page.split("\n")[1]
    assert "run p.yml -e ..." in page


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m remediate doc -l | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "0"


@pytest.mark.parametrize("words", ["inventory list", "run p.yml", "lab status", "help", "doc -l"])
def test_a_working_folder_that_is_gone_is_one_error(words: str, tmp_path: Path) -> None:
    command = f"mkdir gone && cd gone && rmdir ../gone && exec '{sys.executable}' -m remediate {words}"
    environ = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, env=environ)
    hint = "  hint: cd to one that is there\n"
    assert done.stderr == f"error: the working folder cannot be used: No such file or directory\n{hint}"
    assert done.returncode == 1


def test_the_fast_answer_loads_nothing(tmp_path: Path) -> None:
    code = "import sys, remediate.__main__ as m; sys.argv[1:] = ['--version']; m.main(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"argparse", "yaml", "jinja2", "pydantic", "paramiko", "rich", "remediate.commands"}
