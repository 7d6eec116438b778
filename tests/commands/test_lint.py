"""``remediate lint`` finds every mistake, each at its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.commands.driver import remediate

CASES = sorted((Path(__file__).parent / "cases" / "lint").glob("*.yml"))
ROOT = Path(__file__).parents[2]


def lay_out(case: dict[str, Any], folder: Path) -> None:
    for name, text in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_mistake_at_its_place(path: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(path.read_text(encoding="utf-8"))
    lay_out(case, tmp_path)
    done = remediate("lint", "p.yml", folder=tmp_path)
    found = [line for line in done.out.splitlines() if not line.startswith("  hint:")]
    if not case["errors"]:
        assert (done.code, found) == (0, ["p.yml: no mistakes in 2 tasks"])
        return
    assert done.code == 1
    assert [line[: len(start)] for line, start in zip(found, case["errors"], strict=False)] == case["errors"]
    assert len(found) == len(case["errors"])
    assert done.err.startswith(str(len(found)))


def test_as_data(tmp_path: Path) -> None:
    (tmp_path / "p.yml").write_text("- hosts: all\n  tasks:\n    - debg: {}\n", encoding="utf-8")
    (found,) = json.loads(remediate("lint", "p.yml", "--format", "json", folder=tmp_path).out)
    assert (found["line"], found["column"]) == (3, 7)
    assert found["file"].endswith("p.yml")
    assert found["hint"] == "did you mean 'debug'?"


@pytest.mark.parametrize("playbook", sorted(path.name for path in (ROOT / "playbooks").glob("*.yml")))
def test_shipped_playbooks_have_no_mistakes(playbook: str, tmp_path: Path) -> None:
    done = remediate("lint", f"playbooks/{playbook}", folder=tmp_path)
    assert (done.code, done.err) == (0, ""), done.out
