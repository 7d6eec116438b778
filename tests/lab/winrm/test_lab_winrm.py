"""WinRM hosts in a lab's inventory: what is declared, what clients are told, and that the lab's process serves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import WinRS
from pypsrp.wsman import WSMan

from remediate.errors import UserError
from remediate.lab import hostspec
from tests.lab.test_daemon import Lab
from tests.lab.winrm.piped import PipedProcess


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.down()


def parsed(**declared: object) -> hostspec.HostSpec:
    return hostspec.parse("ex1", {"image": "exchange2003-sp1", **declared})


def test_a_road_brings_a_listener_with_it() -> None:
    assert parsed().winrm is None
    for road in ("winrm", "psrp"):
        found = parsed(connection=road).winrm
        assert found is not None
        assert (found.transport, found.version, found.auth) == ("http", "2.1", ("ntlm",))


def test_a_host_reached_by_ssh_can_have_winrm_too() -> None:
    spec = parsed(winrm={"transport": "https", "auth": ["basic"]})
    assert (spec.connection, spec.winrm is not None) == ("ssh", True)
    assert hostspec.from_json(hostspec.to_json(spec)) == spec


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"connection": "winmr"}, "did you mean 'winrm'"),
        ({"winrm": {"transport": "htps"}}, "did you mean 'https'"),
        ({"winrm": {"version": "2.2"}}, "version cannot be '2.2'"),
        ({"winrm": {"auth": ["kerberos"]}}, "some of ntlm, basic, certificate"),
        ({"winrm": {"auth": ["basic"]}}, "it alone seals"),
        ({"winrm": {"port": 5985}}, "'port' is not known"),
        ({"faults": {"winrm": ["cut"]}}, "knows no fault 'cut'"),
        ({"faults": {"certificate": "old"}}, "certificate cannot be 'old'"),
    ],
)
def test_slips_are_named(declared: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as told:
        parsed(**declared)
    assert said in f"{told.value} {told.value.hint}"


def client(told: dict[str, Any]) -> WSMan:
    """pypsrp with what the inventory says."""
    psrp = told["ansible_connection"] == "psrp"
    scheme = told["ansible_psrp_protocol" if psrp else "ansible_winrm_scheme"]
    how: dict[str, Any] = {"auth": told["ansible_psrp_auth" if psrp else "ansible_winrm_transport"]}
    if scheme == "https":
        how["cert_validation"] = told["ansible_psrp_ca_cert" if psrp else "ansible_winrm_ca_trust_path"]
    if how["auth"] == "certificate":
        how["certificate_pem"] = told["ansible_winrm_cert_pem"]
        how["certificate_key_pem"] = told["ansible_winrm_cert_key_pem"]
    password = told.get("ansible_password")
    user = told["ansible_user"]
    address, port = told["ansible_host"], told["ansible_port"]
    return WSMan(address, port=port, username=user, password=password, ssl=scheme == "https", no_proxy=True, **how)


def test_the_lab_serves_what_the_inventory_says(lab: Lab) -> None:
    hosts = {
        "ex1": {"image": "windows2003", "connection": "winrm"},
        "ex2": {
            "image": "windows2003",
            "connection": "winrm",
            "winrm": {"transport": "https", "auth": ["certificate"]},
        },
        "ex3": {"image": "windows2003", "connection": "psrp", "winrm": {"transport": "https", "auth": ["basic"]}},
    }
    told = lab.expand(hosts)["hosts"]
    for name in ("ex1", "ex2"):
        with client(told[name]) as wsman, WinRS(wsman) as shell:
            process = PipedProcess(shell, "echo %COMPUTERNAME%")
            process.begin_invoke()
            process.end_invoke()
            assert process.stdout.strip().lower() == name.encode()
        assert lab.status(name)["winrm_port"] == told[name]["ansible_port"]
        assert (lab.status(name)["logons"], lab.status(name)["executions"]) == (1, 1)
    with client(told["ex3"]) as wsman, RunspacePool(wsman) as pool:
        output = PowerShell(pool).add_cmdlet("cmd.exe").add_argument("/c").add_argument("ver").invoke()
        assert "5.2.3790" in "".join(output)
    again = lab.expand(hosts)["hosts"]
    assert again == told
    assert lab.said == []


def test_ports_stay_and_a_listener_can_come_and_go(lab: Lab) -> None:
    first = lab.expand({"ex1": {"image": "windows2003", "connection": "winrm"}})["hosts"]["ex1"]
    lab.down()
    second = lab.expand({"ex1": {"image": "windows2003", "connection": "winrm"}})["hosts"]["ex1"]
    assert first["ansible_port"] == second["ansible_port"]
    third = lab.expand({"ex1": {"image": "windows2003"}})["hosts"]["ex1"]
    assert third["ansible_port"] != first["ansible_port"]
    assert "ansible_connection" not in third
    with pytest.raises(OSError, match=r"refused|NewConnectionError"), client(first) as wsman, WinRS(wsman):
        pass
