"""Files to and from a host by SFTP: whole or not at all, progress, bounded reading, hashing."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from remediate.connections.sftp import Sftp, SftpError
from remediate.errors import RemoteFailed, UserError
from tests.connections.conftest import Bench
from tests.connections.scripthost import Host
from tests.connections.server import Rules

CONTENT = bytes(range(256)) * 700
TARGET = "C:\\packages\\kb870585\\fix.exe"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "fix.exe"
    path.write_bytes(CONTENT)
    return path


def landed(bench: Bench) -> Path:
    return bench.folder / "c" / "packages" / "kb870585" / "fix.exe"


def test_put_makes_folders_and_leaves_one_whole_file(bench: Bench, local: Path) -> None:
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    session.put(local, TARGET)
    assert landed(bench).read_bytes() == CONTENT
    assert [path.name for path in landed(bench).parent.iterdir()] == ["fix.exe"]
    assert session.executions == 0


def test_put_replaces(bench: Bench, local: Path) -> None:
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    session.put(local, TARGET)
    local.write_bytes(b"newer")
    session.put(local, TARGET)
    assert landed(bench).read_bytes() == b"newer"


@pytest.mark.parametrize("size", [0, 1, 32768, 32769, 5_000_000])
def test_what_was_put_comes_back(bench: Bench, tmp_path: Path, size: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    path = tmp_path / "file"
    path.write_bytes(content)
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    session.put(path, "C:\\file")
    assert session.get("C:\\file", limit=10_000_000) == content
    assert session.get("C:\\file", limit=1000) == content[-1000:]
    assert session.hash("C:\\file") == hashlib.sha256(content).hexdigest()


def test_disk_full_leaves_nothing(bench: Bench, local: Path) -> None:
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    (bench.folder / "c" / "full").write_text("")
    with pytest.raises(RemoteFailed) as caught:
        session.put(local, TARGET)
    assert "disk full" in caught.value.hint
    assert list(landed(bench).parent.iterdir()) == []
    assert session.run("still alive").exit_code == 0


@pytest.mark.parametrize("work", ["get", "hash"])
def test_missing_remote_file(bench: Bench, work: str) -> None:
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    with pytest.raises(RemoteFailed, match="cannot be read") as caught:
        getattr(session, work)("C:\\nothing.log")
    assert "no such file" in caught.value.hint


def test_missing_local_file(bench: Bench, tmp_path: Path) -> None:
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    with pytest.raises(UserError, match="cannot be read"):
        session.put(tmp_path / "none", TARGET)


def test_put_is_repeated_after_a_lost_line(bench: Bench, local: Path) -> None:
    server = bench.serve(Rules(disk=bench.disk()))
    session = bench.session(server)
    cut = threading.Event()

    def say(text: str, done: float, total: float, unit: str) -> None:
        if done > 50_000 and not cut.is_set():
            cut.set()
            server.drop_all()

    session.watch(say)
    session.put(local, TARGET)
    assert cut.is_set()
    assert landed(bench).read_bytes() == CONTENT
    assert server.connections == 2


def test_variables_are_the_hosts(bench: Bench, local: Path) -> None:
    host = Host(bench.disk())
    server = bench.serve(Rules(execute=host.execute, disk=host.disk))
    session = bench.session(server)
    session.put(local, "%systemroot%\\Temp\\remediate\\fix.exe")
    assert (host.disk / "WINDOWS" / "Temp" / "remediate" / "fix.exe").read_bytes() == CONTENT
    assert session.executions == 0


def test_a_file_that_another_controller_is_just_replacing(
    bench: Bench, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SFTP 3 cannot replace in one go: for a moment there is no file of that name."""
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    session.put(local, TARGET)
    size, asked = Sftp.size, list[str]()

    def gone_for_a_moment(files: Sftp, path: str) -> int:
        asked.append(path)
        if len(asked) == 1:
            raise SftpError(2, "No such file")
        return size(files, path)

    monkeypatch.setattr(Sftp, "size", gone_for_a_moment)
    assert session.hash(TARGET) == hashlib.sha256(CONTENT).hexdigest()
    assert len(asked) == 2
