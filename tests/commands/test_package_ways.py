"""A package that is not uploaded: from `packages` through the route and the role to the installed files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from remediate.lab import packages
from tests.commands.driver import remediate

KB = "playbooks/kb870585.yml"
SP1 = "KB870585-2003-SP1"
KNOWN = packages.catalogue()[SP1]
DATA = packages.content(KNOWN)
SHARE, LOCAL = "\\\\files\\kb", "D:\\kb"


def host(folder: str, key: str) -> dict[str, object]:
    given = {key: f"{folder}\\{KNOWN.file_name}", "sha256": sha256(DATA).hexdigest(), "version": KNOWN.provides}
    return {
        "image": "exchange2003-sp1",
        "override": {"stored": {folder: [SP1]}},
        "vars": {"packages": {SP1: given}},
    }


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    hosts = {"share": host(SHARE, "file"), "local": host(LOCAL, "on_host")}
    (tmp_path / "lab.yml").write_text(yaml.safe_dump({"plugin": "lab", "speed": 50, "hosts": hosts}), encoding="utf-8")
    (tmp_path / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    yield tmp_path
    remediate("lab", "down", folder=tmp_path)


def test_the_plan_says_which_way_and_the_run_goes_it(project: Path) -> None:
    plan = remediate("plan", KB, folder=project)
    assert plan.code == 2, plan.out
    assert f"-> {len(DATA):,} bytes, copied by the host (not reversible)\n" in plan.out
    assert f"why: the host copies it from {SHARE}\\{KNOWN.file_name}, nothing is uploaded" in plan.out
    used = f"used where it lies on the host: {LOCAL}\\{KNOWN.file_name}, {len(DATA):,} bytes, nothing is uploaded"
    assert used in plan.out
    ran = remediate("run", KB, "--format", "json", folder=project)
    assert ran.code == 0, ran.out
    status = json.loads(remediate("lab", "status", "--format", "json", folder=project).out)[0]["hosts"]
    assert {each["build"] for each in status} == {KNOWN.provides}
    assert [each["installers_started"] for each in status] == [1, 1]
    assert [each["refusals"] for each in status] == [[], []]


def test_a_package_in_two_places_is_a_contradiction(project: Path) -> None:
    inventory = yaml.safe_load((project / "lab.yml").read_text(encoding="utf-8"))
    inventory["hosts"]["local"]["vars"]["packages"][SP1]["file"] = "/srv/x.exe"
    (project / "lab.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    done = remediate("plan", KB, "-l", "local", folder=project)
    assert done.code == 1
    assert f"packages: {SP1}: both file and on_host say where it is" in done.err
