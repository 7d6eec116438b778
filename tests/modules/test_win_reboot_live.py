"""Restarting a lab host over SSH: it goes away, comes back with another boot time, and its services with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.model import Effect, Status
from tests.modules.labhost import LabHost
from tests.modules.live import run

HOSTS = {
    "2003": ("exchange2003-sp1", {}, "wmi"),
    "2003 with broken WMI": ("exchange2003-sp1", {"wmi": "broken"}, "net statistics"),
}


def boots(lab: LabHost) -> int:
    """How often this host's event log service has started."""
    return sum(entry.event_id == 6005 for entry in lab.machine.eventlog.entries("System"))


@pytest.mark.parametrize(("image", "faults", "source"), HOSTS.values(), ids=list(HOSTS))
def test_restart(image: str, faults: dict[str, str], source: str, tmp_path: Path) -> None:
    lab = LabHost(tmp_path, image, faults=faults)
    try:
        boot, before, begun = lab.machine.boot_time, lab.machine.fingerprint(), boots(lab)
        check = run(lab, "win_reboot", check=True)
        assert [change.effect for change in check.changes] == [Effect.REBOOT]
        assert (lab.machine.boot_time, lab.machine.fingerprint()) == (boot, before)
        result = run(lab, "win_reboot", services=["SMTPSVC", "MSExchangeIS"], msg="KB870585", test_command="ver")
        assert (result.status, result.message) == (Status.CHANGED, "")
        assert lab.machine.boot_time > boot
        assert result.extra["boot_time_source"] == source
        assert lab.states()["MSExchangeIS"][0] == "running"
        assert boots(lab) == begun + 1
    finally:
        lab.close()


def test_a_restart_that_nobody_waits_for(tmp_path: Path) -> None:
    lab = LabHost(tmp_path, "windows2003")
    try:
        boot = lab.machine.boot_time
        result = run(lab, "win_reboot", wait=False, pre_reboot_delay=0)
        assert (result.status, result.extra["waited"]) == (Status.CHANGED, False)
        assert run(lab, "win_reboot", services=["RpcSs"], pre_reboot_delay=0).status is Status.CHANGED
        assert lab.machine.boot_time > boot
    finally:
        lab.close()
