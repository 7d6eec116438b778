"""``remediate ping`` against a lab of hosts that answer and hosts that cannot be had."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from remediate.commands import ping
from remediate.commands.pinging import Answer
from remediate.connections.endpoint import endpoint
from remediate.project.outside import Outside
from tests.commands.driver import Done, Screen, remediate

PASSWORD = "not-a-word-17"
LAB = f"""\
plugin: lab
speed: 50
vars: {{ansible_password: {PASSWORD}}}
hosts:
  fine: {{image: exchange2003-sp1, password: {PASSWORD}}}
  old: {{image: exchange2000-sp3, password: {PASSWORD}, override: {{sftp: false}}}}
  late: {{image: exchange2003-sp2, password: {PASSWORD}, faults: {{clock: {{skew_seconds: -720}}}}}}
"""

WINRM = f"""\
plugin: lab
password: {PASSWORD}
hosts:
  sealed: {{image: exchange2003-sp1, connection: winrm}}
  shell: {{image: exchange2003-sp1, connection: psrp, winrm: {{transport: https, version: "2.3"}}}}
  tls:
    image: exchange2003-sp1
    connection: winrm
    winrm: {{transport: https}}
    vars: {{ansible_winrm_ca_trust_path: ""}}
"""
OFF = f"""\
plugin: lab
hosts:
  mute:
    image: exchange2003-sp1
    password: {PASSWORD}
    override:
      registry:
        HKLM\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings: {{Enabled: 0}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("ping")
    (folder / "lab.yml").write_text(LAB, encoding="utf-8")
    (folder / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    yield folder
    remediate("lab", "down", folder=folder)


def answers(project: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = remediate("ping", *words, "--format", "json", folder=project)
    assert PASSWORD not in done.out + done.err
    return done.code, {host["host"]: host for host in json.loads(done.out)}


def test_every_host_tells_who_it_is(project: Path) -> None:
    code, hosts = answers(project)
    assert code == 0
    assert list(hosts) == ["fine", "old", "late"], "in the order of the inventory, whoever was first"
    assert [host["outcome"] for host in hosts.values()] == ["answers"] * 3
    fine, old = hosts["fine"], hosts["old"]
    assert (fine["road"], fine["login"], fine["account"]) == ("ssh", "password", "FINE\\Administrator")
    assert (fine["windows"], old["windows"]) == ("5.2.3790", "5.0.2195")
    assert (fine["script_host"], fine["engine"]) == ("5.6", "5.6.8820")
    assert abs(fine["clock_skew_seconds"]) <= fine["clock_doubt_seconds"] + 0.2
    assert not fine["notes"]
    assert any("no SFTP" in note for note in old["notes"])


def test_a_clock_kerberos_would_refuse_is_warned_of(project: Path) -> None:
    code, hosts = answers(project, "late,fine")
    assert code == 0, "it can be worked with all the same"
    assert hosts["late"]["clock_skew_seconds"] == pytest.approx(-720, abs=5)
    assert "12 minutes behind" in hosts["late"]["warnings"][0]
    assert hosts["fine"]["warnings"] == []


def test_what_a_person_sees(project: Path) -> None:
    done = remediate("ping", "-v", folder=project)
    lines = done.out.splitlines()
    assert lines[0].split() == ["host", "outcome", "road", "log-in", "Windows", "script", "host", "account", "clock"]
    assert [line.split()[:2] for line in lines[1:4]] == [[name, "answers"] for name in ("fine", "old", "late")]
    assert lines[3].endswith("-12 min")
    assert any(line.startswith("note: old: no SFTP") for line in lines)
    assert lines[-1].startswith("3 hosts: 3 answer (")
    assert sorted(line.split()[1] for line in done.err.splitlines()) == ["fine", "late", "old"]


def test_a_host_that_cannot_be_had_hurts_no_other(project: Path) -> None:
    path = project / "gone.yml"
    path.write_text("all: {hosts: {gone: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n", encoding="utf-8")
    code, hosts = answers(project, "all", "-l", "fine,gone", "-i", "lab.yml", "-i", "gone.yml")
    assert code == 4
    assert {name: host["outcome"] for name, host in hosts.items()} == {"fine": "answers", "gone": "unreachable"}
    assert hosts["gone"]["kind"] == "refused"
    assert "is the SSH server running there" in hosts["gone"]["remedy"]


def test_a_password_that_does_not_fit(project: Path) -> None:
    done = remediate("ping", "fine", "-e", "ansible_password=wrong-one", folder=project)
    assert done.code == 4
    assert "fine: unreachable: " in done.out
    assert "remedy: check user and password" in done.out
    assert "is the account locked" in done.out
    assert "denied by policy" in done.out
    assert "wrong-one" not in done.out
    assert done.out.splitlines()[-1].startswith("1 host: 1 unreachable (")


@pytest.mark.parametrize("sftp", ["auto", "never"])
def test_a_folder_that_cannot_be_written_to(project: Path, sftp: str) -> None:
    code, hosts = answers(project, "fine", "-e", json.dumps({"remote_folder": "Q:\\toolkit", "ssh_sftp": sftp}))
    assert (code, hosts["fine"]["outcome"]) == (4, "failed")
    assert hosts["fine"]["login"] == "password", "it did log in"
    assert "Q:\\toolkit cannot be written to" in hosts["fine"]["remedy"]


def test_a_script_host_switched_off_by_policy(project: Path) -> None:
    (project / "off.yml").write_text(OFF, encoding="utf-8")
    try:
        code, hosts = answers(project, "-i", "off.yml")
    finally:
        remediate("lab", "down", "-i", "off.yml", folder=project)
    assert (code, hosts["mute"]["outcome"], hosts["mute"]["windows"]) == (4, "failed", "5.2.3790")
    assert "access is disabled on this machine" in hosts["mute"]["message"]
    assert "switched off by policy: set Enabled to 1 in HKLM" in hosts["mute"]["remedy"]


def test_the_other_road(project: Path) -> None:
    (project / "winrm.yml").write_text(WINRM, encoding="utf-8")
    try:
        code, hosts = answers(project, "sealed,shell", "-i", "winrm.yml")
        refused, strangers = answers(project, "sealed", "-i", "winrm.yml", "-e", "ansible_password=wrong-one")
        closed, away = answers(project, "sealed", "-i", "winrm.yml", "-e", "ansible_port=1")
        unsafe, unknown = answers(project, "tls", "-i", "winrm.yml")
    finally:
        remediate("lab", "down", "-i", "winrm.yml", folder=project)
    assert code == 0
    assert (hosts["sealed"]["road"], hosts["sealed"]["login"]) == ("winrs over http, sealed", "ntlm")
    assert hosts["shell"]["road"] == "psrp 2.3 over https"
    assert hosts["shell"]["account"] == "SHELL\\Administrator"
    assert (refused, strangers["sealed"]["kind"]) == (4, "auth")
    assert "clocks within 5 minutes" in strangers["sealed"]["remedy"]
    assert (closed, away["sealed"]["kind"]) == (4, "refused")
    assert "winrm quickconfig" in away["sealed"]["remedy"]
    assert (unsafe, unknown["tls"]["kind"]) == (4, "tls")
    assert unknown["tls"]["remedy"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nobody"], "error: "),
        (["fine:!fine"], "error: no host matches 'fine:!fine'"),
        (["fine", "-e", "ansible_connection=carrier_pigeon"], "ansible_connection cannot be 'carrier_pigeon'"),
        (["fine", "-e", "ansible_port=high"], "must be a port"),
    ],
)
def test_mistakes_are_found_before_a_host_is_contacted(project: Path, words: list[str], says: str) -> None:
    done: Done = remediate("ping", *words, folder=project)
    assert (done.code, done.out) == (1, "")
    assert says in done.err


def test_addresses_may_be_templates(project: Path) -> None:
    code, hosts = answers(project, "fine", "-e", "ansible_host={{inventory_hostname}}{{groups.all|length}}..invalid")
    assert (code, hosts["fine"]["kind"]) == (4, "name")
    assert hosts["fine"]["address"].startswith("fine3..invalid:")


def test_stopped_before_it_began() -> None:
    stop = threading.Event()
    stop.set()
    heard: list[Answer] = []
    where = [endpoint("ex1", {"ansible_host": "127.0.0.1"})]
    assert ping.ask(where, 2, stop, threading.Event(), heard.append) == heard == []


def test_a_terminal_sees_how_far_it_is(project: Path) -> None:
    screen = Screen(tty=True)
    outside = Outside(stdin=Screen(), stdout=Screen(), stderr=screen, environ={}, folder=project)
    counter = ping.Counter(outside, 2, verbose=False)
    counter.count(Answer(host="a", address="", connection="ssh", status="failed"))
    counter.close()
    assert "1 of 2 hosts, 1 of them not to be had" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")
