"""Files of this side as one command sees them: once asked, once answered; held, closed, told of."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from remediate.errors import UserError
from remediate.language.files import Files, Read


@pytest.fixture
def files() -> Files:
    return Files()


def test_the_first_answer_stays(tmp_path: Path, files: Files) -> None:
    path, other = tmp_path / "a.yml", tmp_path / "b.yml"
    path.write_bytes(b"one")
    assert (files.read(path, "playbook"), files.kind(other), files.names(tmp_path)) == (b"one", "", ("a.yml",))
    path.write_bytes(b"two")
    other.write_bytes(b"three")
    assert (files.read(path, "role"), files.kind(other), files.names(tmp_path)) == (b"one", "", ("a.yml",))
    assert [(one.what, one.path, one.data) for one in files.seen()] == [("playbook", path, b"one")]


def test_the_same_file_by_another_way_of_writing_it(
    tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yml").write_bytes(b"one")
    monkeypatch.chdir(tmp_path)
    files.read(Path("a.yml"), "playbook")
    (tmp_path / "a.yml").unlink()
    assert files.read(tmp_path / "a.yml", "playbook") == b"one"


def test_what_is_no_file(tmp_path: Path, files: Files) -> None:
    os.mkfifo(tmp_path / "pipe")
    kinds = [files.kind(path) for path in (tmp_path, tmp_path / "pipe", tmp_path / "no", Path("a\0b"))]
    assert kinds == ["folder", "other", "", ""]
    with pytest.raises(IsADirectoryError):
        files.read(tmp_path, "playbook")


def test_a_folder_that_cannot_be_read(tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def shut(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", shut)  # nothing is unreadable for root
    with pytest.raises(UserError, match="the folder cannot be read: Permission denied"):
        files.names(tmp_path)


def test_a_limit_of_bytes(tmp_path: Path, files: Files) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    with pytest.raises(OverflowError):
        files.read(tmp_path / "a", "lookup", most=4)
    assert files.seen() == ()
    assert files.read(tmp_path / "a", "lookup", most=5) == b"12345"


def test_held_files_are_there_whatever_lies_there(tmp_path: Path, files: Files) -> None:
    (tmp_path / "site.yml").write_bytes(b"another")
    files.hold({tmp_path / "site.yml": b"sealed", tmp_path / "roles/r/tasks/main.yml": b"tasks"})
    assert files.read(tmp_path / "site.yml", "playbook") == b"sealed"
    assert (files.kind(tmp_path / "roles"), files.names(tmp_path)) == ("folder", ("roles", "site.yml"))
    assert files.names(tmp_path / "roles/r") == ("tasks",)
    files.close(lambda path: UserError(f"no {path.name}"))
    assert files.read(tmp_path / "roles/r/tasks/main.yml", "role") == b"tasks"


def test_closed_it_reads_nothing_else(tmp_path: Path, files: Files) -> None:
    for name in ("before", "after"):
        (tmp_path / name).write_bytes(b"x")
    files.read(tmp_path / "before", "playbook")
    files.close(lambda path: UserError(f"no {path.name}"))
    assert files.read(tmp_path / "before", "playbook") == b"x"
    with pytest.raises(UserError, match="no after"):
        files.read(tmp_path / "after", "playbook")
    assert [one.path.name for one in files.seen()] == ["before"]


def test_who_asks_hears_of_each_file_once(tmp_path: Path, files: Files) -> None:
    heard: list[Read] = []
    (tmp_path / "early").write_bytes(b"1")
    (tmp_path / "late").write_bytes(b"2")
    files.read(tmp_path / "early", "playbook")
    files.tell(heard.append)
    for _ in range(2):
        files.read(tmp_path / "early", "playbook")
        files.read(tmp_path / "late", "playbook")
    assert [one.data for one in heard] == [b"2"]


def test_made_once_by_many_threads_and_again_after_a_failure(files: Files) -> None:
    made: list[int] = []

    def fails() -> int:
        raise UserError("not yet")

    with pytest.raises(UserError, match="not yet"):
        files.once("key", fails)
    threads = [threading.Thread(target=lambda: files.once("key", lambda: made.append(1))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
