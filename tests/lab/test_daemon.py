"""The lab as a process: it starts once, keeps its state through every kind of end, and says what it built anew."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import paramiko
import pytest

from remediate.errors import UserError
from remediate.lab import control, inventory
from remediate.lab.folder import LabFolder, lab_folder, read_json
from tests.patience import LIMIT, until

TWO: dict[str, Any] = {"ex1": {"image": "exchange2003-sp1"}, "ex2": {"image": "exchange2003-rtm"}}


class Lab:
    """One lab inventory in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lab.yml"
        self.state_root = folder / "state"
        self.said: list[str] = []

    @property
    def folder(self) -> LabFolder:
        return lab_folder(self.path, self.state_root)

    def expand(self, hosts: Mapping[str, object], *, start: bool = True, **more: object) -> dict[str, Any]:
        self.said.clear()
        data = {"plugin": "lab", "hosts": hosts, **more}
        found = inventory.expand(data, self.path, state_root=self.state_root, start=start, say=self.said.append)
        return json.loads(json.dumps(found))["all"]  # type: ignore[no-any-return]

    def status(self, name: str = "ex1") -> dict[str, Any]:
        rows: Any = control.status(self.path, self.state_root)["hosts"]
        return next(row for row in rows if row["name"] == name)

    @property
    def pid(self) -> int:
        return int(str(read_json(self.folder.daemon)["pid"]))

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: not control.running(self.folder))

    def down(self) -> bool:
        return control.down(self.path, self.state_root)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.down()


def log_on(found: Mapping[str, Any], name: str) -> paramiko.SSHClient:
    """A client that knows only what the inventory says."""
    host, client = found["hosts"][name], paramiko.SSHClient()
    client.load_host_keys(found["vars"]["ssh_known_hosts"])
    client.connect(
        host["ansible_host"],
        host["ansible_port"],
        username=host["ansible_user"],
        password=host.get("ansible_password"),
        key_filename=host.get("ansible_ssh_private_key_file"),
        look_for_keys=False,
        allow_agent=False,
    )
    return client


def run(found: Mapping[str, Any], name: str, line: str) -> tuple[str, int]:
    client = log_on(found, name)
    try:
        given, out, _ = client.exec_command(line, timeout=LIMIT)
        given.channel.shutdown_write()
        return out.read().decode(), out.channel.recv_exit_status()
    finally:
        client.close()


def stage(found: Mapping[str, Any], name: str, package: str) -> str:
    """Upload a package as the inventory hands it out; its path on the host."""
    client = log_on(found, name)
    try:
        with client.open_sftp() as sftp:
            sftp.put(found["vars"]["packages"][package]["file"], "C:/WINDOWS/Temp/hotfix.exe")
    finally:
        client.close()
    return "C:\\WINDOWS\\Temp\\hotfix.exe"


def test_every_port_answers_with_the_key_the_inventory_names(lab: Lab) -> None:
    hosts: dict[str, Any] = {
        **TWO,
        "old": {"image": "exchange2000-sp3", "override": {"ssh": "legacy"}},
        "keyed": {"image": "exchange2003-sp2", "login": "key"},
    }
    found = lab.expand(hosts)
    answers = {name: run(found, name, "ver")[0].strip() for name in hosts}
    assert answers["ex1"] == answers["keyed"] == "Microsoft Windows [Version 5.2.3790]"
    assert answers["old"] == "Microsoft Windows 2000 [Version 5.0.2195]"
    assert found["hosts"]["old"]["ssh_legacy"] is True
    assert "ansible_password" not in found["hosts"]["keyed"]


def test_a_second_start_finds_the_first_and_ports_stay_the_same(lab: Lab) -> None:
    first, pid = lab.expand(TWO), lab.pid
    assert lab.expand(TWO) == first
    assert lab.pid == pid
    assert lab.down()
    assert not lab.down()
    assert lab.expand(TWO) == first
    assert lab.pid != pid


def test_two_starts_at_once_make_one_process(lab: Lab) -> None:
    script = (
        "import sys, pathlib, json; from remediate.lab import inventory; p = pathlib.Path(sys.argv[1]);"
        "inventory.expand(json.loads(sys.argv[2]), p, state_root=pathlib.Path(sys.argv[3]), start=True)"
    )
    data = json.dumps({"plugin": "lab", "hosts": TWO})
    command = [sys.executable, "-c", script, str(lab.path), data, str(lab.state_root)]
    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(lambda _: subprocess.run(command, capture_output=True, check=False), range(3)))
    assert [(one.returncode, one.stderr) for one in done] == [(0, b"")] * 3
    log = lab.folder.log.read_text()
    assert "Traceback" not in log
    assert run(lab.expand(TWO), "ex1", "ver")[1] == 0


def test_state_survives_being_stopped(lab: Lab) -> None:
    found = lab.expand(TWO)
    run(found, "ex1", "echo kept> C:\\kept.txt")
    before = lab.status()["fingerprint"]
    lab.down()
    assert lab.status()["fingerprint"] == before  # as left, nothing running
    assert run(lab.expand(TWO), "ex1", "type C:\\kept.txt") == ("kept\r\n", 0)
    assert lab.said == []


def test_kill_9_in_the_middle_of_an_install_goes_on_where_it_was(lab: Lab) -> None:
    held = {"ex1": {"image": "exchange2003-sp1", "speed": 5, "faults": {"drop": ["polling"]}}}  # waits for a look
    found = lab.expand(held)
    path = stage(found, "ex1", "KB870585-2003-SP1")
    client = log_on(found, "ex1")
    client.exec_command(f"{path} /u /q /z")
    until(lambda: lab.status()["installers_started"])
    assert lab.status()["installers"][0]["phase"] != "done"
    lab.kill()
    client.close()
    found = lab.expand(held)
    assert lab.said == []
    assert lab.status()["installers"][0]["phase"] != "done"
    until(lambda: lab.status()["build"] == "6.5.7232.35")
    with suppress(OSError, EOFError, paramiko.SSHException):
        assert run(found, "ex1", "echo looks") == ("", -1), "the line drops instead of an answer"
    until(lambda: lab.status()["installers"][0]["phase"] == "done")
    assert [run["exit_code"] for run in lab.status()["installers"]] == [0]
    assert lab.status()["services_not_running"] == []


def test_what_was_answered_is_on_disk(lab: Lab) -> None:
    found = lab.expand(TWO)
    for number in range(3):
        run(found, "ex1", f"echo kept> C:\\{number}.txt")
        lab.kill()
        found = lab.expand(TWO)
        assert run(found, "ex1", f"type C:\\{number}.txt")[0] == "kept\r\n"


def test_reset_brings_the_images_back(lab: Lab) -> None:
    found = lab.expand(TWO)
    fresh = {name: lab.status(name)["fingerprint"] for name in TWO}
    for name in TWO:
        run(found, name, "echo x> C:\\x.txt")
    assert control.reset(lab.path, lab.state_root, ["ex1"]) == ["ex1"]
    assert run(found, "ex1", "type C:\\x.txt")[1] == 1
    assert run(found, "ex2", "type C:\\x.txt")[1] == 0
    lab.down()
    assert control.reset(lab.path, lab.state_root) == ["ex1", "ex2"]
    lab.expand(TWO)
    assert {name: lab.status(name)["services_running"] for name in TWO} == {"ex1": 20, "ex2": 20}
    assert run(found, "ex2", "type C:\\x.txt")[1] == 1
    assert set(fresh) == {"ex1", "ex2"}


def test_only_what_changed_is_built_anew_and_said(lab: Lab) -> None:
    found = lab.expand(TWO)
    for name in TWO:
        run(found, name, "echo x> C:\\x.txt")
    pid = lab.pid
    changed = {"ex1": TWO["ex1"], "ex2": {"image": "exchange2003-sp2"}, "ex3": {"image": "windows2003"}}
    found = lab.expand(changed)
    assert lab.pid == pid
    assert lab.said == ["lab: ex2: built anew, its declaration or image changed"]
    assert [run(found, name, "type C:\\x.txt")[1] for name in changed] == [0, 1, 1]
    lab.expand({"ex3": changed["ex3"]})
    assert sorted(lab.said) == [f"lab: {name}: not declared any more, its state is gone" for name in ("ex1", "ex2")]


def test_a_damaged_state_file_costs_that_host_only(lab: Lab) -> None:
    found = lab.expand(TWO)
    run(found, "ex2", "echo x> C:\\x.txt")
    lab.down()
    (lab.folder.hosts / "ex1.json").write_text('{"fingerprint": ')
    found = lab.expand(TWO)
    assert lab.said == ["lab: ex1: built anew, its saved state is damaged"]
    assert run(found, "ex2", "type C:\\x.txt")[1] == 0


def test_a_stale_pid_file_is_no_daemon(lab: Lab) -> None:
    lab.expand(TWO, start=False)
    lab.folder.daemon.write_text(json.dumps({"pid": os.getpid(), "port": 1, "token": "x"}))
    assert not control.running(lab.folder)
    assert not lab.down()  # and this process is not killed
    assert run(lab.expand(TWO), "ex1", "ver")[1] == 0


def test_a_port_that_is_taken_meanwhile_is_replaced(lab: Lab) -> None:
    port = lab.expand(TWO)["hosts"]["ex1"]["ansible_port"]
    lab.down()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        found = lab.expand(TWO)
        assert found["hosts"]["ex1"]["ansible_port"] != port
        assert run(found, "ex1", "ver")[1] == 0


def test_an_older_lab_s_process_is_replaced(lab: Lab) -> None:
    lab.expand(TWO)
    pid, told = lab.pid, read_json(lab.folder.daemon)
    lab.folder.daemon.write_text(json.dumps({**told, "source": "older"}))
    lab.expand(TWO)
    assert lab.pid != pid
    assert lab.said == ["lab: its code changed, its process is started anew"]


def test_a_stranger_on_the_control_port_gets_nothing(lab: Lab) -> None:
    lab.expand(TWO)
    told = read_json(lab.folder.daemon)
    for line in (b'{"do": "stop", "token": "guess"}\n', b"[]\n", b"junk\n", b""):
        with socket.create_connection(("127.0.0.1", int(str(told["port"]))), timeout=LIMIT) as sock:
            sock.sendall(line)
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(10) == b""
    assert control.running(lab.folder)
    assert lab.folder.daemon.stat().st_mode & 0o077 == 0


def test_status_tells_refusals_and_executions(lab: Lab) -> None:
    found = lab.expand(TWO)
    run(found, "ex1", "frobnicate /all")
    row = lab.status()
    assert (row["executions"], row["logons"], row["image"], row["build"]) == (1, 1, "exchange2003-sp1", "6.5.7226.0")
    assert row["port"] == found["hosts"]["ex1"]["ansible_port"]
    assert "frobnicate" in row["refusals"][0]


def test_names_the_lab_does_not_know_start_nothing(lab: Lab) -> None:
    with pytest.raises(UserError, match="no image 'exchange2004'"):
        lab.expand({"ex1": {"image": "exchange2004"}})
    assert not control.running(lab.folder)
    assert not lab.folder.plan.exists()


@pytest.mark.parametrize("told", ["changed", "unknown"])
def test_known_hosts_can_be_made_to_disagree(lab: Lab, told: str) -> None:
    found = lab.expand({"ex1": {"image": "exchange2003-sp1", "override": {"host_key": told}}})
    with pytest.raises(paramiko.SSHException, match=r"not found in known_hosts|does not match"):
        log_on(found, "ex1").close()
