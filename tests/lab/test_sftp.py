"""SFTP of a lab host: the same disk the host sees, under the paths servers on Windows use."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.lab import packages, paths, sftp
from remediate.lab.errors import LabError
from tests.lab.wires import Wire, on_wire
from tests.lab.worlds import library

TEMP = "C:\\WINDOWS\\Temp"


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    with on_wire(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "folder", ["/C:/WINDOWS/Temp", "C:/WINDOWS/Temp", "c:/windows/temp", "/c:/WINDOWS/temp/../Temp"]
)
def test_every_spelling_of_a_path_is_the_same_file(wire: Wire, folder: str) -> None:
    with wire.client() as client, client.open_sftp() as wired:
        with wired.open(f"{folder}/x.js", "w") as file:
            file.write(b"WScript.Echo(1);")
        assert wire.machine.files.read(f"{TEMP}\\x.js") == b"WScript.Echo(1);"
        with wired.open("/C:/WINDOWS/Temp/X.JS") as file:
            assert file.read() == b"WScript.Echo(1);"


def test_an_uploaded_package_has_its_version_and_all_its_bytes(wire: Wire, tmp_path: Path) -> None:
    data = packages.content(library().packages["KB870585-2003-SP1"])
    local = tmp_path / "package.exe"
    local.write_bytes(data)
    with wire.client() as client, client.open_sftp() as wired:
        wired.put(str(local), "C:/WINDOWS/Temp/x.exe.part")
        wired.posix_rename("C:/WINDOWS/Temp/x.exe.part", "C:/WINDOWS/Temp/x.exe")
        back = tmp_path / "back.exe"
        wired.get("/C:/WINDOWS/Temp/x.exe", str(back))
    assert back.read_bytes() == data
    entry = wire.machine.files.stat(f"{TEMP}\\x.exe")
    assert (entry.size, entry.version) == (len(data), "6.5.7232.35")


def test_attributes_are_those_of_the_disk(wire: Wire) -> None:
    with wire.client() as client, client.open_sftp() as wired:
        found = wired.stat("/C:/Program Files/Exchsrvr/bin/store.exe")
        assert found.st_size == 5130240
        assert found.st_mtime == int(datetime(2004, 5, 25, 0, 10, tzinfo=UTC).timestamp())
        assert stat.S_ISDIR(wired.stat("/C:/WINDOWS").st_mode or 0)
        wired.utime("C:/WINDOWS/Temp", (0, 1_000_000_000))
        assert wired.stat("C:/WINDOWS/Temp").st_mtime == 1_000_000_000


def test_folders_are_made_listed_and_removed(wire: Wire) -> None:
    with wire.client() as client, client.open_sftp() as wired:
        wired.mkdir("C:/WINDOWS/Temp/remediate")
        with pytest.raises(OSError, match="Failure"):
            wired.mkdir("C:/WINDOWS/Temp/remediate")
        with wired.open("C:/WINDOWS/Temp/remediate/a.txt", "w") as file:
            file.write(b"1")
        assert wired.listdir("C:/WINDOWS/Temp/remediate") == ["a.txt"]
        with pytest.raises(OSError, match="Failure"):
            wired.rmdir("C:/WINDOWS/Temp/remediate")
        wired.rename("C:/WINDOWS/Temp/remediate/a.txt", "C:/WINDOWS/Temp/remediate/b.txt")
        wired.remove("C:/WINDOWS/Temp/remediate/b.txt")
        wired.rmdir("C:/WINDOWS/Temp/remediate")
        assert wired.listdir("/") == ["C:"]
        assert "WINDOWS" in wired.listdir("/C:")


def test_rename_does_not_replace_and_posix_rename_does(wire: Wire) -> None:
    for name in ("a.txt", "b.txt"):
        wire.machine.files.write(f"{TEMP}\\{name}", name.encode())
    with wire.client() as client, client.open_sftp() as wired:
        with pytest.raises(OSError, match="Failure"):
            wired.rename("C:/WINDOWS/Temp/a.txt", "C:/WINDOWS/Temp/b.txt")
        wired.posix_rename("C:/WINDOWS/Temp/a.txt", "C:/WINDOWS/Temp/b.txt")
    assert wire.machine.files.read(f"{TEMP}\\b.txt") == b"a.txt"


def test_append_and_read_in_the_middle(wire: Wire) -> None:
    wire.machine.files.write(f"{TEMP}\\x.log", b"one\n")
    with wire.client() as client, client.open_sftp() as wired:
        with wired.open("C:/WINDOWS/Temp/x.log", "r+") as file:
            file.seek(4)
            file.write(b"two\n")
        with wired.open("C:/WINDOWS/Temp/x.log") as file:
            file.seek(4)
            assert file.read() == b"two\n"


@pytest.mark.parametrize(
    ("path", "error"),
    [("C:/missing.txt", FileNotFoundError), ("C:/no/where.txt", FileNotFoundError), ("C:/WINDOWS", PermissionError)],
)
def test_what_cannot_be_opened_says_why(wire: Wire, path: str, error: type[OSError]) -> None:
    with wire.client() as client, client.open_sftp() as wired, pytest.raises(error):
        wired.open(path)


def test_contents_the_lab_does_not_have_are_refused_and_noted(wire: Wire) -> None:
    with wire.client() as client, client.open_sftp() as wired, pytest.raises(OSError, match="unsupported"):
        wired.open("C:/Program Files/Exchsrvr/bin/store.exe")
    assert "store.exe" in wire.machine.refusals[0]


def test_a_full_disk_stops_an_upload(tmp_path: Path) -> None:
    with on_wire(tmp_path, faults={"disk_full": True}) as wire, wire.client() as client, client.open_sftp() as wired:
        with wired.open("C:/WINDOWS/Temp/x.js", "w") as small:
            small.write(b"1")
        with pytest.raises(OSError, match="Failure"), wired.open("C:/WINDOWS/Temp/x.exe", "w") as file:
            file.write(b"x" * 500_000)


def upload(wire: Wire) -> None:
    with wire.client() as client, client.open_sftp() as wired:
        with wired.open("C:/WINDOWS/Temp/x.js", "w") as script:
            script.write(b"x" * 100_000)  # the toolkit's own scripts are left alone
        with wired.open("C:/WINDOWS/Temp/x.exe", "w") as file:
            for _ in range(20):
                file.write(b"x" * 32_768)


@pytest.mark.parametrize(("moment", "kept"), [("before_staging", None), ("upload", 65536)])
def test_an_upload_is_cut_once_and_leaves_what_had_arrived(tmp_path: Path, moment: str, kept: int | None) -> None:
    with on_wire(tmp_path, faults={"drop": [moment]}) as wire:
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            upload(wire)
        with wire.client() as client, client.open_sftp() as wired:
            if kept is None:
                assert wired.listdir("C:/WINDOWS/Temp") == ["x.js"]
            else:
                assert kept <= (wired.stat("C:/WINDOWS/Temp/x.exe").st_size or 0) < 655_360
            with wired.open("C:/WINDOWS/Temp/x.exe", "w") as file:
                file.write(b"y" * 655_360)
        assert wire.machine.files.stat(f"{TEMP}\\x.exe").size == 655_360


@given(st.text(max_size=30))
def test_any_path_is_either_one_of_windows_or_an_error(text: str) -> None:
    try:
        found = sftp.nt_path(text)
    except LabError:
        return
    assert found == "" or paths.normal(found) == found
