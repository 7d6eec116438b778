"""cmd.exe and its programs, line by line as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.lab.faults import parse as parse_faults
from tests.lab.bare import Bare, plain


def cases() -> list[Any]:
    rows = yaml.safe_load((Path(__file__).parent / "cases" / "shell.yml").read_text("utf-8"))
    return [pytest.param(row, id=row["name"]) for row in rows]


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    bare = Bare("2000" if case.get("host") == "2000" else "2003", faults=parse_faults(case.get("faults")))
    bare.chain()
    bare.write(case.get("files", {}))
    for step in case["steps"]:
        out, err, code = bare.run(step["line"], step.get("stdin", "").encode())
        seen = {"out": out.removesuffix("\n"), "err": err.removesuffix("\n"), "exit": code}
        expected = {"out": step.get("out", ""), "err": step.get("err", ""), "exit": step.get("exit", 0)}
        assert seen == expected, step["line"]
    for path, text in case.get("tree", {}).items():
        there = bare.machine.files.exists(path)
        assert (plain(bare.machine.files.read(path)) if there else None) == text, path
    wanted = case.get("refused", [])
    assert len(bare.machine.refusals) == len(wanted), bare.machine.refusals
    for words, line in zip(wanted, bare.machine.refusals, strict=True):
        assert words in line
