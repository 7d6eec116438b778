"""pypsrp's own copy and fetch against the lab: an independent client's scripts, known by their text."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pypsrp.exceptions import WinRMError

from remediate.lab.winrm.pypsrpfiles import known_script
from tests.lab.winrm.straight import Straight

SIZES = [pytest.param(size, id=str(size)) for size in (1, 4_321, 700_001)]


@pytest.fixture(params=[pytest.param((2, 1), id="2.1"), pytest.param((2, 3), id="2.3")])
def straight(request: pytest.FixtureRequest) -> Straight:
    return Straight(request.param)


@pytest.mark.parametrize("size", SIZES)
def test_a_file_goes_there_and_back(straight: Straight, tmp_path: Path, size: int) -> None:
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(hashlib.shake_128(b"seed").digest(size))
    client = straight.client()
    assert client.copy(str(source), "%SystemRoot%\\Temp\\a b.bin", expand_variables=True) == (
        "C:\\WINDOWS\\Temp\\a b.bin"
    )
    client.fetch("C:\\windows\\temp\\A B.BIN", str(back))
    assert straight.machine.files.read("C:\\WINDOWS\\Temp\\a b.bin") == source.read_bytes() == back.read_bytes()


def test_an_empty_file_can_be_copied(straight: Straight, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    straight.client().copy(str(tmp_path / "empty"), "C:\\empty")
    assert straight.saved == [straight.machine.changed]
    assert straight.machine.files.read("C:\\empty") == b""


@pytest.mark.parametrize(
    ("path", "why"),
    [("C:\\no.bin", "does not exist"), ("C:\\WINDOWS", "is a directory"), ("C:\\no\\such", "does not exist")],
)
def test_what_cannot_be_fetched(straight: Straight, tmp_path: Path, path: str, why: str) -> None:
    with pytest.raises(WinRMError, match=why):
        straight.client().fetch(path, str(tmp_path / "back"))


def test_a_folder_that_is_missing_and_a_full_disk(straight: Straight, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(200_000))
    with pytest.raises(WinRMError, match="cannot find the path"):
        straight.client().copy(str(source), "C:\\no\\such.bin")
    straight.machine.files.set_free("C:", 100_000)
    with pytest.raises(WinRMError, match="not enough space"):
        straight.client().copy(str(source), "C:\\a.bin")
    assert not straight.machine.files.exists("C:\\a.bin")


def test_a_changed_copy_of_the_script_is_any_script() -> None:
    from pypsrp._utils import get_pwsh_script

    for name in ("copy.ps1", "fetch.ps1"):
        text = get_pwsh_script(name)
        assert known_script(text) is not None, f"pypsrp changed its {name}: read it, then change the lab"
        assert known_script(text.replace("\n", "\r\n")) is known_script(text)
        assert known_script(text.replace("SHA1", "SHA256")) is None
