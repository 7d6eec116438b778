"""Images: each level looks as a server of that level does, and overrides change what they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.errors import UserError
from remediate.lab import hostspec, images, keeper, laying
from remediate.lab.installation import SETUP_KEY, UNINSTALL_KEY
from remediate.lab.machine import Machine
from tests.lab.worlds import World, library

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "images.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["image"]))
def test_a_level_shows_in_files_and_registry(case: dict[str, Any]) -> None:
    machine = World(case["image"]).machine
    assert keeper.build_of(machine) == case["store"]
    assert machine.registry.value(SETUP_KEY, "Services Version") == case["version"]
    assert machine.registry.value(SETUP_KEY, "ServicePackNumber") == case["pack"]
    assert machine.registry.value(f"{UNINSTALL_KEY}\\Microsoft Exchange", "DisplayName") == case["product"]
    assert machine.os.version == case["windows"]


def test_every_image_is_covered() -> None:
    assert {case["image"] for case in CASES} == set(library().images)


@pytest.mark.parametrize("name", sorted(library().images))
def test_automatic_services_run_and_what_they_need_exists(name: str) -> None:
    machine = World(name).machine
    every = {s.name.lower() for drivers in (True, False) for s in machine.services.all(drivers=drivers)}
    for service in machine.services.all():
        assert (service.state == "running") == (service.start_mode == "auto"), service
        assert {needed.lower() for needed in service.depends} <= every


@pytest.mark.parametrize("name", sorted(library().images))
def test_a_saved_host_comes_back_the_same(name: str) -> None:
    machine = World(name).machine
    saved = machine.to_json()
    assert Machine.from_json(json.loads(json.dumps(saved))).to_json() == saved


def test_the_later_update_left_its_traces() -> None:
    machine = World("exchange2003-sp1-later").machine
    assert machine.files.is_file("C:\\WINDOWS\\$NTUninstallKB916803$\\spuninst\\spuninst.exe")
    assert machine.registry.exists("HKLM\\SOFTWARE\\Microsoft\\Updates\\Exchange Server 2003\\SP2\\KB916803")


def test_sp1_over_a_fixed_rtm_server_is_unfixed_though_its_number_is_higher() -> None:
    world = World("exchange2003-rtm", override={"installed": ["KB870585-2003-RTM", "KB836993-2003-SP1"]})
    assert world.version("store.exe") == "6.5.7226.0"
    assert world.machine.registry.exists("HKLM\\SOFTWARE\\Microsoft\\Updates\\Exchange Server 2003\\SP1\\870585")


def test_overrides_change_what_they_name() -> None:
    world = World(
        "exchange2003-sp1",
        override={
            "language": 1031,
            "time_zone": "berlin",
            "daylight": True,
            "install_path": "D:\\Exchsrvr",
            "files": {"mdbmsg.dll": "6.5.7232.35", "mdbtask.dll": ""},
            "registry": {"HKLM\\SOFTWARE\\Test": {"Count": 3, "Name": "x"}},
            "services": {"MSExchangeMTA": {"start_mode": "disabled", "state": "stopped"}},
            "processes": ["update.exe"],
            "free_bytes": 123_456_789,
            "pending_reboot": True,
        },
    )
    machine = world.machine
    assert machine.os.language == 1031
    assert (machine.clock.active_bias, machine.clock.daylight_name) == (-120, "W. Europe Daylight Time")
    assert machine.files.is_file("D:\\Exchsrvr\\bin\\store.exe")
    assert world.version("mdbmsg.dll") == "6.5.7232.35"
    assert not machine.files.exists("D:\\Exchsrvr\\bin\\mdbtask.dll")
    assert machine.registry.value("HKLM\\SOFTWARE\\Test", "Count") == 3
    service = machine.services.need("MSExchangeMTA")
    assert (service.state, service.start_mode, service.pid) == ("stopped", "disabled", 0)
    assert machine.processes.named("emsmta.exe") == ()
    assert len(machine.processes.named("update.exe")) == 1
    assert machine.files.free_bytes() == 123_456_789
    assert machine.registry.get(laying.RENAMES_KEY, laying.RENAMES) is not None


def test_a_cluster_node_has_the_cluster_service_and_manual_start_types() -> None:
    services = World("exchange2003-sp1", override={"cluster": True}).machine.services
    assert services.need("ClusSvc").state == "running"
    assert {services.need(name).start_mode for name in ("MSExchangeIS", "MSExchangeSA")} == {"manual"}


def test_a_front_end_runs_other_services() -> None:
    world = World("exchange2003-sp1", override={"front_end": True})
    assert (world.state("MSExchangeMTA"), world.state("POP3Svc")) == ("stopped", "running")


def test_a_wrong_clock_wins_over_the_time_zone() -> None:
    fault = {"clock": {"skew_seconds": 3600, "bias_minutes": 0}}
    world = World("exchange2003-sp1", override={"time_zone": "tokyo"}, faults=fault)
    assert world.machine.clock.active_bias == 0
    assert (world.machine.now() - world.now).total_seconds() == 3600


@pytest.mark.parametrize(
    ("declared", "error", "hint"),
    [
        ({"image": "exchange2003-sp3"}, "no image 'exchange2003-sp3'", "exchange2003-sp"),
        ({"image": "exchange2003-sp1", "override": {"time_zone": "berln"}}, "no time zone", "berlin"),
        ({"image": "exchange2003-sp1", "override": {"installed": ["KB1"]}}, "no package 'KB1'", "known:"),
        ({"image": "exchange2003-sp1", "override": {"langage": 1031}}, "'langage' is not known", "language"),
        ({"image": "exchange2003-sp1", "override": {"ssh": "old"}}, "ssh cannot be 'old'", "legacy"),
        ({"imge": "exchange2003-sp1"}, "image is missing", ""),
        ({"image": "exchange2003-sp1", "speed": 0}, "speed must be above 0", ""),
    ],
)
def test_slips_are_named(declared: dict[str, Any], error: str, hint: str) -> None:
    with pytest.raises(UserError, match=error) as caught:
        images.check(hostspec.parse("ex1", declared), library())
    assert hint in caught.value.hint


def test_a_fingerprint_tells_declarations_apart() -> None:
    def of(**declared: object) -> str:
        return images.fingerprint(hostspec.parse("ex1", {"image": "exchange2003-sp1", **declared}), library())

    assert of() == of()
    assert len({of(), of(speed=2.0), of(override={"language": 1031}), of(faults={"disk_full": True})}) == 4


def test_a_declaration_survives_saving() -> None:
    spec = hostspec.parse(
        "ex1",
        {
            "image": "exchange2003-sp1",
            "override": {
                "files": {"a.dll": "1.2.3.4"},
                "registry": {"HKLM\\X": {"n": 1}},
                "free_bytes": 5,
                "sftp": False,
            },
            "faults": {"drop": ["upload"]},
            "authorized_keys": ["ssh-ed25519 AAAA"],
        },
    )
    assert hostspec.from_json(json.loads(json.dumps(hostspec.to_json(spec)))) == spec
