"""Local package files: what they really are, and every way in which they are not what was meant."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import Blocked, UserError
from remediate.kb.packagefile import Expected, check, inspect
from remediate.lab import pe

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(version: str = "6.5.7232.35", language: int = 0x409, tail: bytes = b"cabinet") -> Path:
        path = tmp_path / "Exchange2003-KB870585-x86-ENU.exe"
        path.write_bytes(pe.build(pe.Image(version=version, code=b"\x90" * 64, language=language)) + tail)
        return path

    return made


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_a_package_says_of_itself(make: Make) -> None:
    path = make(tail=b"x" * (3 << 20))
    found = inspect(path)
    assert found.path == path
    assert found.size == path.stat().st_size
    assert found.sha256 == sha256(path)
    assert (found.file_version, found.product_version, found.language) == ("6.5.7232.35", "6.5.7232.35", "ENU")


def test_the_package_that_was_meant(make: Make) -> None:
    path = make()
    size = path.stat().st_size
    wanted = Expected(package="KB", sha256=sha256(path).upper(), size=size, version="6.5.7232.35", language="ENU")
    assert check(path, wanted) == inspect(path)


@pytest.mark.parametrize(
    ("expected", "says", "remedy"),
    [
        ({"sha256": "0" * 64}, "recorded is 000000", "record its hash"),
        ({"size": 1}, "KB870585-2003-SP1 has 1", "get KB870585-2003-SP1 again"),
        ({"version": "6.5.6981.0"}, "carries version 6.5.7232.35 and 6.5.7232.35", "for this branch"),
    ],
)
def test_another_file_under_that_name(make: Make, expected: dict[str, object], says: str, remedy: str) -> None:
    with pytest.raises(Blocked) as blocked:
        check(make(), Expected(package="KB870585-2003-SP1", **expected))  # type: ignore[arg-type]
    assert says in blocked.value.reason
    assert remedy in blocked.value.remedy


def test_a_package_in_a_third_language(make: Make) -> None:
    with pytest.raises(Blocked, match="is in FRA, KB was said to be DEU"):
        check(make(language=0x40C), Expected(package="KB", language="DEU"))
    assert check(make(), Expected(package="KB", language="DEU")).language == "ENU"


def test_the_hash_is_looked_at_before_the_file_is_taken_apart(tmp_path: Path) -> None:
    path = tmp_path / "p.exe"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(Blocked, match="is not the file recorded"):
        check(path, Expected(package="KB", sha256="0" * 64))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html><body>Sign in</body></html>", "it begins like a web page"),
        (b"\n\n<!DOCTYPE html>", "it begins like a web page"),
        (b"PK\x03\x04" + b"\0" * 200, "it is a ZIP archive"),
        (b"MSCF\0\0\0\0", "it is a cabinet"),
        (b"MZ" + b"\0" * 300, "it begins like one"),
        (b"\x7fELF" + b"\0" * 300, "it begins with 7f 45 4c 46"),
    ],
)
def test_no_program_at_all(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "p.exe"
    path.write_bytes(content)
    with pytest.raises(Blocked) as blocked:
        inspect(path)
    assert "is no Windows program" in blocked.value.reason
    assert says in blocked.value.reason


def test_missing_empty_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(Blocked, match="is not there"):
        check(tmp_path / "none.exe", Expected(package="KB"))
    (tmp_path / "empty.exe").touch()
    with pytest.raises(Blocked, match="is empty"):
        check(tmp_path / "empty.exe", Expected(package="KB"))
    with pytest.raises(Blocked, match="cannot be read"):
        check(tmp_path, Expected(package="KB"))


def test_a_file_system_that_maps_nothing_into_memory() -> None:
    """sysfs can be read in pieces only, as some network file systems can."""
    with pytest.raises(Blocked, match="cannot be read: No such device") as blocked:
        inspect(Path("/sys/devices/system/cpu/online"))
    assert "local disk" in blocked.value.hint


@pytest.mark.parametrize("digest", ["abc", "g" * 64, "0" * 63, "0" * 65])
def test_a_hash_that_is_none(make: Make, digest: str) -> None:
    with pytest.raises(UserError, match="is not 64 hexadecimal digits"):
        check(make(), Expected(package="KB", sha256=digest))


@settings(max_examples=25)
@given(data=st.data())
def test_damaged_programs_are_blocked_or_read(make: Make, data: st.DataObject) -> None:
    path = make()
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with suppress(Blocked):
        assert inspect(path).size == path.stat().st_size
