"""Packages on their way to a host of the lab: checked here, put there whole, never mistaken for one another."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from modules import package_staged
from remediate.errors import RemoteFailed, UserError
from remediate.lab import packages
from remediate.model import Change, Json, Result, Status
from tests.kb.servers import role_data
from tests.modules.conftest import Make
from tests.modules.labhost import LabHost

SP1, RTM = "KB870585-2003-SP1", "KB870585-2003-RTM"


def staged_file(host: LabHost, result: Result) -> bytes:
    return host.machine.files.read(str(result.after["path"]))


def test_put_there_and_left_alone_the_next_time(make: Make) -> None:
    host = make("exchange2003-sp1")
    first, second = host.stage(SP1), host.stage(SP1)
    assert (first.status, second.status) == (Status.CHANGED, Status.OK)
    assert staged_file(host, first) == packages.content(host.known.packages[SP1])
    assert first.after["version"] == "6.5.7232.35"


def test_one_name_for_two_packages(make: Make) -> None:
    host = make("exchange2003-sp1")
    one, other = host.stage(SP1), host.stage(RTM)
    paths = [str(r.after["path"]) for r in (one, other)]
    assert len({p.rpartition("-Exchange2003")[2] for p in paths}) == 1
    assert len(set(paths)) == 2
    assert staged_file(host, one) != staged_file(host, other)


def test_same_name_and_size_but_other_content_is_found_by_its_hash(make: Make) -> None:
    host = make("exchange2003-sp1")
    path = str(host.stage(SP1).after["path"])
    data = host.machine.files.read(path)
    host.machine.files.write(path, data[:5000] + b"\0" + data[5001:])
    given = {"advisory": role_data(), "package": SP1, **host.package(SP1)}
    assert host.do("package_staged", check=True, **given).status is Status.PENDING
    again = host.stage(SP1)
    assert again.status is Status.CHANGED
    assert again.changes[0].before == "something else of that name"
    assert host.machine.files.read(path) == data


@pytest.mark.parametrize(
    ("package", "more", "says"),
    [
        (SP1, {"file": ""}, "there is no file for package"),
        (SP1, {"file": "/nowhere/p.exe"}, "/nowhere/p.exe is not there"),
        (SP1, {"sha256": "00" * 32}, "is not the file recorded for"),
        (SP1, {"version": "6.5.7638.1"}, "should carry 6.5.7638.1"),
        (SP1, {"size": 5}, "has 333,"),
        ("KB870585-2003-SP1-page", {}, "is a web page, no installer"),
        ("KB870585-2003-SP1-DEU", {"language": "FRA"}, "is in DEU"),
        ("KB870585-2003-SP1-DEU", {}, "is in DEU, not in ENU"),
        (RTM, {}, "its version is 6.5.6981.0, which is that of KB870585-2003-RTM"),
    ],
)
def test_wrong_on_this_side(package: str, more: dict[str, Any], says: str, make: Make) -> None:
    host = make("exchange2003-sp1")
    result = host.stage(package, **{"package": SP1, **more})
    assert result.status is Status.BLOCKED
    assert says in result.message
    assert result.remedy
    assert host.served.executions == 0


def test_a_full_disk(make: Make) -> None:
    host = make("exchange2003-sp1", faults={"disk_full": True})
    result = host.stage(SP1)
    assert result.status is Status.BLOCKED
    assert "MB there" in result.message


def test_a_hash_in_the_wrong_form_is_a_mistake_of_the_user(make: Make) -> None:
    host = make("exchange2003-sp1")
    params = package_staged.Params(advisory=role_data(), package=SP1, file=host.package(SP1)["file"], sha256="abc")
    with pytest.raises(UserError, match="is not 64 hexadecimal digits"):
        package_staged.inspect(host.sessions.open(host.endpoint), params)


SHARE, LOCAL = "\\\\files\\kb", "D:\\kb"


def elsewhere(host: LabHost, folder: str, package: str = SP1, **more: Any) -> dict[str, Any]:
    """Arguments for a package that lies on a share or on the host."""
    known = host.known.packages[package]
    place = {"file" if folder == SHARE else "on_host": f"{folder}\\{known.file_name}"}
    data = packages.content(known)
    return {"advisory": role_data(), "package": package, "sha256": sha256(data).hexdigest(), **place, **more}


def test_the_host_copies_it_from_a_share(make: Make) -> None:
    host = make("exchange2003-sp1", override={"stored": {SHARE: [SP1]}})
    given = elsewhere(host, SHARE)
    planned = host.do("package_staged", check=True, **given)
    assert planned.status is Status.PENDING
    size = len(packages.content(host.known.packages[SP1]))
    assert planned.changes[0].after == f"{size:,} bytes, copied by the host"
    why = f"the host copies it from {given['file']}, nothing is uploaded; its version is 6.5.7232.35"
    assert planned.changes[0].why == why
    first = host.do("package_staged", **given)
    assert (first.status, first.after["way"], first.after["version"]) == (Status.CHANGED, "share", "6.5.7232.35")
    assert staged_file(host, first) == packages.content(host.known.packages[SP1])
    host.machine.files.remove(given["file"])
    again = host.do("package_staged", **given)
    assert again.status is Status.OK, "a share that is gone is not missed once the host has its copy"
    assert "is on the host already" in again.notes[0]


def test_it_is_used_where_it_lies_on_the_host(make: Make) -> None:
    host = make("exchange2003-sp1", override={"stored": {LOCAL: [SP1]}})
    before = host.machine.fingerprint()
    result = host.do("package_staged", **elsewhere(host, LOCAL))
    assert (result.status, result.after["way"]) == (Status.OK, "host")
    assert result.after["path"] == f"{LOCAL}\\{host.known.packages[SP1].file_name}"
    assert "is used where it lies on the host" in result.notes[0]
    assert host.machine.fingerprint() == before


@pytest.mark.parametrize("folder", [SHARE, LOCAL])
def test_installed_from_there(make: Make, folder: str) -> None:
    host = make("exchange2003-sp1", override={"stored": {folder: [SP1]}})
    given = elsewhere(host, folder)
    staged = host.do("package_staged", **given).after
    done = host.do(
        "hotfix",
        advisory=role_data(),
        package=SP1,
        staged=staged["path"],
        size=staged["size"],
        sha256=staged["sha256"],
        version=staged["version"],
    )
    assert done.status is Status.CHANGED, done.message
    assert host.version("store.exe") == "6.5.7232.35"
    assert len(host.runs) == 1


@pytest.mark.parametrize(
    ("folder", "more", "says"),
    [
        (SHARE, {"file": "\\\\files\\other\\x.exe"}, "the host does not see \\\\files\\other\\x.exe"),
        (SHARE, {"size": 5}, "has 333,"),
        (SHARE, {"version": "6.5.7638.1"}, "should carry 6.5.7638.1"),
        (SHARE, {"sha256": ""}, "sha256 is missing"),
        (LOCAL, {"on_host": "D:\\kb\\none.exe"}, "the host does not see D:\\kb\\none.exe"),
        (LOCAL, {"on_host": "D:\\kb"}, "the host does not see D:\\kb"),
        (LOCAL, {"sha256": "00" * 32}, "is not the file recorded for"),
        (LOCAL, {"version": "6.5.7638.1"}, "should carry 6.5.7638.1"),
        (LOCAL, {"on_host": "kb\\none.exe"}, "is no full path of a Windows host"),
        (LOCAL, {"file": "/srv/x.exe"}, "both file and on_host say where it is"),
        (LOCAL, {"sha256": "abc"}, "is not 64 hexadecimal digits"),
    ],
)
def test_wrong_on_the_other_side(make: Make, folder: str, more: dict[str, Any], says: str) -> None:
    host = make("exchange2003-sp1", override={"stored": {folder: [SP1]}})
    result = host.do("package_staged", **elsewhere(host, folder, **more))
    assert result.status in (Status.BLOCKED, Status.FAILED)
    assert says in result.message
    assert result.remedy
    assert host.served.executions <= 1


@pytest.mark.parametrize("folder", [SHARE, LOCAL])
def test_what_the_host_tells_of_its_file_is_held_against_the_article(make: Make, folder: str) -> None:
    """It tells the version: that of another package is refused, that of a packer needs somebody's word."""
    packed = "KB836993-2003-SP2-packed"
    host = make("exchange2003-rtm", override={"stored": {folder: [RTM, packed]}})
    wrong = host.do("package_staged", **elsewhere(host, folder, RTM, identified_by="I know"), check=True)
    assert wrong.status is Status.OK or wrong.status is Status.PENDING, wrong.message
    wrong = host.do("package_staged", **{**elsewhere(host, folder, RTM, identified_by="I know"), "package": SP1})
    assert (wrong.status, "which is that of KB870585-2003-RTM" in wrong.message) == (Status.BLOCKED, True)
    given = {**elsewhere(host, folder, packed), "package": "KB836993-2003-SP2"}
    silent = host.do("package_staged", **given)
    assert (silent.status, "does not say which build it brings" in silent.message) == (Status.BLOCKED, True)
    taken = host.do("package_staged", **given, identified_by="CHG-17")
    assert taken.status in (Status.OK, Status.CHANGED), taken.message
    assert any("identified_by: CHG-17" in note for note in taken.notes)


def test_a_share_that_holds_another_package(make: Make) -> None:
    host = make("exchange2003-sp1", override={"stored": {SHARE: [SP1]}})
    given = elsewhere(host, SHARE, sha256="12" * 32)
    result = host.do("package_staged", **given)
    assert result.status is Status.FAILED
    assert f"wanted is {'12' * 32}" in result.message
    folder = str(result.before["path"]).rpartition("\\")[0]
    assert host.machine.files.listing(folder) == (), "what is not the package does not stay"


def test_the_same_bytes_under_another_name_are_not_sent_again(make: Make) -> None:
    host = make("exchange2003-sp1")
    first = host.stage(SP1)
    given = host.package(SP1)
    other = Path(given["file"]).with_name("renamed.exe")
    other.write_bytes(Path(given["file"]).read_bytes())
    again = host.stage(SP1, file=str(other))
    assert (again.status, again.after["path"]) == (Status.OK, first.after["path"])
    assert f"{len(other.read_bytes()):,} bytes, nothing is uploaded" in again.notes[0]


def test_what_a_plan_says_of_an_upload(make: Make) -> None:
    host = make("exchange2003-sp1")
    (change,) = host.do("package_staged", check=True, advisory=role_data(), package=SP1, **host.package(SP1)).changes
    size = len(packages.content(host.known.packages[SP1]))
    assert change.after == f"{size:,} bytes, uploaded"


def test_a_package_another_controller_has_put_there_and_runs_already(make: Make) -> None:
    """It looked before the other one wrote, and writes when the file is a running program: what lies there is right."""
    host = make("exchange2003-sp1", faults={"installer_hangs": True})
    path = str(host.stage(SP1).after["path"])
    host.install(SP1, timeout=1)
    late = host.controller().open(host.endpoint)
    params = package_staged.Params(advisory=role_data(), package=SP1, **host.package(SP1))
    package_staged.apply(late, upload(path, host, SP1), params)
    assert host.machine.files.read(path) == packages.content(host.known.packages[SP1])
    other = package_staged.Params(advisory=role_data(), package=RTM, **host.package(RTM))
    with pytest.raises(RemoteFailed):
        package_staged.apply(late, upload(path, host, RTM), other)


def upload(path: str, host: LabHost, name: str) -> Change:
    details: dict[str, Json] = {"sha256": host.package(name)["sha256"]}
    return Change(target=path, before=None, after="uploaded", details=details)
