"""The lab's inventory plugin: what is written becomes an ordinary inventory, and slips are named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.errors import UserError
from remediate.lab import declaration, inventory, packages
from tests.commands.driver import remediate
from tests.lab.worlds import library

SHIPPED = Path(__file__).parents[2] / "inventory"


def expand(folder: Path, **data: object) -> dict[str, Any]:
    """The inventory without a process behind it."""
    found = inventory.expand({"plugin": "lab", **data}, folder / "lab.yml", state_root=folder / "state", start=False)
    return json.loads(json.dumps(found))["all"]  # type: ignore[no-any-return]


def test_hosts_groups_and_variables(tmp_path: Path) -> None:
    found = expand(
        tmp_path,
        vars={"route": "auto"},
        password="common",
        hosts={
            "ex1": {"image": "exchange2003-sp1", "vars": {"route": "hotfix"}, "groups": ["exchange2003"]},
            "ex2": {"image": "exchange2000-sp3", "user": "admin", "password": "other"},
        },
        groups={"mail": {"children": ["exchange2003"], "hosts": ["ex2"], "vars": {"site": "hq"}}},
    )
    assert list(found["hosts"]) == ["ex1", "ex2"]
    assert found["vars"]["route"] == "auto"
    assert found["hosts"]["ex1"]["route"] == "hotfix"
    assert found["hosts"]["ex1"]["ansible_password"] == "common"
    assert found["hosts"]["ex2"]["ansible_user"] == "admin"
    assert found["hosts"]["ex2"]["ansible_password"] == "other"
    assert found["children"]["exchange2003"] == {"hosts": {"ex1": {}}}
    assert found["children"]["mail"] == {"hosts": {"ex2": {}}, "vars": {"site": "hq"}, "children": {"exchange2003": {}}}


def test_packages_are_handed_out_with_their_hash(tmp_path: Path) -> None:
    found = expand(tmp_path, hosts={"ex1": {"image": "exchange2003-sp1"}})
    handed = found["vars"]["packages"]
    assert set(handed) == {name for name, package in library().packages.items() if package.supplied}
    for name, told in handed.items():
        assert hashlib.sha256(Path(told["file"]).read_bytes()).hexdigest() == told["sha256"]
        assert told["version"] == library().packages[name].provides
    assert "{package}" in handed["KB836993-2003-SP2"]["command"]
    assert "command" not in handed["KB870585-2003-SP1"]


def test_a_host_can_have_other_files_under_the_same_id(tmp_path: Path) -> None:
    replaced = {
        "KB870585-2003-SP1": "KB870585-2003-SP1-damaged",
        "KB870585-2003-RTM": "KB870585-2003-SP1",
        "KB931832-2003-SP1": "",
        "KB916803-2003-SP1": "KB870585-2003-SP1-DEU",
    }
    found = expand(tmp_path, hosts={"ex1": {"image": "exchange2003-sp1", "packages": replaced}})
    handed, common = found["hosts"]["ex1"]["packages"], found["vars"]["packages"]
    damaged = handed["KB870585-2003-SP1"]
    assert damaged["sha256"] == common["KB870585-2003-SP1"]["sha256"]
    assert hashlib.sha256(Path(damaged["file"]).read_bytes()).hexdigest() != damaged["sha256"]
    mistaken = handed["KB870585-2003-RTM"]
    assert mistaken["file"] == common["KB870585-2003-SP1"]["file"]
    assert mistaken["version"] == common["KB870585-2003-RTM"]["version"]  # what he thinks he has
    assert "KB931832-2003-SP1" not in handed
    assert handed["KB916803-2003-SP1"]["language"] == "DEU"
    assert handed["KB836993-2003-SP2"] == common["KB836993-2003-SP2"]


def test_an_inventory_can_choose_what_is_handed_out(tmp_path: Path) -> None:
    hosts = {"ex1": {"image": "exchange2003-sp1"}}
    assert set(expand(tmp_path, hosts=hosts, packages=["KB870585-2003-SP1"])["vars"]["packages"]) == {
        "KB870585-2003-SP1"
    }
    assert expand(tmp_path, hosts=hosts, packages=[])["vars"]["packages"] == {}


def test_a_package_built_by_another_version_of_the_lab_is_built_anew(tmp_path: Path) -> None:
    hosts = {"ex1": {"image": "exchange2003-sp1"}}
    file = Path(expand(tmp_path, hosts=hosts)["vars"]["packages"]["KB870585-2003-SP1"]["file"])
    (file.parent / "built.json").write_text('{"definition": "older", "sha256": "0"}')
    file.write_bytes(b"older")
    expand(tmp_path, hosts=hosts)
    assert file.read_bytes() == packages.content(library().packages["KB870585-2003-SP1"])


def test_ranges_name_many_hosts(tmp_path: Path) -> None:
    found = expand(tmp_path, hosts={"ex[08:11]": {"image": "exchange2003-sp1"}, "last": {"image": "windows2003"}})
    assert list(found["hosts"]) == ["ex08", "ex09", "ex10", "ex11", "last"]
    ports = [host["ansible_port"] for host in found["hosts"].values()]
    assert len(set(ports)) == len(ports)


def test_reading_alone_starts_nothing(tmp_path: Path) -> None:
    expand(tmp_path, hosts={"ex1": {"image": "exchange2003-sp1"}})
    assert not list((tmp_path / "state").rglob("daemon.json"))


ONE = {"ex1": {"image": "exchange2003-sp1"}}


@pytest.mark.parametrize(
    ("data", "error", "hint"),
    [
        ({"plugin": "lb", "hosts": ONE}, "does not say `plugin: lab`", ""),
        ({"plugin": "lab"}, "declares no hosts", ""),
        ({"plugin": "lab", "hosts": ONE, "hsts": {}}, "'hsts' is not known", "hosts"),
        ({"plugin": "lab", "hosts": {"ex1": {**ONE["ex1"], "fault": {}}}}, "host ex1: 'fault' is not known", "faults"),
        ({"plugin": "lab", "hosts": {"../ex1": ONE["ex1"]}}, "cannot be a lab host's name", "letters"),
        ({"plugin": "lab", "hosts": {"ex[3:1]": ONE["ex1"]}}, "is empty", ""),
        ({"plugin": "lab", "hosts": {"ex1": ONE["ex1"], "EX1": ONE["ex1"]}}, "declared twice", ""),
        ({"plugin": "lab", "hosts": {"ex[1:9999]": ONE["ex1"]}}, "more than 2000", ""),
        ({"plugin": "lab", "hosts": ONE, "groups": {"a": {"child": []}}}, "'child' is not known", "children"),
        ({"plugin": "lab", "hosts": ONE, "packages": ["KB1"]}, "no package 'KB1'", "known"),
        ({"plugin": "lab", "hosts": {"ex1": {**ONE["ex1"], "login": "kye"}}}, "login cannot be 'kye'", "key"),
        ({"plugin": "lab", "hosts": {"ex1": {**ONE["ex1"], "packages": {"X": "Y"}}}}, "no package 'Y'", "known"),
    ],
)
def test_slips_are_named(tmp_path: Path, data: dict[str, Any], error: str, hint: str) -> None:
    with pytest.raises(UserError, match=error) as caught:
        inventory.expand(data, tmp_path / "lab.yml", state_root=tmp_path / "state", start=False)
    assert hint in caught.value.hint


@pytest.mark.parametrize("name", ["lab.yml", "lab-winrm.yml", "lab-hard.yml"])
def test_the_shipped_inventories_can_be_read(name: str) -> None:
    path = SHIPPED / name
    found = declaration.read(yaml.safe_load(path.read_text()), path)
    assert {host.spec.image for host in found.hosts} <= set(library().images)


def test_the_shipped_lab_shows_every_road() -> None:
    path = SHIPPED / "lab.yml"
    found = declaration.read(yaml.safe_load(path.read_text()), path)
    roads = {(host.spec.image, str(host.vars.get("route", "auto"))) for host in found.hosts}
    assert roads == {
        ("exchange2003-rtm", "auto"),
        ("exchange2003-sp1", "auto"),
        ("exchange2003-sp1-later", "auto"),
        ("exchange2003-sp2", "auto"),
        ("exchange2000-sp3-rollup", "auto"),
        ("exchange2000-sp3", "auto"),
        ("exchange2003-rtm", "service_pack"),
    }
    assert {host.spec.override.ssh for host in found.hosts} == {"modern", "legacy"}
    assert any(not host.spec.override.sftp for host in found.hosts)
    assert any(host.spec.faults.wmi == "broken" for host in found.hosts)
    assert len({(host.spec.override.time_zone, host.spec.override.daylight) for host in found.hosts}) == len(
        found.hosts
    )


def test_the_winrm_lab_has_the_same_servers_and_every_way_in() -> None:
    by_ssh, by_winrm = (
        declaration.read(yaml.safe_load((SHIPPED / name).read_text()), SHIPPED / name)
        for name in ("lab.yml", "lab-winrm.yml")
    )
    assert [h.spec.name for h in by_winrm.hosts] == [h.spec.name for h in by_ssh.hosts]
    assert [h.spec.image for h in by_winrm.hosts] == [h.spec.image for h in by_ssh.hosts]
    assert "winrm" in {host.spec.connection for host in by_ssh.hosts}
    ways = {(h.spec.connection, h.spec.winrm.transport, h.spec.winrm.auth[0]) for h in by_winrm.hosts if h.spec.winrm}
    assert {("winrm", "http", "ntlm"), ("winrm", "https", "ntlm"), ("winrm", "https", "basic")} <= ways
    assert {("winrm", "https", "certificate"), ("psrp", "http", "ntlm"), ("psrp", "https", "ntlm")} <= ways
    assert {h.spec.winrm.version for h in by_winrm.hosts if h.spec.winrm} == {"2.1", "2.3"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plugin: lab\nspeed: -1\nhosts: {a: {image: exchange2003-sp1}}\n", "l.yml:2:1: {path}: speed must be above 0"),
        ("plugin: lab\nspeed: 0\nhosts: {a: {image: exchange2003-sp1}}\n", "l.yml:2:1: {path}: speed must be above 0"),
        ("plugin: lab\nhosts:\n  a:\n    image: exchang2003-sp1\n", "l.yml:4:5: host a: no image 'exchang2003-sp1'"),
        ("plugin: lab\nhosts:\n  a: {image: nothing}\n", "l.yml:3:7: host a: no image 'nothing'"),
    ],
)
def test_mistakes_of_a_lab_know_their_line(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "l.yml").write_text(text, encoding="utf-8")
    done = remediate("lab", "up", "-i", "l.yml", folder=tmp_path)
    assert done.code == 1
    assert says.replace("{path}", "l.yml") in done.err, done.err
