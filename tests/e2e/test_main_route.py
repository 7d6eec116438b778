"""The main job as a new user does it: every route of the article in one run, then nothing left to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.project import Project

PLAYBOOK = "playbooks/kb870585.yml"
INVENTORY = "inventory/lab.yml"
BUILDS = {"6.5.6981.0", "6.5.7232.35", "6.0.6617.6"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("project"))
    yield made
    made.close(INVENTORY)


def status(project: Project, inventory: str = INVENTORY) -> dict[str, dict[str, Any]]:
    return project.status(inventory)


@pytest.fixture(scope="module")
def first(project: Project) -> dict[str, Any]:
    """A dry run on fresh hosts, then the real one; what both said and what the lab was like around them."""
    project.lab("up", "-i", INVENTORY)
    before = status(project)
    checked = project.json("run", PLAYBOOK, "--check")
    between = status(project)
    ran = project.json("run", PLAYBOOK)
    return {"before": before, "checked": checked, "between": between, "ran": ran, "after": status(project)}


def test_a_dry_run_changes_nothing_on_any_host(first: dict[str, Any]) -> None:
    code, document = first["checked"]
    assert code == 2
    assert {h["outcome"] for h in document["hosts"]} == {"pending", "compliant"}
    for name, host in first["before"].items():
        assert first["between"][name]["fingerprint"] == host["fingerprint"], name
        assert first["between"][name]["installers_started"] == 0
        assert first["between"][name]["toolkit"] == [], "not so much as an empty folder"


def test_the_run_ends_with_every_host_compliant(first: dict[str, Any]) -> None:
    code, document = first["ran"]
    assert code == 0, [
        (h["host"], h["reason"]) for h in document["hosts"] if h["outcome"] not in ("changed", "compliant")
    ]
    assert {h["outcome"] for h in document["hosts"]} == {"changed", "compliant"}


def test_the_three_builds_and_the_service_pack_are_there(first: dict[str, Any]) -> None:
    builds = {h["build"] for h in first["after"].values()}
    assert builds >= BUILDS
    assert any(b.startswith("6.5.7638.") for b in builds)
    shown = {h["columns"].get("after") for h in first["ran"][1]["hosts"]}
    assert shown >= BUILDS


def test_no_installer_ran_twice_and_none_on_a_fixed_host(first: dict[str, Any]) -> None:
    for name, host in first["after"].items():
        packages = [run["package"] for run in host["installers"]]
        assert len(packages) == len(set(packages)), name
        if first["before"][name]["build"] == host["build"]:
            assert packages == [], name


def test_services_that_ran_before_run_again(first: dict[str, Any]) -> None:
    for name, host in first["after"].items():
        assert host["services_not_running"] == first["before"][name]["services_not_running"], name


def test_the_lab_was_asked_nothing_it_does_not_know(first: dict[str, Any]) -> None:
    assert {name: h["refusals"] for name, h in first["after"].items() if h["refusals"]} == {}


def test_a_second_run_changes_nothing_within_two_executions_and_one_connection_a_host(
    project: Project, first: dict[str, Any]
) -> None:
    before = status(project)
    code, document = project.json("run", PLAYBOOK)
    after = status(project)
    assert code == 0
    assert {h["outcome"] for h in document["hosts"]} == {"compliant"}
    assert {h["counts"]["changed"] for h in document["hosts"]} == {0}
    for name, host in after.items():
        assert host["fingerprint"] == before[name]["fingerprint"], name
        assert host["executions"] - before[name]["executions"] <= 2, name
        assert host["logons"] - before[name]["logons"] == 1, name


def test_verify_agrees(project: Project, first: dict[str, Any]) -> None:
    done = project.run("verify", PLAYBOOK)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_person_sees(project: Project, first: dict[str, Any]) -> None:
    running = project.start("run", PLAYBOOK)
    said = running.communicate()[0]
    assert running.returncode == 0, said
    assert "Traceback" not in said
    assert "\x1b" not in said
    for name in first["after"]:
        assert f"{name} " in said
    assert "unreachable=0" in said


def test_passwords_are_in_no_output(project: Project, first: dict[str, Any]) -> None:
    code, document = project.json("inventory", "list")
    shown = [h["ansible_password"] for h in document["_meta"]["hostvars"].values() if "ansible_password" in h]
    assert code == 0
    assert set(shown) == {"****"}
