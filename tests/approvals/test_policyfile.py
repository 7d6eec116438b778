"""policy.toml: what it may say, and mistakes with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.approvals import policyfile
from remediate.approvals.model import Policy, Rule
from remediate.errors import UserError
from tests.approvals.people import PLANNER, Board

WHOLE = """\
approvals = 1
only_plans = true
[groups.exchange]
approvals = 2
[groups."old servers"]
only_plans = true
"""
WRONG = [
    ("approvals = -1\n", "1:1: approvals must be a whole number from 0 to 99"),
    ("# two\napprovals = true\n", "2:1: approvals must be a whole number"),
    ("approvals = 'two'\n", "1:1: approvals must be a whole number"),
    ("only_plans = 1\n", "1:1: only_plans must be true or false, not a number"),
    ("approvers = 1\n", "1:1: unknown setting 'approvers'"),
    ("approvals = 1\n[groups.a]\napprovals = 100\n", "3:1: approvals must be"),
    ("[groups.a]\nonly_plan = true\n", "2:1: unknown setting 'only_plan'"),
    ("[groups]\na = 1\n", "2:1: the group a must be a table"),
    ("groups = 1\n", "1:1: groups must be tables"),
    ("approvals = \n", "not valid TOML"),
    ("approvals = 1\n[groups.a]\n[groups.a]\n", "not valid TOML"),
]


def read(tmp_path: Path, text: str) -> Policy:
    board = Board.at(tmp_path)
    board.write("policy.toml", text)
    return policyfile.read(board.folder, PLANNER.uid)


def test_all_it_can_say(tmp_path: Path) -> None:
    assert read(tmp_path, WHOLE) == Policy(
        everywhere=Rule(approvals=1, only_plans=True),
        groups={"exchange": Rule(approvals=2), "old servers": Rule(only_plans=True)},
    )


def test_without_a_file_nothing_is_asked_for(tmp_path: Path) -> None:
    assert policyfile.read(tmp_path, PLANNER.uid) == Policy()


@pytest.mark.parametrize(("text", "error"), WRONG, ids=[error for _, error in WRONG])
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, error: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    assert error in str(caught.value)
    assert "policy.toml" in str(caught.value)


def test_what_is_not_text(tmp_path: Path) -> None:
    board = Board.at(tmp_path)
    board.write("policy.toml", "").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        policyfile.read(board.folder, PLANNER.uid)
