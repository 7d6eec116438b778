"""Every refusal and failure has its word, its reason and a remedy, and hurts no other host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.project import REPOSITORY, Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/lab-hard.yml"
HOSTS = yaml.safe_load((REPOSITORY / INVENTORY).read_text(encoding="utf-8"))["hosts"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("hard"))
    yield made
    made.close(INVENTORY)


@pytest.fixture(scope="module")
def ran(project: Project) -> dict[str, Any]:
    code, document = project.json("run", PLAYBOOK, "-i", INVENTORY)
    hosts = {h["host"]: h for h in document["hosts"]}
    return {"code": code, "hosts": hosts, "after": status(project, INVENTORY)}


def test_the_run_ends_4(ran: dict[str, Any]) -> None:
    assert ran["code"] == 4


@pytest.mark.parametrize("name", HOSTS)
def test_each_host_ends_with_its_word_and_reason(ran: dict[str, Any], name: str) -> None:
    wanted = HOSTS[name]["vars"]
    host = ran["hosts"][name]
    assert host["outcome"] == wanted["expect"], (host["reason"], host["remedy"])
    said = f"{host['reason']} {' '.join(host['notes'])}"
    assert re.search(wanted["expect_reason"], said), said
    if host["outcome"] in ("blocked", "failed", "unreachable"):
        assert host["remedy"], "an administrator must be told what to do"


def test_no_package_was_started_twice_anywhere(ran: dict[str, Any]) -> None:
    for name, host in ran["after"].items():
        packages = [r["package"] for r in host["installers"] if not r["removes"]]
        assert len(packages) == len(set(packages)), (name, packages)
