"""Names no file system can hold are names of files that are not there: an error in words, wherever one is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.driver import remediate

LONG = "x" * 300
BOOK = "- hosts: all\n  tasks:\n    - debug: {msg: hello}\n"
CALLS = [
    "run {} -i h,", "run book.yml -i {}", "run book.yml -i h, -e @{}", "plan book.yml -i h, -o {}",
    "plan book.yml -i h, -o o/{}", "plan book.yml -i h, --replay {}", "plan book.yml -i h, --record {}", "apply {}",
    "show {}", "approve {} --reason x", "lint {}", "window list --windows {} -i h,", "doc {}", "ping -i {}",
    "facts -i {}",
]  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_name_that_is_too_long(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.yml").write_text(BOOK)
    done = remediate(*call.format(LONG).split(), folder=tmp_path)
    assert done.code == 1, done
    assert "unexpected" not in done.err
    assert "error: " in done.err
    assert not list(tmp_path.glob(".remediate/logs/crash*"))


@pytest.mark.parametrize("call", ["runs list", "run book.yml -i h,"])
def test_a_ledger_of_such_a_name(call: str, tmp_path: Path) -> None:
    (tmp_path / "book.yml").write_text(BOOK)
    done = remediate(*call.split(), folder=tmp_path, environ={"REMEDIATE_LEDGER": LONG})
    assert done.code == 1, done
    assert "unexpected" not in done.err
