"""Installers of the lab: what they accept, change, refuse and leave behind, and how they go wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.lab import laying, restart
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.machine import Machine
from tests.lab.worlds import World, library

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "installer.yml").read_text())
UPDATES = "HKLM\\SOFTWARE\\Microsoft\\Updates"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['package']} on {case['image']}")
def test_ends_as_the_real_one_would(case: dict[str, Any]) -> None:
    world = World(case["image"])
    before = world.states()
    assert world.install(case["package"], case.get("switches", "/u /q /z")) == case["code"]
    assert world.version("store.exe") == case["store"]
    assert world.states() == before
    assert len(world.runs) == 1
    assert world.machine.refusals == []
    if "log" in case:
        log = world.log(case.get("log_name", f"KB{library().packages[case['package']].kb}.log"))
        assert case["log"] in log
        assert "installation did not complete." in log
        assert "return code was masked to 0x643" in log


def test_the_rtm_hotfix_leaves_the_files_of_the_article() -> None:
    world = World("exchange2003-rtm")
    world.install("KB870585-2003-RTM")
    entry = world.machine.files.stat("C:\\Program Files\\Exchsrvr\\bin\\Store.exe")
    assert (entry.size, entry.modified) == (5047296, datetime(2004, 9, 15, 18, 38, tzinfo=UTC))
    for name in ("exsmtp.dll", "mdbevent.dll", "mdbmsg.dll", "mdbrole.dll", "mdbtask.dll"):
        assert world.version(name) == "6.5.6981.0"


@pytest.mark.parametrize(
    ("image", "package", "key"),
    [
        ("exchange2003-rtm", "KB870585-2003-RTM", "Exchange Server 2003\\SP1\\870585"),
        ("exchange2003-sp1", "KB870585-2003-SP1", "Exchange Server 2003\\SP2\\KB870585"),
        ("exchange2000-sp3-rollup", "KB870585-2000", "Exchange Server 2000\\SP4\\KB870585"),
        ("exchange2000-sp3", "KB870540-2000", "Exchange Server 2000\\SP4\\KB870540"),
    ],
)
def test_the_proof_in_the_registry_is_named_after_the_next_service_pack(image: str, package: str, key: str) -> None:
    world = World(image)
    assert not world.machine.registry.exists(f"{UPDATES}\\{key}")
    world.install(package)
    assert world.machine.registry.value(f"{UPDATES}\\{key}", "PackageVersion") == library().packages[package].provides


def test_services_go_down_and_up_in_the_order_of_their_dependencies() -> None:
    world = World("exchange2003-rtm")
    world.install("KB870585-2003-RTM")
    log = world.log()
    stopped = [line.split()[-1] for line in log.splitlines() if ": Stopping service " in line]
    started = [line.split()[-1] for line in log.splitlines() if ": Starting service " in line]
    assert started == list(reversed(stopped))
    assert stopped.index("MSExchangeIS") < stopped.index("MSExchangeSA")
    assert stopped.index("SMTPSVC") < stopped.index("IISADMIN")
    assert "IMAP4Svc" not in stopped  # disabled, so it did not run


def test_while_it_runs_its_processes_and_a_growing_log_are_seen() -> None:
    world = World("exchange2003-sp1")
    pid = world.start(world.stage("KB870585-2003-SP1"))
    (worker,) = world.machine.processes.named("update.exe")
    assert worker.parent == pid
    first = world.log()
    world.pass_time(0.5)
    assert world.log().startswith(first)
    assert len(world.log()) > len(first)
    assert world.state("MSExchangeSA") == "stop pending"
    assert world.finish(pid) == 0
    assert world.machine.processes.named("update.exe") == ()


def test_a_host_that_was_away_in_between_ends_up_the_same() -> None:
    watched, away = World("exchange2003-sp1"), World("exchange2003-sp1")
    watched.install("KB870585-2003-SP1")
    pid = away.start(away.stage("KB870585-2003-SP1"))
    saved = away.machine.to_json()
    away.machine = Machine.from_json(saved, clock_source=lambda: away.now)
    away.pass_time(3600)
    assert away.machine.processes.exit_code(pid) == 0
    assert away.log() == watched.log()
    assert away.states() == watched.states()


def test_removal_brings_back_what_was_there() -> None:
    world = World("exchange2003-sp1")
    before = world.machine.files.stat("C:\\Program Files\\Exchsrvr\\bin\\store.exe")
    world.install("KB870585-2003-SP1")
    folder = "C:\\WINDOWS\\$ExchUninstallKB870585$"
    assert world.machine.files.stat(folder).hidden
    pid = world.start(f"{folder}\\spuninst\\spuninst.exe", "/q /z")
    assert world.finish(pid) == 0
    assert world.machine.files.stat("C:\\Program Files\\Exchsrvr\\bin\\store.exe") == before
    assert not world.machine.files.exists(folder)
    assert not world.machine.registry.exists(f"{UPDATES}\\Exchange Server 2003\\SP2\\KB870585")
    assert world.runs[-1].removes
    assert "removal completed" in world.log("KB870585Uninst.log")


def test_without_a_backup_there_is_nothing_to_remove() -> None:
    world = World("exchange2003-sp1")
    assert world.install("KB870585-2003-SP1", "/u /q /z /n") == 0
    assert not world.machine.files.exists("C:\\WINDOWS\\$ExchUninstallKB870585$")


def test_a_second_run_keeps_the_first_backup() -> None:
    world = World("exchange2003-sp1")
    world.install("KB870585-2003-SP1")
    world.install("KB870585-2003-SP1")
    assert world.machine.files.stat("C:\\WINDOWS\\$ExchUninstallKB870585$\\store.exe").version == "6.5.7226.0"
    assert len(world.runs) == 2


def test_a_second_installer_is_refused_while_one_runs() -> None:
    world = World("exchange2003-sp1")
    path = world.stage("KB870585-2003-SP1")
    first = world.start(path)
    world.pass_time(0.3)
    second = world.start(path)
    assert world.finish(second) == 1603
    assert "already running" in world.log()
    assert world.finish(first) == 0


def test_a_foreign_installer_is_in_the_way_too() -> None:
    assert World("exchange2003-sp1", override={"processes": ["update.exe"]}).install("KB870585-2003-SP1") == 1603


def test_a_full_disk_is_noticed_before_anything_is_touched() -> None:
    world = World("exchange2003-sp1")
    path = world.stage("KB870585-2003-SP1")
    world.machine.files.set_free("C:", 8_000_000)
    assert world.finish(world.start(path)) == 1603
    assert "not enough free disk space" in world.log()
    assert "extended error code = 0x70" in world.log()
    assert world.version("store.exe") == "6.5.7226.0"


def test_without_unattended_switches_it_waits_for_a_person() -> None:
    world = World("exchange2003-sp1")
    pid = world.start(world.stage("KB870585-2003-SP1"), "/z")
    assert world.finish(pid, limit=3600) is None
    assert world.runs[-1].phase == "asking"
    assert world.state("MSExchangeIS") == "running"


# faults


def test_a_failing_exit_code_leaves_the_old_files_and_the_services_running() -> None:
    fault = {"installer_exit": {"code": 1603, "extended": 0xF01E}}
    world = World("exchange2003-sp1", faults=fault)
    before = world.states()
    assert world.install("KB870585-2003-SP1") == 1603
    assert "Failed to install catalog files." in world.log()
    assert "Update.exe extended error code = 0xf01e" in world.log()
    assert world.version("store.exe") == "6.5.7226.0"
    assert world.states() == before


def test_3010_leaves_one_file_for_the_restart() -> None:
    world = World("exchange2003-sp1", faults={"installer_exit": {"code": 3010}})
    assert world.install("KB870585-2003-SP1") == 3010
    assert (world.version("mdbmsg.dll"), world.version("store.exe")) == ("6.5.7226.0", "6.5.7232.35")
    restart.carry_out_pending(world.machine)
    assert world.version("mdbmsg.dll") == "6.5.7232.35"
    assert world.machine.registry.get(laying.RENAMES_KEY, laying.RENAMES) is None


def test_a_file_left_behind_is_not_admitted() -> None:
    world = World("exchange2003-sp1", faults={"installer_leaves": ["Mdbmsg.dll"]})
    assert world.install("KB870585-2003-SP1") == 0
    assert (world.version("mdbmsg.dll"), world.version("store.exe")) == ("6.5.7226.0", "6.5.7232.35")
    assert "Copied file:  C:\\Program Files\\Exchsrvr\\bin\\mdbmsg.dll" in world.log()


@pytest.mark.parametrize("victim", ["update.exe", "package"])
def test_a_hanging_installer_holds_the_services_until_it_is_killed(victim: str) -> None:
    world = World("exchange2003-sp1", faults={"installer_hangs": True})
    pid = world.start(world.stage("KB870585-2003-SP1"))
    assert world.finish(pid, limit=7200) is None
    assert world.state("MSExchangeIS") == "stopped"
    (worker,) = world.machine.processes.named("update.exe")
    if victim == "package":
        world.machine.processes.kill(pid)
    world.machine.processes.kill(worker.pid)
    world.pass_time(2)
    assert world.machine.processes.exit_code(pid) == 1
    assert world.runs[-1].phase == "killed"
    assert world.state("MSExchangeIS") == "stopped"


def test_one_that_never_starts_leaves_no_log() -> None:
    world = World("exchange2003-sp1", faults={"installer_never_starts": True})
    assert world.install("KB870585-2003-SP1") == 0xC0000142
    assert not world.machine.files.exists("C:\\WINDOWS\\KB870585.log")
    assert world.machine.processes.named("update.exe") == ()


@pytest.mark.parametrize(
    ("fault", "state", "mode"),
    [
        ({"service_fails": "MSExchangeIS"}, "stopped", "auto"),
        ({"service_disabled": "MSExchangeIS"}, "stopped", "disabled"),
        ({"service_late": {"name": "MSExchangeIS", "seconds": 60}}, "start pending", "auto"),
    ],
)
def test_the_installer_reports_success_although_a_service_is_not_back(fault: object, state: str, mode: str) -> None:
    world = World("exchange2003-sp1", faults=fault)
    assert world.install("KB870585-2003-SP1") == 0
    service = world.machine.services.need("MSExchangeIS")
    assert (service.state, service.start_mode) == (state, mode)


# what cannot be started


def test_a_saved_web_page_is_no_program() -> None:
    world = World("exchange2003-sp1")
    with pytest.raises(LabError, match="193"):
        world.start(world.stage("KB870585-2003-SP1-page"))
    assert world.runs == []


@pytest.mark.parametrize("switches", ["/x", "/q /forcerestart", "/uninstall /q"])
def test_switches_the_lab_leaves_out_are_refused_loudly(switches: str) -> None:
    world = World("exchange2003-sp1")
    with pytest.raises(NotModelled, match="switch"):
        world.start(world.stage("KB870585-2003-SP1"), switches)


@settings(max_examples=40)
@given(
    image=st.sampled_from([name for name in library().images if name.startswith("exchange")]),
    chain=st.lists(st.sampled_from([n for n, p in library().packages.items() if not p.damage]), max_size=4),
)
def test_whatever_is_installed_in_whatever_order_no_file_grows_older_and_services_come_back(
    image: str, chain: list[str]
) -> None:
    world = World(image)
    before, build = world.states(), world.version("store.exe")
    for package in chain:
        world.install(package)
        now = world.version("store.exe")
        assert [int(part) for part in now.split(".")] >= [int(part) for part in build.split(".")]
        build = now
    assert world.states() == before
    assert world.machine.refusals == []


@pytest.mark.parametrize(
    ("keeps", "store", "mdbmsg"),
    [
        ("none", "6.5.7226.0", "6.5.7226.0"),
        ("some", "6.5.7226.0", "6.5.7232.35"),
        ("all", "6.5.7232.35", "6.5.7232.35"),
    ],
)
def test_a_failing_installer_may_leave_files_behind(keeps: str, store: str, mdbmsg: str) -> None:
    world = World("exchange2003-sp1", faults={"installer_exit": {"code": 1603, "keeps": keeps}})
    before = world.states()
    assert world.install("KB870585-2003-SP1") == 1603
    assert (world.version("store.exe"), world.version("mdbmsg.dll")) == (store, mdbmsg)
    assert world.states() == before


def test_3010_with_all_in_place() -> None:
    world = World("exchange2003-sp1", faults={"installer_exit": {"code": 3010, "keeps": "all"}})
    assert world.install("KB870585-2003-SP1") == 3010
    assert (world.version("store.exe"), world.version("mdbmsg.dll")) == ("6.5.7232.35", "6.5.7232.35")


def test_one_that_is_killed_leaves_its_services_down() -> None:
    world = World("exchange2003-sp1", faults={"installer_killed": True})
    world.install("KB870585-2003-SP1")
    assert [run.phase for run in world.runs] == ["killed"]
    assert world.state("MSExchangeIS") == "stopped"
    assert not world.machine.processes.named("update.exe")


def test_one_that_does_nothing_ends_well() -> None:
    world = World("exchange2003-sp1", faults={"installer_silent": True})
    before = world.states()
    assert world.install("KB870585-2003-SP1") == 0
    assert world.states() == before
    assert not world.machine.files.exists("C:\\WINDOWS\\KB870585.log")
