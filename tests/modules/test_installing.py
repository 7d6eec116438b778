"""Staging, installing and bringing services back on hosts of the lab over real SSH, with all that goes wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.errors import Blocked
from remediate.model import Change, Result, Status
from tests.kb.servers import advisory, role_data
from tests.modules.conftest import Make
from tests.modules.labhost import LabHost
from tests.patience import until

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
    given = {"advisory": role_data(), "package": SP1, **host.package(SP1)}
    assert host.do("package_staged", check=True, **given).status is Status.PENDING
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
    assert "not done after" in result.message
    assert "left running" in result.message
    left_alone = host.do("services_restored", job_timeout=5)
    assert left_alone.status is Status.FAILED
    assert left_alone.message.startswith("an installer still runs: job KB870585-2003-SP1-")
    assert left_alone.message.endswith("; services down now: MSExchangeSA, MSExchangeIS, MSExchangeMTA")
    assert any("still running" in note for note in left_alone.notes)
    again = host.do("job_finished", timeout=10)
    assert again.status is Status.FAILED
    assert "not done after" in again.message
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
    first = host.install(SP1, timeout=1)
    assert "not done after" in first.message
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
    host.install(SP1, timeout=1)
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
    host.do("package_staged", advisory=role_data(), package=SP1, language="DEU", **german)
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


def undo(host: LabHost, result: Result, name: str = SP1) -> Any:
    from modules import hotfix
    from remediate.engine.params import bind

    given = {"advisory": role_data(), "package": name, **host.package(name)}
    params: Any = bind("hotfix", hotfix.Params, given, lambda _: None)
    return hotfix.undo(host.sessions.open(host.endpoint), result.changes[0], params)


def test_undo_below_a_later_update_is_refused_and_nothing_is_started(make: Make) -> None:
    """Its uninstall folder is there, and would put back files below those of the later update."""
    host = make("exchange2003-sp1", override={"installed": [SP1, "KB931832-2003-SP1"]})
    looked = host.install(SP1)
    assert looked.status is Status.OK
    change = Change(target="x", before=None, after=None)
    with pytest.raises(Blocked, match=r"store\.exe is 6\.5\.7235\.2, not the 6\.5\.7232\.35 of KB870585") as raised:
        undo(host, dataclasses.replace(looked, changes=(change,)))
    assert raised.value.remedy == "take off the later update first"
    assert host.runs == []
    assert host.version("store.exe") == "6.5.7235.2"


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ({"installer_silent": True}, "never started: it ended at once, wrote no log and changed no file"),
        ({"installer_leaves": ["store.exe", "mdbmsg.dll"]}, "ended with exit code 0 (installed) and changed nothing"),
    ],
)
def test_a_package_without_effect_is_not_started_again_unasked(faults: dict[str, Any], says: str, make: Make) -> None:
    host = make("exchange2003-sp1", faults=faults)
    host.stage(SP1)
    first = host.install(SP1)
    assert (first.status, first.touched) == (Status.FAILED, True)
    assert says in first.message
    host.do("services_restored")
    for _ in range(2):
        again = host.install(SP1, by=host.controller())
        assert again.status is Status.BLOCKED
        assert "with exit code 0 and changed nothing (mdbmsg.dll 6.5.7226.0, store.exe 6.5.7226.0)" in again.message
        assert "--retry" in again.remedy
    assert len(host.runs) == 1
    host.machine.faults = dataclasses.replace(host.machine.faults, installer_silent=False, installer_leaves=())
    assert host.install(SP1, retry=True).status is Status.CHANGED
    assert len(host.runs) == 2


def test_one_that_had_effect_and_was_taken_off_may_be_installed_again(make: Make) -> None:
    host = make("exchange2003-sp1")
    host.stage(SP1)
    result = host.install(SP1)
    host.do("services_restored")
    undo(host, result)
    host.do("services_restored")
    assert host.version("store.exe") == "6.5.7226.0"
    assert host.install(SP1).status is Status.CHANGED
    assert host.version("store.exe") == "6.5.7232.35"


def test_a_connection_lost_past_the_limit_is_no_verdict_on_the_installer(make: Make) -> None:
    """The host is back when its services are looked after: they run, and the job waits for somebody to judge it."""
    host = make("exchange2003-sp1", speed=1.0, faults={"drop": ["polling"], "away": 300})
    host.stage(SP1)
    result = host.install(SP1, timeout=20)
    assert result.status is Status.UNREACHABLE, result.message
    assert "how the installer ended is not known, it goes on without us" in result.message
    assert "hanging" not in result.message
    restored = poll(lambda: host.do("services_restored"), lambda r: r.status is not Status.UNREACHABLE)
    assert restored.status in (Status.OK, Status.CHANGED)
    assert not any(change.after == "dealt with" for change in restored.changes)
    assert host.version("store.exe") == "6.5.7232.35"
    second = host.controller()
    assert any("nobody has judged" in note for note in host.do("services_restored", by=second).notes)
    judged = host.do("job_finished", by=second)
    assert [change.after for change in judged.changes] == ["judged"]
    assert any("an earlier run's installer ended: installed" in note for note in judged.notes)
    settled = host.do("services_restored", by=second)
    assert [change.after for change in settled.changes] == ["dealt with"]


def poll(do: Callable[[], Result], done: Callable[[Result], bool]) -> Result:
    def look() -> Result | None:
        result = do()
        return result if done(result) else None

    found = until(look)
    assert found is not None
    return found


def test_services_are_not_started_on_files_that_do_not_belong_together(make: Make) -> None:
    faults = {"installer_exit": {"code": 1603, "keeps": "some"}, "service_disabled": "MSExchangeIS"}
    host = make("exchange2003-sp1", faults=faults)
    host.stage(SP1)
    assert host.install(SP1).status is Status.FAILED
    refused = host.do("services_restored", advisory=role_data())
    assert refused.status is Status.BLOCKED
    assert "store.exe 6.5.7226.0, mdbmsg.dll 6.5.7232.35; left down: MSExchangeIS" in refused.message
    assert '"C:\\WINDOWS\\$ExchUninstallKB870585$\\spuninst\\spuninst.exe" /u /q /z' in refused.message
    assert host.states()["MSExchangeIS"] == ("stopped", "disabled")
    assert host.do("services_restored", advisory=role_data(), start_mixed=True).status is Status.CHANGED
    assert host.states()["MSExchangeIS"] == ("running", "auto")


def test_files_that_cannot_be_put_back_are_said_to_be_so(make: Make) -> None:
    faults = {"installer_exit": {"code": 1603, "keeps": "some"}, "service_disabled": "MSExchangeIS"}
    host = make("exchange2003-sp1", faults=faults)
    host.stage(SP1)
    host.install(SP1)
    with host.machine.lock:
        host.machine.files.remove("C:\\WINDOWS\\$ExchUninstallKB870585$", tree=True)
    refused = host.do("services_restored", advisory=role_data())
    assert "the host has no uninstall folder of KB870585: it cannot be taken off again" in refused.message


def test_a_mixture_that_was_there_before_is_no_reason(make: Make) -> None:
    """The installer failed and changed nothing: what ran on these files before runs on them again."""
    faults = {"installer_exit": {"code": 1603}, "service_disabled": "MSExchangeIS"}
    host = make("exchange2003-sp1", override={"files": {"mdbmsg.dll": "6.5.7230.0"}}, faults=faults)
    host.stage(SP1)
    assert host.install(SP1).status is Status.FAILED
    restored = host.do("services_restored", advisory=role_data())
    assert restored.status is Status.CHANGED, restored.message
    assert host.states()["MSExchangeIS"] == ("running", "auto")


def test_one_service_that_does_not_come_back_keeps_no_other_one_down(make: Make) -> None:
    services = {"ScanMail": {"depends": ["MSExchangeSA"], "state": "running", "start_mode": "auto"}}
    host = make(
        "exchange2003-sp1",
        override={"services": services},
        faults={"installer_killed": True, "service_fails": "ScanMail"},
    )
    before = host.states()
    host.stage(SP1)
    assert "left no exit code" in host.install(SP1).message
    restored = host.do("services_restored", timeout=60)
    assert restored.status is Status.FAILED
    assert restored.message.startswith("service ScanMail (ScanMail) does not come back")
    now = host.states()
    assert {name for name in before if before[name] != now[name]} == {"ScanMail"}


def test_an_installer_of_ours_is_waited_for_although_its_files_are_there(make: Make) -> None:
    host = make("exchange2003-sp1")
    host.stage(SP1)
    host.install(SP1, timeout=1)
    while host.do("exchange_facts", advisory=role_data()).columns["build"] != "6.5.7232.35":
        host.time.go_on(0.1)
    adopted = host.install(SP1, by=host.controller())
    ended = host.runs[0].ended
    assert ended, "it was waited for"
    assert adopted.status in (Status.CHANGED, Status.OK)


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


def test_one_that_nobody_saw_end_and_that_left_a_file_is_told_of_before_it_is_tried_again(make: Make) -> None:
    package = "KB870585-2000"
    host = make("exchange2000-sp3-rollup", faults={"installer_leaves": ["store.exe"]})
    host.stage(package)
    host.install(package, timeout=1)
    second = host.controller()
    told = host.do("job_finished", by=second)
    assert told.status is Status.FAILED
    assert "its installer ended with exit code 0 and left store.exe 6.0.6603.1" in told.message
    host.do("services_restored", by=second)
    assert host.do("job_finished", by=second).status is Status.OK
    assert len(host.runs) == 1
