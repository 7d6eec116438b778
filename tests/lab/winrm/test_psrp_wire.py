"""The PowerShell shell over HTTP: log-on, what counts, quota, faults of the wire, and a host that goes away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pypsrp.client import Client
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from remediate.lab.drops import struck
from tests.lab.winrm.straight import cmdlet, script
from tests.lab.winrmhost import WinrmWire, winrm_host
from tests.patience import until

WAYS: dict[str, dict[str, Any]] = {
    "2.1 sealed ntlm": {},
    "2.3 sealed ntlm": {"version": "2.3"},
    "2.1 basic over tls": {"transport": "https", "auth": ("basic",)},
    "2.3 ntlm over tls": {"version": "2.3", "transport": "https"},
}


@pytest.fixture(params=WAYS)
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WinrmWire]:
    with winrm_host(tmp_path, **WAYS[request.param]) as host:
        yield host


def test_a_command_and_its_exit_code_are_one_execution(wire: WinrmWire) -> None:
    with WSMan(**wire.pypsrp()) as wsman, RunspacePool(wsman) as pool:
        assert cmdlet(pool, "cmd.exe", "/c", "echo one& exit 3").output == ["one"]
        assert script(pool, "$LASTEXITCODE").output == [3]
        assert pool.protocol_version == wire.spec.version
        assert wire.winrm.service.open_shells == 1
    assert (wire.served.logons, wire.served.executions) == (1, 1)
    assert wire.winrm.service.open_shells == 0


def test_a_file_goes_there_and_back(wire: WinrmWire, tmp_path: Path) -> None:
    source, back = tmp_path / "source", tmp_path / "back"
    source.write_bytes(hashlib.shake_128(b"seed").digest(1_500_000))
    with Client(**wire.pypsrp()) as client:
        client.copy(str(source), "C:\\WINDOWS\\Temp\\a.bin")
        client.fetch("C:\\WINDOWS\\Temp\\a.bin", str(back))
    assert wire.machine.files.read("C:\\WINDOWS\\Temp\\a.bin") == source.read_bytes() == back.read_bytes()
    assert wire.winrm.service.open_shells == 0


def test_a_user_has_five_pools_at_most(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire:
        lines = [WSMan(**wire.pypsrp()) for _ in range(6)]
        pools = [RunspacePool(line) for line in lines]
        for pool in pools[:5]:
            pool.open()
        with pytest.raises(WSManFaultError, match="maximum number of 5 concurrent shells"):
            pools[5].open()
        for pool in pools[:5]:
            pool.close()
        pools[5].open()
        pools[5].close()
        for line in lines:
            line.close()


def test_an_upload_that_is_cut_and_a_pool_that_lives_on(tmp_path: Path) -> None:
    with winrm_host(tmp_path, faults={"drop": ["upload"]}) as wire:
        with WSMan(**wire.pypsrp()) as wsman:
            pool = RunspacePool(wsman)
            pool.open()
            shell = PowerShell(pool).add_cmdlet("cmd.exe").add_argument("/c").add_argument('findstr "^" > C:\\a.txt')
            with pytest.raises(requests.exceptions.RequestException):
                shell.invoke(input=(["x" * 900] for _ in range(400)))
            assert struck(wire.machine) == ["upload"]
        with WSMan(**wire.pypsrp()) as wsman:
            pool.connection = pool.shell.wsman = wsman
            shell.stop()
            assert cmdlet(pool, "hostname.exe").output == ["ex1"]
            pool.close()
        assert not wire.machine.files.exists("C:\\a.txt")


def test_a_pool_whose_client_lost_an_answer_stays_until_it_is_idle(tmp_path: Path) -> None:
    with winrm_host(tmp_path, faults={"winrm": ["cut_reply"]}) as wire:
        with WSMan(**wire.pypsrp()) as wsman, pytest.raises(requests.exceptions.RequestException):
            RunspacePool(wsman).open()
        assert struck(wire.machine) == ["winrm cut_reply"]
        with WSMan(**wire.pypsrp()) as wsman, RunspacePool(wsman) as pool:
            assert cmdlet(pool, "hostname.exe").output == ["ex1"]
        assert wire.winrm.service.open_shells == 1


def test_a_restart_ends_every_pool(tmp_path: Path) -> None:
    with winrm_host(tmp_path) as wire, WSMan(**wire.pypsrp()) as wsman:
        pool = RunspacePool(wsman)
        pool.open()
        assert script(pool, "'there'").output == ["there"]
        with pytest.raises((requests.exceptions.RequestException, WSManFaultError)):
            cmdlet(pool, "shutdown.exe", "-r", "-t", "0", "-f")
        until(lambda: wire.winrm.service.open_shells == 0)  # the lines are cut first
