"""The ES3 libraries on lab hosts: with WMI and without, on Windows 2000 and 2003, and their own SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.connections.labhost import lab_host

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "libraries.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_library(tmp_path: Path, case: dict[str, Any]) -> None:
    declared = {name: case[name] for name in ("image", "override", "faults") if name in case}
    with lab_host(tmp_path, **declared) as host:
        answer = host.asked(case["code"])
        value = answer["value"]
        if "value" in case:
            assert value == case["value"]
        for name, wanted in case.get("gives", {}).items():
            assert value[name] == wanted, name
        sources = {note["source"] for note in answer["_notes"]}
        assert sources >= set(case.get("notes", [])), answer["_notes"]
        assert bool(host.machine.refusals) is case.get("refused", False)
        left = host.machine.files.listing("C:\\WINDOWS\\Temp\\remediate" if "image" not in case else "C:\\WINNT\\Temp")
        assert [name for name in left if name.endswith((".js", ".txt"))] == []


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 65535, 65536, 65537, 200_000])
def test_sha256_of_the_script_host(tmp_path: Path, size: int) -> None:
    content = bytes((7 * n + n // 256) % 256 for n in range(size))
    with lab_host(tmp_path) as host:
        host.machine.files.write("C:\\f.bin", content)
        assert host.ask('hashByScript("C:\\\\f.bin")') == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("sftp", ["auto", "never"])
def test_files_travel_both_ways(tmp_path: Path, sftp: str) -> None:
    local = tmp_path / "fix.exe"
    local.write_bytes(bytes(range(256)) * 900 + b"end")
    with lab_host(tmp_path / "lab") as host:
        session = host.session(ssh_sftp=sftp)
        session.put(local, "C:\\packages\\new\\fix.exe")
        assert host.machine.files.read("C:\\packages\\new\\fix.exe") == local.read_bytes()
        assert session.hash("C:\\packages\\new\\fix.exe") == hashlib.sha256(local.read_bytes()).hexdigest()
        assert session.get("%SystemDrive%\\packages\\new\\fix.exe", limit=1003) == local.read_bytes()[-1003:]
        assert host.machine.files.listing("C:\\packages\\new") == ("fix.exe",)
        assert host.machine.refusals == []


def test_a_file_that_is_replaced_is_there_at_every_moment(tmp_path: Path) -> None:
    local, seen = tmp_path / "fix.exe", list[bytes]()
    with lab_host(tmp_path / "lab") as host:
        for content in (b"older", b"newer"):
            local.write_bytes(content)
            host.session().put(local, "C:\\fix.exe")
            host.served.save = lambda: seen.append(host.machine.files.read("C:\\fix.exe"))  # after each change
    assert set(seen) == {b"older", b"newer"}


def test_a_host_without_sftp_takes_large_files(tmp_path: Path) -> None:
    local = tmp_path / "sp2.exe"
    local.write_bytes(bytes(range(256)) * 5000)
    with lab_host(tmp_path / "lab", faults={"sftp": "absent"}) as host:
        session = host.session()
        session.put(local, "C:\\sp2.exe")
        assert session.get("C:\\sp2.exe", limit=2_000_000) == local.read_bytes()
        assert any("no SFTP" in note for note in session.notes)


def test_a_legacy_host(tmp_path: Path) -> None:
    with lab_host(tmp_path, override={"ssh": "legacy"}) as host:
        session = host.session()
        assert session.call("transfer", "expandPaths", {"paths": ["%SystemRoot%"]})["paths"] == ["C:\\WINDOWS"]
        assert any("old algorithms" in note for note in session.notes)
