"""Local package files: what they really are, and every way in which they are not what was meant."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import Blocked, UserError
from remediate.kb import localfile
from remediate.kb.packagefile import Expected, check, look
from tests.kb.packagefiles import build
from tests.kb.servers import advisory

Make = Callable[..., Path]
SP1 = "KB870585-2003-SP1"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(tail: bytes = b"cabinet", **told: object) -> Path:
        path = tmp_path / "Exchange2003-KB870585-x86-ENU.exe"
        path.write_bytes(build({"like": "sp1", **told}) + tail)
        return path

    return made


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def expected(**told: Any) -> Expected:
    package = advisory().package(SP1)
    assert package is not None
    return Expected(advisory=advisory(), package=package, **told)


def test_what_a_package_says_of_itself(make: Make) -> None:
    path = make(tail=b"x" * (3 << 20), strings={"KB Article Number": "870585", "Comments": "a\x1b[31mb\r\nc"})
    found = look(path)
    assert (found.path, found.size, found.sha256) == (path, path.stat().st_size, sha256(path))
    inside = found.inside
    assert (inside.file_version, inside.product_version, inside.language) == ("6.5.7232.35", "6.5.7232.35", "ENU")
    assert (inside.architecture, inside.kind, inside.missing) == ("x86", "", 0)
    assert list(inside.said("kbarticlenumber")) == ["870585"]
    assert list(inside.said("Comments")) == ["a [31mb c"], "what a file says goes to terminals"
    assert str(inside.signature) == "not signed"


def test_the_package_that_was_meant(make: Make) -> None:
    path = make()
    size = path.stat().st_size
    wanted = expected(sha256=sha256(path).upper(), size=size, version="6.5.7232.35", language="ENU")
    found, verdict = check(path, wanted)
    assert found == look(path)
    assert verdict.says == ("its version is 6.5.7232.35", "it names KB870585", "it names Exchange Server 2003")


@pytest.mark.parametrize(
    ("told", "says", "remedy"),
    [
        ({"sha256": "0" * 64}, "recorded is 000000", "record its hash"),
        ({"size": 1}, f"{SP1} has 1", f"get {SP1} again"),
        ({"version": "6.5.6981.0"}, "carries version 6.5.7232.35, ", "for this branch"),
    ],
)
def test_another_file_under_that_name(make: Make, told: dict[str, object], says: str, remedy: str) -> None:
    with pytest.raises(Blocked) as blocked:
        check(make(), expected(**told))
    assert says in blocked.value.reason
    assert remedy in blocked.value.remedy


def test_a_file_that_was_looked_at_is_not_read_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make()
    os.utime(path)
    while time.time_ns() - path.stat().st_ctime_ns < 2 * localfile.FINE:
        pass
    opened: list[object] = []
    real = os.open

    def counted(name: Any, *more: Any) -> int:
        opened.append(name)
        return real(name, *more)

    monkeypatch.setattr(os, "open", counted)
    assert len({id(look(path)) for _ in range(50)}) == 1
    assert opened == [path]


def test_a_file_that_was_exchanged_is_read_again(make: Make, tmp_path: Path) -> None:
    path = make()
    first = look(path)
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes()[:-1] + b"X")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert look(path).sha256 == sha256(path) != first.sha256


def test_a_file_that_is_written_to_while_it_is_read(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tail=b"x" * (3 << 20))
    real = os.pread

    def slow(descriptor: int, count: int, at: int) -> bytes:
        if at == localfile.CHUNK:
            with path.open("ab") as file:
                file.write(b"more")
        return real(descriptor, count, at)

    monkeypatch.setattr(os, "pread", slow)
    with pytest.raises(Blocked, match="changes while it is read"):
        look(path)


def test_missing_empty_and_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.exe").touch()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(localfile.LARGEST + 1)
    (tmp_path / "endless").symlink_to("/dev/zero")
    held = socket.socket(socket.AF_UNIX)
    held.bind(str(tmp_path / "s"))
    held.close()
    for name, says in (
        ("none.exe", "is not there"),
        ("empty.exe", "is empty"),
        (".", "is a folder, no file"),
        ("pipe", "is a pipe, no file"),
        ("endless", "is a device, no file"),
        ("s", "is a socket, no file"),
        ("large", "no package is so large"),
        ("a\0b", "cannot be the name of a file"),
        ("x" * 300, "cannot be read: File name too long"),
    ):
        with pytest.raises(Blocked, match=says) as blocked:
            check(tmp_path / name, expected())
        assert blocked.value.remedy


def test_a_file_that_is_smaller_than_it_says() -> None:
    """sysfs tells a page for each of its files."""
    with pytest.raises(Blocked, match=r"changes while it is read|is empty"):
        look(Path("/sys/devices/system/cpu/online"))


@pytest.mark.parametrize("digest", ["abc", "g" * 64, "0" * 63, "0" * 65])
def test_a_hash_that_is_none(make: Make, digest: str) -> None:
    with pytest.raises(UserError, match="is not 64 hexadecimal digits"):
        check(make(), expected(sha256=digest))


@settings(max_examples=25)
@given(data=st.data())
def test_damaged_programs_are_blocked_or_read(make: Make, data: st.DataObject) -> None:
    path = make()
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with suppress(Blocked):
        assert look(path).size == path.stat().st_size
