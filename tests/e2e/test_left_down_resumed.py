"""Last looks beside saved plans and resumed runs: never refused, never recalled, no part of the way that is gone on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/resumed.yml"
LAB = {
    "plugin": "lab",
    "speed": 8,
    "vars": {"install_timeout": 4, "services_timeout": 20, "job_timeout": 1, "stores_timeout": 4},
    "hosts": {
        "fine": {"image": "exchange2003-sp1", "vars": {"install_timeout": 0}},
        "down": {
            "image": "exchange2003-sp1",
            "faults": {"service_fails": "MSExchangeIS"},
            "vars": {"install_timeout": 0},
        },
        "hangs": {"image": "exchange2003-sp1", "faults": {"installer_hangs": True}},
        "blocked": {"image": "exchange2003-sp1", "override": {"cluster": True}},
    },
}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(yaml.safe_dump(LAB))
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def ended(office: Office, *words: str) -> dict[str, dict[str, Any]]:
    code, document = office.json(*words)
    assert code == 4, document
    return {host["host"]: host for host in document["hosts"]}


def looks(office: Office) -> dict[str, int]:
    """How many last looks the newest run wrote down of each host."""
    _, shown = office.json("runs", "show", "last")
    return {host["host"]: sum(step["task"] == "Last look" for step in host["steps"]) for host in shown["hosts"]}


def test_an_applied_plan_and_its_resumption(office: Office) -> None:
    assert office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-l", "fine,down,hangs", "-o", "p.json").code == 2
    applied = ended(office, "apply", "p.json")
    assert {name: host["outcome"] for name, host in applied.items()} == {
        "fine": "changed", "down": "failed", "hangs": "failed",
    }  # fmt: skip
    assert applied["down"]["now"]["data"]["services_down"] == ["MSExchangeIS"]
    assert "not as planned" not in str(applied)
    assert looks(office) == {"fine": 1, "down": 1, "hangs": 1}
    for _ in range(2):
        resumed = ended(office, "resume", "last")
        assert resumed["fine"]["outcome"] == "changed"
        assert resumed["down"]["reason"].startswith("Bring back the services it stopped: service MSExchangeIS")
        assert resumed["down"]["now"]["data"]["services_down"] == ["MSExchangeIS"]
        assert resumed["hangs"]["reason"].startswith(
            "Bring back the services it stopped: an installer still runs: job "
        )
        waited = "before that: Wait for the installer of the earlier run: KB870585: the installer was not done after"
        assert waited in resumed["hangs"]["reason"]
        assert "goes another way" not in str(resumed)
        assert looks(office) == {"fine": 1, "down": 1, "hangs": 1}
    installed = {name: len(host["installers"]) for name, host in status(office.project, INVENTORY).items()}
    assert installed == {"fine": 1, "down": 1, "hangs": 1, "blocked": 0}
    assert office.remediate("runs", "verify").code == 0


def test_blocked_is_untouched_until_something_was_begun(office: Office) -> None:
    host = ended(office, "run", PLAYBOOK, "-i", INVENTORY, "-l", "blocked")["blocked"]
    assert host["outcome"] == "blocked"
    assert host["now"]["line"].startswith("services as before; store.exe 6.5.7226.0")
    assert not status(office.project, INVENTORY)["blocked"]["installers"]


def test_an_installer_that_an_earlier_run_left_is_ended_and_its_services_come_back(office: Office) -> None:
    """Settling it fails, for it hung; what it stopped is brought back all the same."""
    words = ("run", PLAYBOOK, "-i", INVENTORY, "-l", "hangs")
    assert ended(office, *words)["hangs"]["now"]["data"]["services_down"]
    again = ended(office, *words, "-e", "cancel_on_timeout=true")["hangs"]
    assert again["reason"].startswith(
        "Wait for the installer of the earlier run: KB870585: the installer was not done after "
    )
    assert "it was ended (" in again["reason"]
    assert again["now"]["line"] == "services as before; store.exe 6.5.7226.0, mdbmsg.dll 6.5.7226.0"
    lab = status(office.project, INVENTORY)["hangs"]
    assert (lab["services_not_running"], len(lab["installers"])) == ([], 1)
