"""A file an account could write proves nothing against it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from remediate.approvals import protected
from remediate.errors import GateClosed
from tests.approvals.people import PLANNER, Board

WAYS: list[tuple[str, Callable[[Board], object], str]] = [
    ("group", lambda board: (board.folder / "policy.toml").chmod(0o664), r"can be written by others .*mode 664"),
    ("others", lambda board: (board.folder / "policy.toml").chmod(0o646), r"can be written by others .*mode 646"),
    ("folder", lambda board: board.folder.chmod(0o775), r"etc can be written by others .*mode 775"),
]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    made = Board.at(tmp_path)
    made.write("policy.toml", "approvals = 1\n")
    return made


def test_what_belongs_to_others_is_read(board: Board) -> None:
    assert protected.read(board.folder / "policy.toml", PLANNER.uid) == b"approvals = 1\n"
    assert protected.read(board.folder / "nothing", PLANNER.uid) is None
    assert protected.read(board.folder / "policy.toml" / "below", PLANNER.uid) is None


@pytest.mark.parametrize(("way", "spoil", "error"), WAYS, ids=[way for way, _, _ in WAYS])
def test_what_others_can_write_is_refused(board: Board, way: str, spoil: Callable[[Board], object], error: str) -> None:
    spoil(board)
    with pytest.raises(GateClosed, match=error) as caught:
        protected.read(board.folder / "policy.toml", PLANNER.uid)
    assert "chmod go-w" in caught.value.hint, way


def test_ones_own_file_is_refused(board: Board) -> None:
    account = os.geteuid() or PLANNER.uid
    if not os.geteuid():
        os.chown(board.folder / "policy.toml", account, -1)
    with pytest.raises(GateClosed, match="belongs to the account that runs this"):
        protected.read(board.folder / "policy.toml", account)
    with pytest.raises(GateClosed, match="belongs to the account with the number"):
        protected.read(board.folder / "policy.toml", 0)


def test_a_link_is_as_safe_as_where_it_stands_and_where_it_leads(board: Board, tmp_path: Path) -> None:
    free = tmp_path / "free"
    free.mkdir()
    free.chmod(0o777)
    inward, outward = free / "policy.toml", board.folder / "link.toml"
    inward.symlink_to(board.folder / "policy.toml")
    with pytest.raises(GateClosed, match="free can be written by others"):
        protected.read(inward, PLANNER.uid)
    (free / "real.toml").write_text("approvals = 0\n")
    (free / "real.toml").chmod(0o644)
    outward.symlink_to(free / "real.toml")
    with pytest.raises(GateClosed, match="free can be written by others"):
        protected.read(outward, PLANNER.uid)
    free.chmod(0o1777)
    assert protected.read(outward, PLANNER.uid) == b"approvals = 0\n", "as in /tmp: nobody replaces another's file"


def test_what_cannot_be_read_is_not_taken_for_nothing(board: Board) -> None:
    (board.folder / "folder").mkdir()
    with pytest.raises(GateClosed, match="cannot be read: Is a directory"):
        protected.read(board.folder / "folder", PLANNER.uid)
