"""Staging, installing and bringing services back on hosts of the lab over real SSH, with all that goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.model import Result, Status
from tests.kb.servers import advisory, role_data
from tests.modules.conftest import Make

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases/hotfix/faults.yml").read_text())
SP1 = "KB870585-2003-SP1"
SP2 = next(p.id for p in advisory().packages if str(p.provides) == "6.5.7638.0")


def judged(result: Result, wanted: dict[str, Any]) -> None:
    assert result.status == wanted["status"], (result.status, result.message)
    for words in wanted.get("says", []):
        assert words in result.message
    assert wanted.get("remedy", "") in result.remedy
    for key, value in wanted.get("extra", {}).items():
        assert result.extra[key] == value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_fault(case: dict[str, Any], make: Make) -> None:
    host = make("exchange2003-sp1", faults=case.get("faults", {}))
    before = host.states()
    assert host.stage(SP1).status is Status.CHANGED
    result = host.install(SP1)
    judged(result, case["hotfix"])
    restored = host.do("services_restored", timeout=120)
    judged(restored, case.get("restored", {"status": "changed"}))
    targets = case.get("restored", {}).get("targets")
    if targets is not None:
        assert [c.target for c in restored.changes if c.target.startswith("service")] == targets
    assert (host.states() == before) == (case.get("services") == "kept")
    assert len(host.runs) == 1
    assert host.machine.refusals == []


def test_a_second_run_changes_nothing(make: Make) -> None:
    host = make("exchange2003-sp1")
    for expected in (Status.CHANGED, Status.OK):
        assert host.stage(SP1).status is expected
        result = host.install(SP1)
        assert result.status is expected, result.message
        assert result.columns["build"] == "6.5.7232.35"
        assert host.do("services_restored").status is expected
    assert len(host.runs) == 1
    assert (host.version("store.exe"), host.version("mdbmsg.dll")) == ("6.5.7232.35", "6.5.7232.35")


def test_a_check_run_writes_nothing(make: Make) -> None:
    host = make("exchange2003-sp1")
    before = host.machine.fingerprint()
    assert host.do("package_staged", check=True, package=SP1, **host.package(SP1)).status is Status.PENDING
    given = {"advisory": role_data(), "package": SP1, **host.package(SP1)}
    assert host.do("hotfix", check=True, **given).status is Status.PENDING
    assert host.do("services_restored", check=True).status is Status.OK
    assert host.do("job_finished", check=True).status is Status.OK
    assert host.machine.fingerprint() == before


def test_not_staged(make: Make) -> None:
    host = make("exchange2003-sp1")
    result = host.install(SP1)
    assert (result.status, host.runs) == (Status.BLOCKED, [])
    assert "is not on the host" in result.message


def test_a_hanging_installer_is_left_and_found_again(make: Make) -> None:
    host = make("exchange2003-sp1", faults={"installer_hangs": True})
    host.stage(SP1)
    result = host.install(SP1, timeout=20)
    assert result.status is Status.FAILED
    assert "hanging" in result.message
    assert "left running" in result.message
    left_alone = host.do("services_restored")
    assert left_alone.status is Status.OK
    assert any("still running" in note for note in left_alone.notes)
    again = host.do("job_finished", timeout=10)
    assert again.status is Status.FAILED
    assert "hanging" in again.message
    ended = host.do("job_finished", timeout=10, cancel_on_timeout=True)
    assert "it was ended" in ended.message
    assert host.do("services_restored").status is Status.CHANGED
    assert len(host.runs) == 1
    assert host.states()["MSExchangeIS"] == ("running", "auto")


def test_a_killed_controller_repeats_nothing(make: Make) -> None:
    """The first is gone right after the start; the second finds the job, waits and brings everything back."""
    host = make("exchange2003-sp1")
    before = host.states()
    host.stage(SP1)
    first = host.install(SP1, timeout=0.01)
    assert "hanging" in first.message
    second = host.controller()
    facts = host.do("exchange_facts", by=second, advisory=role_data())
    jobs = facts.before["jobs"]
    assert isinstance(jobs, list)
    assert [(j["phase"], j["settled"], j["record"]["package"]) for j in jobs if isinstance(j, dict)] == [  # type: ignore[index,call-overload]
        ("running", False, SP1)
    ]
    assert host.do("job_finished", by=second).status is Status.CHANGED
    assert host.do("services_restored", by=second).status is Status.CHANGED
    assert host.install(SP1, by=second).status is Status.OK
    assert host.do("job_finished", by=second).status is Status.OK
    assert host.states() == before
    assert len(host.runs) == 1


def test_hotfix_itself_adopts_a_running_job(make: Make) -> None:
    host = make("exchange2003-sp1")
    host.stage(SP1)
    host.install(SP1, timeout=0.01)
    result = host.install(SP1, by=host.controller())
    assert result.status is Status.CHANGED, result.message
    assert "an earlier run started this installer" in result.changes[0].why
    assert result.extra["adopted"] is True
    assert len(host.runs) == 1


def test_two_controllers_at_once_start_one_installer(make: Make) -> None:
    host = make("exchange2003-sp1")
    host.stage(SP1)
    results = host.time.at_once(*[lambda: host.install(SP1, by=host.controller())] * 2)
    assert len(host.runs) == 1
    assert {r.status for r in results} <= {Status.CHANGED, Status.OK}, [r.message for r in results]


def test_after_a_failure_the_next_run_starts_anew(make: Make) -> None:
    host = make("exchange2003-sp1", faults={"installer_exit": {"code": 1603, "extended": 0xF0FF}})
    host.stage(SP1)
    assert host.install(SP1).status is Status.FAILED
    noticed = host.do("job_finished")
    assert noticed.status is Status.OK
    assert any("exit code 1603" in note for note in noticed.notes)
    host.do("services_restored")
    assert host.install(SP1).status is Status.FAILED
    assert len(host.runs) == 2


def test_somebody_elses_installer(make: Make) -> None:
    host = make("exchange2003-sp1", override={"processes": ["update.exe"]})
    host.stage(SP1)
    result = host.install(SP1)
    assert (result.status, host.runs) == (Status.BLOCKED, [])
    assert "another installation is running: update.exe" in result.message


@pytest.mark.parametrize(
    ("image", "package", "says"),
    [
        ("exchange2003-rtm", SP1, "here it is 6.5.6944.4 (Exchange Server 2003 RTM)"),
        ("exchange2003-sp1", "KB870585-2003-RTM", "here it is 6.5.7226.0 (Exchange Server 2003 SP1)"),
        ("exchange2003-sp2", SP1, "nothing newer is ever overwritten"),
    ],
)
def test_wrong_branch(image: str, package: str, says: str, make: Make) -> None:
    host = make(image)
    host.stage(package)
    result = host.install(package)
    assert (result.status, host.runs) == (Status.BLOCKED, [])
    assert says in f"{result.message} {result.remedy}"


def test_a_package_of_another_language_that_nobody_named(make: Make) -> None:
    """The server's language cannot be told from the English package's wrong content: the installer says it itself."""
    host = make("exchange2003-sp1")
    german = host.package("KB870585-2003-SP1-DEU")
    host.do("package_staged", package=SP1, **german)
    result = host.install(SP1, **german)
    assert result.status is Status.FAILED
    assert "is different from the update language" in result.message


def test_undo(make: Make) -> None:
    from modules import hotfix
    from remediate.engine.params import bind

    host = make("exchange2003-sp1")
    host.stage(SP1)
    result = host.install(SP1)
    host.do("services_restored")
    given = {"advisory": role_data(), "package": SP1, **host.package(SP1)}
    params: Any = bind("hotfix", hotfix.Params, given, lambda _: None)
    session = host.sessions.open(host.endpoint)
    assert hotfix.undo(session, result.changes[0], params)["exit_code"] == 0
    assert (host.version("store.exe"), host.version("mdbmsg.dll")) == ("6.5.7226.0", "6.5.7226.0")
    with pytest.raises(Exception, match="its uninstall folder is not there"):
        hotfix.undo(session, result.changes[0], params)


def test_service_pack(make: Make) -> None:
    host = make("exchange2003-sp1")
    before = host.states()
    name = next(name for name, found in host.known.packages.items() if found.provides == "6.5.7638.1")
    host.stage(name)
    guided = host.install(name, module="service_pack", package=SP2)
    assert guided.status is Status.BLOCKED
    assert "guided step" in guided.remedy
    result = host.install(name, module="service_pack", package=SP2, command='"{package}" /u /q /z')
    assert result.status is Status.CHANGED, result.message
    host.do("services_restored")
    assert host.version("store.exe") == "6.5.7638.1"
    assert host.states() == before
    assert len(host.runs) == 1
