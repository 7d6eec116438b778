"""The same servers planned over SSH and over WinRM: the same plan, word for word, but for the road."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK

SSH, WINRM = "inventory/lab.yml", "inventory/lab-winrm.yml"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("roads"))
    yield made
    made.close(SSH, WINRM)


def plan(project: Project, inventory: str) -> dict[str, Any]:
    """Per host what is to be done, without what tells the road or the moment."""
    code, document = project.json("plan", PLAYBOOK, "-i", inventory)
    assert code == 2
    return {h["host"]: without_road(h) for h in document["hosts"]}


def without_road(host: dict[str, Any]) -> dict[str, Any]:
    steps = [
        {k: s[k] for k in ("address", "task", "module", "status", "message", "remedy", "changes")}
        for s in host["steps"]
    ]
    return {"outcome": host["outcome"], "columns": host["columns"], "counts": host["counts"], "steps": steps}


def test_both_roads_lead_to_the_same_plan(project: Project) -> None:
    assert plan(project, WINRM) == plan(project, SSH)
