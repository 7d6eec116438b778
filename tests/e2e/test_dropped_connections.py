"""A line that drops at any moment of an install, over every road: one installation, and a verified host.

All hosts are repaired by one run of the real command line; each has its own road and its own moment of trouble.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from remediate.lab.faults import Moment
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/drops.yml"
FLEETS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "usual": {"ssh": {}, "winrs": {"connection": "winrm"}},
    "rarer": {
        "ssh-without-sftp": {"override": {"sftp": False}},
        "psrp": {"connection": "psrp", "winrm": {"version": "2.1"}},
    },
}
"""Roads that are tried in one run; the rarer ones only by ``make test-faults``."""
MOMENTS = tuple(str(moment) for moment in Moment)
MARKS = {"usual": (), "rarer": (pytest.mark.faults,)}
CASES = [
    pytest.param(fleet, road, moment, id=f"{road}-{moment}", marks=MARKS[fleet])
    for fleet, roads in FLEETS.items()
    for road in roads
    for moment in MOMENTS
]


def name(road: str, moment: str) -> str:
    return f"{road}-{moment.replace('_', '-')}"


def lab(fleet: str) -> str:
    hosts = {
        name(road, moment): {"image": "exchange2003-sp1", "faults": {"drop": [moment]}, **how}
        for road, how in FLEETS[fleet].items()
        for moment in MOMENTS
    }
    return yaml.safe_dump({"plugin": "lab", "speed": 5, "password": "Lab-Passw0rd", "hosts": hosts}, sort_keys=False)


@pytest.fixture(scope="module")
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    made = Project(tmp_path_factory.mktemp("drops"))
    (made.folder / INVENTORY).write_text(lab(request.param), encoding="utf-8")
    made.lab("up", "-i", INVENTORY)
    yield carried_out(made)
    made.close(INVENTORY)


def carried_out(project: Project) -> dict[str, Any]:
    code, document = project.json("run", PLAYBOOK, "-i", INVENTORY)
    verified, after = project.json("verify", PLAYBOOK, "-i", INVENTORY)
    return {
        "code": code,
        "hosts": {host["host"]: host for host in document["hosts"]},
        "verified": verified,
        "outcomes": {host["host"]: host["outcome"] for host in after["hosts"]},
        "lab": status(project, INVENTORY),
    }


@pytest.mark.parametrize(("ran", "road", "moment"), CASES, indirect=["ran"], scope="module")
def test_one_installation_and_a_verified_host(ran: dict[str, Any], road: str, moment: str) -> None:
    host = name(road, moment)
    told, seen = ran["hosts"][host], ran["lab"][host]
    assert told["outcome"] == "changed", (told["reason"], told["remedy"])
    assert seen["dropped"] == [moment], "the line did drop"
    assert [run["package"] for run in seen["installers"]] == ["KB870585-2003-SP1"]
    assert seen["build"] == "6.5.7232.35"
    assert seen["services_not_running"] == []
    assert seen["refusals"] == []
    assert ran["outcomes"][host] == "compliant"


@pytest.mark.parametrize(
    "ran", [pytest.param(fleet, marks=MARKS[fleet]) for fleet in FLEETS], indirect=True, scope="module"
)
def test_the_run_and_the_verification_end_well(ran: dict[str, Any]) -> None:
    told = {name: (host["outcome"], host["reason"], host["remedy"]) for name, host in ran["hosts"].items()}
    assert {name: words for name, words in told.items() if words[0] != "changed"} == {}
    assert {name: outcome for name, outcome in ran["outcomes"].items() if outcome != "compliant"} == {}
    assert (ran["code"], ran["verified"]) == (0, 0)
