"""A package that is exchanged on its way: on this side before or during the upload, on the host before the start."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modules import hotfix, package_staged
from remediate.connections import sealed
from remediate.errors import Blocked, Failed
from remediate.lab import installation
from remediate.model import Result, Status
from tests.kb.servers import role_data
from tests.modules.conftest import Make
from tests.modules.labhost import LabHost

SP1 = "KB870585-2003-SP1"


def arrived(host: LabHost) -> tuple[str, ...]:
    """What lies where packages are put."""
    folder = f"{host.sessions.open(host.endpoint).folder}\\packages"
    return host.machine.files.listing(folder) if host.machine.files.exists(folder) else ()


@pytest.mark.parametrize("sftp", [True, False], ids=["sftp", "scripts"])
@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "unrecorded"])
def test_exchanged_between_the_look_and_the_upload(make: Make, sftp: bool, recorded: bool) -> None:
    """The new file would pass every test by itself."""
    host = make("exchange2003-sp1", override={"sftp": sftp})
    given = host.package(SP1)
    file = Path(given["file"])
    params = package_staged.Params(
        advisory=role_data(), package=SP1, file=str(file), sha256=given["sha256"] if recorded else ""
    )
    session = host.sessions.open(host.endpoint)
    (change,) = package_staged.diff(package_staged.inspect(session, params), params)
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(Failed, match=r"changed on this side since it was looked at.*nothing was sent") as failed:
        package_staged.apply(session, change, params)
    assert "no trouble of the host" in failed.value.hint
    assert arrived(host) == ()


@pytest.mark.parametrize("sftp", [True, False], ids=["sftp", "scripts"])
def test_written_to_during_the_upload(make: Make, sftp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    host = make("exchange2003-sp1", override={"sftp": sftp})
    given = host.package(SP1)
    file = Path(given["file"])
    session = host.sessions.open(host.endpoint)
    params = package_staged.Params(advisory=role_data(), package=SP1, file=str(file))
    (change,) = package_staged.diff(package_staged.inspect(session, params), params)
    rounds: list[int] = []
    real = sealed._whole

    def written_to(descriptor: int, size: int, at: int) -> bytes:
        rounds.append(at)
        if rounds.count(0) == 2 and at == 0:
            with file.open("r+b") as stream:
                stream.seek(10_000)
                stream.write(b"other")
        return real(descriptor, size, at)

    monkeypatch.setattr(sealed, "_whole", written_to)
    with pytest.raises(Failed, match="changed on this side during its upload"):
        package_staged.apply(session, change, params)
    assert rounds.count(0) == 2, "read once before and once while it is sent"
    assert arrived(host) == ()
    monkeypatch.undo()
    file.unlink()
    assert host.stage(SP1).status is Status.CHANGED, "with the right file the next run begins anew"


def staged(host: LabHost) -> tuple[Result, dict[str, Any]]:
    result = host.stage(SP1)
    assert result.status is Status.CHANGED
    names = ("size", "sha256", "version", "modified")
    words = {"staged": result.after["path"], **{name: result.after[name] for name in names}}
    return result, {"advisory": role_data(), "package": SP1, **words}


@pytest.mark.parametrize("when", ["later", "at the same time"])
def test_exchanged_on_the_host_before_it_starts(make: Make, when: str) -> None:
    """Same path, size and version: its time tells what somebody copied there, its hash what was made to look alike."""
    host = make("exchange2003-sp1")
    result, given = staged(host)
    path = str(result.after["path"])
    entry = host.machine.files.stat(path)
    data = host.machine.files.read(path)
    other = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
    moved = entry.modified + timedelta(seconds=60 if when == "later" else 0)
    host.machine.files.put(path, replace(entry, data=other, modified=moved))
    done = host.do("hotfix", **given)
    assert (done.status, host.runs) == (Status.BLOCKED, []), done.message
    said = "was written again at" if when == "later" else "is another file than was checked: its SHA-256 is"
    assert said in done.message
    assert "run again" in done.remedy
    assert host.stage(SP1).status is Status.CHANGED, "the right one is put there again"
    assert host.do("hotfix", **staged_again(host)).status is Status.CHANGED


def staged_again(host: LabHost) -> dict[str, Any]:
    after = host.stage(SP1).after
    names = ("size", "sha256", "version", "modified")
    return {"advisory": role_data(), "package": SP1, "staged": after["path"], **{n: after[n] for n in names}}


def test_a_package_used_where_it_lies_is_hashed_before_it_starts(make: Make) -> None:
    host = make("exchange2003-sp1", override={"stored": {"D:\\kb": [SP1]}})
    path = f"D:\\kb\\{host.known.packages[SP1].file_name}"
    digest = hashlib.sha256(host.machine.files.read(path)).hexdigest()
    found = host.do("package_staged", advisory=role_data(), package=SP1, on_host=path, sha256=digest)
    assert found.status is Status.OK, found.message
    entry = host.machine.files.stat(path)
    host.machine.files.put(path, replace(entry, data=(entry.data or b"")[:-1] + b"X"))
    done = host.do("hotfix", advisory=role_data(), package=SP1, staged=path, sha256=digest)
    assert (done.status, host.runs) == (Status.BLOCKED, [])
    assert "is another file than was checked" in done.message


@pytest.mark.parametrize("version", ["6.5.7226.1", "6.5.7232.36", "6.5.7233.69", "6.5.7638.1"])
def test_a_file_that_got_newer_between_the_look_and_the_start(make: Make, version: str) -> None:
    """Somebody else patched the server in those seconds: the host itself refuses, and nothing newer is overwritten."""
    host = make("exchange2003-sp1")
    _, given = staged(host)
    session = host.sessions.open(host.endpoint)
    params = hotfix.Params(**given)
    (change,) = hotfix.diff(hotfix.inspect(session, params), params)
    path = f"{installation.bin_folder(host.machine)}\\store.exe"
    host.machine.files.put(path, replace(host.machine.files.stat(path), version=version))
    with pytest.raises(Blocked, match=f"store.exe is {version}, the package is for builds below 6.5.7226.1") as refused:
        hotfix.apply(session, change, params)
    assert "changed since it was inspected" in refused.value.remedy
    assert host.runs == []
    assert host.version("store.exe") == version
