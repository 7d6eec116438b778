"""Files of one's own: closed to others whatever the umask says, and left as open as somebody made them."""

from __future__ import annotations

import os
import resource
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediate.ledger.address import parse
from remediate.ledger.sqlitefile import check
from remediate.secrets import files


@pytest.fixture(params=[0, 0o022, 0o277])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("write", [files.write, files.replace])
def test_new_files_are_closed_and_others_keep_their_mode(write: object, umask: int, tmp_path: Path) -> None:
    assert callable(write)
    write(tmp_path / "new", b"1")
    assert mode(tmp_path / "new") == 0o600
    (tmp_path / "shared").touch()
    (tmp_path / "shared").chmod(0o664)
    write(tmp_path / "shared", b"2")
    assert (mode(tmp_path / "shared"), (tmp_path / "shared").read_bytes()) == (0o664, b"2")
    assert {path.name for path in tmp_path.iterdir()} == {"new", "shared"}


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    files.write(tmp_path / "pipe", b"x")
    assert os.read(reader, 9) == b"x"
    os.close(reader)


def test_folders(umask: int, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o755)
    for _ in range(2):
        files.own_folder(tmp_path / "there" / "a" / "b")
    assert [mode(tmp_path / part) for part in ("there", "there/a", "there/a/b")] == [0o755, 0o700, 0o700]
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        files.own_folder(tmp_path / "file")


def test_half_a_file_is_never_left(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        files.replace(tmp_path / "folder", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_leaves_the_older_file(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    files.write(report, b"older")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            files.write(report, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert report.read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"older")
    (tmp_path / "link").symlink_to("real")
    files.write(tmp_path / "link", b"newer")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"newer"


def test_a_link_that_leads_nowhere_yet_leads_to_the_file_afterwards(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    files.write(tmp_path / "link", b"new")
    assert ((tmp_path / "real").read_bytes(), mode(tmp_path / "real")) == (b"new", 0o600)
    assert (tmp_path / "link").is_symlink()


def test_a_circle_of_links_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    assert not files.can_be_written(tmp_path / "one")
    with pytest.raises(OSError, match="link"):
        files.write(tmp_path / "one", b"x")
    assert (tmp_path / "one").is_symlink()


def _lay(what: str, place: Path, listener: socket.socket) -> None:
    match what:
        case "pipe":
            os.mkfifo(place)
        case "link":
            place.symlink_to("other")
        case "dead link":
            place.symlink_to("missing")
        case "folder":
            place.mkdir()
        case _:
            listener.bind(str(place))


@pytest.mark.parametrize("what", ["pipe", "link", "dead link", "folder", "socket"])
def test_what_is_no_file_is_not_replaced_under_a_name_of_our_own(what: str, tmp_path: Path) -> None:
    place = tmp_path / "name"
    (tmp_path / "other").write_bytes(b"of others")
    with socket.socket(socket.AF_UNIX) as listener:
        _lay(what, place, listener)
        before = place.lstat()
        with pytest.raises(OSError, match="is there"):
            files.replace(place, b"x")
        assert (place.lstat().st_ino, place.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert (tmp_path / "other").read_bytes() == b"of others"
    assert not (tmp_path / "missing").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_stays_one_and_says_what_it_lost(tmp_path: Path) -> None:
    os.mknod(tmp_path / "full", stat.S_IFCHR | 0o666, os.makedev(1, 7))
    assert files.can_be_written(tmp_path / "full")
    with pytest.raises(OSError, match="No space left"):
        files.write(tmp_path / "full", b"x")
    assert (tmp_path / "full").is_char_device()


def test_a_ledger_that_is_shared_stays_so(tmp_path: Path) -> None:
    """As the documentation says: opened to a group once, it and what SQLite puts beside it stay open to it."""
    path = tmp_path / "ledger.sqlite3"
    check(parse(str(path)), path)
    assert mode(path) == 0o600
    path.chmod(0o660)
    check(parse(str(path)), path)
    assert mode(path) == 0o660
