"""The shipped inventory of packages that are not what they are called: all are told, no host is met."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from remediate.language import yamlfile
from tests.e2e.project import REPOSITORY, Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/lab-packages.yml"
HOSTS = yaml.safe_load((REPOSITORY / INVENTORY).read_text(encoding="utf-8"))["hosts"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("wrong"))
    made.lab("up", "-i", INVENTORY)
    yield made
    made.close(INVENTORY)


@pytest.fixture(scope="module")
def said(project: Project) -> str:
    done = project.run("run", PLAYBOOK, "-i", INVENTORY)
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr


@pytest.mark.parametrize("name", HOSTS)
def test_each_is_told_at_its_line(said: str, name: str) -> None:
    written = yamlfile.load(REPOSITORY / INVENTORY)
    assert isinstance(written, yamlfile.Map)
    packages = written["hosts"][name]["packages"]
    (wanted,) = packages
    place = packages.value_source(wanted)
    lines = [line for line in said.splitlines() if f"{INVENTORY}:{place.line}:{place.column}: " in line]
    assert any(re.search(HOSTS[name]["vars"]["says"], line) for line in lines), (lines, said)


def test_no_host_was_met(project: Project, said: str) -> None:
    assert len(re.findall("^error: ", said, re.MULTILINE)) >= len(HOSTS)
    assert all(host["logons"] == host["executions"] == 0 for host in status(project, INVENTORY).values())


def test_lint_finds_the_same(project: Project, said: str) -> None:
    done = project.run("lint", PLAYBOOK, "-i", INVENTORY, "--format", "json")
    assert done.returncode == 1
    told = {f"{each['line']}:{each['column']}" for each in json.loads(done.stdout)}
    assert told == set(re.findall(rf"^error: {INVENTORY}:(\d+:\d+): ", said, re.MULTILINE))
