"""Packages on their way to a host of the lab: checked here, put there whole, never mistaken for one another."""

from __future__ import annotations

from typing import Any

import pytest

from modules import package_staged
from remediate.errors import UserError
from remediate.lab import packages
from remediate.model import Result, Status
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
    given = {"package": SP1, **host.package(SP1)}
    assert host.do("package_staged", check=True, **given).status is Status.PENDING
    again = host.stage(SP1)
    assert again.status is Status.CHANGED
    assert again.changes[0].before == "something else of that name"
    assert host.machine.files.read(path) == data


@pytest.mark.parametrize(
    ("package", "more", "says"),
    [
        (SP1, {"file": ""}, "there is no file for package"),
        (SP1, {"file": "/nowhere/p.exe"}, "is not there: /nowhere/p.exe"),
        (SP1, {"sha256": "00" * 32}, "is not the file recorded for"),
        (SP1, {"version": "6.5.7638.1"}, "should carry 6.5.7638.1"),
        (SP1, {"size": 5}, "has 333,"),
        ("KB870585-2003-SP1-page", {}, "begins like a web page"),
        ("KB870585-2003-SP1-DEU", {"language": "FRA"}, "is in DEU"),
    ],
)
def test_wrong_on_this_side(package: str, more: dict[str, Any], says: str, make: Make) -> None:
    host = make("exchange2003-sp1")
    result = host.stage(package, **more)
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
    params = package_staged.Params(package=SP1, file=host.package(SP1)["file"], sha256="abc")
    with pytest.raises(UserError, match="is not 64 hexadecimal digits"):
        package_staged.inspect(host.sessions.open(host.endpoint), params)
