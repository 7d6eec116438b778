"""The playbook, unchanged, through the real command line, on real Win32: each host ends as its embedded twin does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from remediate.lab.hostspec import Override
from tests.e2e.project import Project
from tests.wine import embedded
from tests.wine.fleet import WIN64, Fleet
from tests.wine.host import WineSpec

PLAYBOOK = "playbooks/kb870585.yml"
ON_64_BITS = ("-e", f"@inventory/{WIN64}")
HASTE = {"install_timeout": 12, "services_timeout": 8, "job_timeout": 3}

SPECS = {
    "rtm": WineSpec(image="exchange2003-rtm", zone="eastern"),
    "sp1": WineSpec(image="exchange2003-sp1", services={"MSExchangeIS": {"StartMs": 3000, "StopMs": 2000}}),
    "sp2": WineSpec(image="exchange2003-sp2", zone="berlin"),
    "to-sp2": WineSpec(image="exchange2003-rtm", vars={"route": "service_pack"}),
    "rollup": WineSpec(image="exchange2000-sp3-rollup", zone="kolkata"),
    "without-rollup": WineSpec(image="exchange2000-sp3", vars={"install_prerequisites": True}),
    "half-installed": WineSpec(
        image="exchange2003-sp1",
        override=Override(installed=("KB870585-2003-SP1",), files={"mdbmsg.dll": "6.5.7226.0"}),
    ),
    "hangs": WineSpec(image="exchange2003-sp1", faults={"Hangs": 1}, vars=HASTE),
    "does-not-return": WineSpec(
        image="exchange2003-sp1", services={"MSExchangeIS": {"StartsLeft": 1}}, vars={"services_timeout": 8}
    ),
    "exit-1603": WineSpec(image="exchange2003-sp1", faults={"ExitCode": 1603, "Extended": 0xF01E}),
}
ENDS = {
    "rtm": ("changed", "6.5.6981.0", ""),
    "sp1": ("changed", "6.5.7232.35", ""),
    "sp2": ("compliant", "6.5.7638.1", ""),
    "to-sp2": ("changed", "6.5.7638.1", ""),
    "rollup": ("changed", "6.0.6617.6", ""),
    "without-rollup": ("changed", "6.0.6617.6", ""),
    "half-installed": ("blocked", "6.5.7232.35", "partial install"),
    "hangs": ("failed", "6.5.7226.0", "was not done.*left running"),
    "does-not-return": ("failed", "6.5.7232.35", "MSExchangeIS"),
    "exit-1603": ("failed", "6.5.7226.0", "0x[fF]01[eE]"),
}
FIXED = [name for name, (outcome, _, _) in ENDS.items() if outcome == "changed"]
pytestmark = [pytest.mark.xdist_group("playbook")]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    made = Fleet(SPECS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def project(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("wine"))
    fleet.inventory(made.folder / "inventory")
    return made


def carried_out(project: Project, inventory: str, *more: str) -> dict[str, Any]:
    """Exit code of a run, and of each host what was said and what it is like afterwards."""
    code, document = project.json("run", PLAYBOOK, "-i", inventory, "--forks", "4", *more)
    seen, facts = project.json("facts", "-i", inventory, "--forks", "4")
    assert seen == 0, facts
    return {
        "code": code,
        "hosts": {host["host"]: host for host in document["hosts"]},
        "facts": {host["host"]: host["facts"] for host in facts},
    }


@pytest.fixture(scope="module")
def ran(project: Project) -> dict[str, Any]:
    return carried_out(project, "inventory/wine.yml", *ON_64_BITS)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    made = Project(tmp_path_factory.mktemp("twins"))
    embedded.inventory(SPECS, made.folder / "inventory" / "twins.yml")
    yield carried_out(made, "inventory/twins.yml")
    made.close("inventory/twins.yml")


@pytest.mark.parametrize("name", SPECS)
def test_each_host_ends_with_its_word_and_reason(ran: dict[str, Any], fleet: Fleet, name: str) -> None:
    host = ran["hosts"][name]
    outcome, build, reason = ENDS[name]
    assert host["outcome"] == outcome, (host["reason"], host["remedy"], host["notes"])
    assert fleet.hosts[name].version("store.exe") == build
    assert re.search(reason, host["reason"]), host["reason"]


@pytest.mark.parametrize("name", SPECS)
def test_each_host_goes_the_way_of_its_embedded_twin_and_ends_like_it(
    ran: dict[str, Any], twins: dict[str, Any], name: str
) -> None:
    assert embedded.course(ran["hosts"][name]) == embedded.course(twins["hosts"][name])
    zone = SPECS[name].zone
    assert embedded.end(ran["facts"][name], zone) == embedded.end(twins["facts"][name], zone)


@pytest.mark.parametrize("name", FIXED)
def test_what_ran_before_runs_again(ran: dict[str, Any], fleet: Fleet, name: str) -> None:
    assert fleet.hosts[name].services() == fleet.before[name]


def test_a_second_run_finds_nothing_to_do(ran: dict[str, Any], project: Project) -> None:
    limit = ",".join(FIXED)
    words = ("-i", "inventory/wine.yml", "-l", limit, "--forks", "4", *ON_64_BITS)
    code, document = project.json("run", PLAYBOOK, *words)
    assert {host["outcome"] for host in document["hosts"]} == {"compliant"}, document["hosts"]
    assert code == 0


def test_the_facts_say_by_which_second_best_way_they_came(ran: dict[str, Any], project: Project) -> None:
    code, document = project.json("facts", "-i", "inventory/wine.yml", "-l", "rtm")
    text = str(document)
    assert code == 0
    assert "sc.exe" in text
    assert "reg.exe" in text
    assert "process list could not be read" in text
