"""The ES3 gate itself, and every script that goes to a host held against it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.es3.__main__ import main
from tests.es3.lint import HERE, MODULES, Linter, remote_calls, remote_files


@pytest.fixture(scope="module")
def linter(tmp_path_factory: pytest.TempPathFactory) -> Linter:
    """A gate over a small set of libraries of its own."""
    folder = tmp_path_factory.mktemp("libraries")
    (folder / "core.js").write_text("function toJson(v) { return String(v); }\n")
    (folder / "files.js").write_text("function fileInfo(path) { return toJson(path); }\n")
    return Linter(folder)


@pytest.fixture(scope="module")
def gate() -> Linter:
    return Linter()


def write(folder: Path, code: str, partner: str = '"""A module."""\n') -> Path:
    (folder / "thing.py").write_text(partner)
    script = folder / "thing.js"
    script.write_text(code, encoding="utf-8")
    return script


@pytest.mark.parametrize("case", yaml.safe_load((HERE / "cases/refused.yml").read_text()), ids=lambda c: c["code"])
def test_refused(case: dict[str, str], linter: Linter, tmp_path: Path) -> None:
    messages = linter.check(write(tmp_path, case["code"]))
    texts = [m.text for m in messages if "at" not in case or f"{m.line}:{m.column}" == case["at"]]
    assert any(case["says"] in text for text in texts), [str(m) for m in messages]


@pytest.mark.parametrize("code", yaml.safe_load((HERE / "cases/accepted.yml").read_text()))
def test_accepted(code: str, linter: Linter, tmp_path: Path) -> None:
    assert linter.check(write(tmp_path, code)) == []


def test_a_function_called_from_python_must_exist(linter: Linter, tmp_path: Path) -> None:
    partner = 'def inspect(session):\n    return session.call("thing", "inspect", {})\n'
    assert linter.check(write(tmp_path, "function inspect(args) { return args; }", partner)) == []
    [message] = linter.check(write(tmp_path, "function look(args) { return args; }", partner))
    assert (message.line, message.text) == (2, "thing.js has no function inspect")


def test_a_script_needs_its_module(linter: Linter, tmp_path: Path) -> None:
    script = tmp_path / "alone.js"
    script.write_text("var a = 1;")
    assert [m.text for m in linter.check(script)] == ["no module alone.py beside it"]


def test_needs_of_needs_are_known(linter: Linter, tmp_path: Path) -> None:
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    (libraries / "core.js").write_text("function toJson(v) { return v; }")
    (libraries / "files.js").write_text("function fileInfo(path) { return toJson(path); }")
    (libraries / "jobs.js").write_text("// needs: files\nfunction jobState(j) { return fileInfo(j); }")
    deep = Linter(libraries)
    assert deep.check(libraries / "jobs.js") == []
    assert (
        deep.check(write(tmp_path, "// needs: jobs\nfunction inspect(a) { return [jobState(a), fileInfo(a)]; }")) == []
    )


def test_the_command_prints_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = write(tmp_path, "var a = [1, ];")
    assert main([str(script)]) == 1
    assert capsys.readouterr().out == f"{script}:1:11: trailing comma\n"


@pytest.mark.parametrize("script", remote_files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_remote_half(script: Path, gate: Linter) -> None:
    assert [str(message) for message in gate.check(script)] == []


@pytest.mark.parametrize("module", sorted(MODULES.glob("*.py")), ids=lambda path: path.stem)
def test_every_called_function_is_there(module: Path, gate: Linter) -> None:
    for script, function, line in remote_calls(module):
        assert function in gate.functions(MODULES / f"{script}.js"), f"{module}:{line}"
