"""Connection variables that cannot be are found before any host is met: all of all hosts, where they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.driver import remediate

SITE = "- hosts: all\n  tasks:\n    - win_stat: {path: 'C:\\x'}\n"
WRONG = """\
all:
  vars: {connect_timeout: soon}
  hosts:
    one: {ansible_host: 127.0.0.1, ansible_port: ssh}
    two: {ansible_host: 127.0.0.1, ansible_port: [1], ssh_legacy: perhaps}
    three: {ansible_host: 127.0.0.1, ansible_port: 99999}
    four: {ansible_host: 127.0.0.1, ansible_connection: telnet}
    five: {ansible_host: 127.0.0.1, ansible_port: "{{ 70000 + 1 }}", ssh_host_key: strickt}
    six: {ansible_host: 127.0.0.1, ansible_port: ²}
"""
TOLD = (
    "hosts.yml:2:27: connect_timeout must be a number of seconds, not 'soon'\n  hint: as in connect_timeout: 30",
    "hosts.yml:4:50: ansible_port must be a port from 1 to 65535, not 'ssh'\n  hint: a number, as in ansible_port: 22",
    "hosts.yml:5:50: ansible_port must be text, not a list",
    "hosts.yml:5:67: ssh_legacy must be true or false, not 'perhaps'\n  hint: as in ssh_legacy: true",
    "hosts.yml:6:52: ansible_port must be a port from 1 to 65535, not '99999'",
    "hosts.yml:7:57: ansible_connection cannot be 'telnet'\n  hint: there are: ",
    "hosts.yml:8:51: ansible_port must be a port from 1 to 65535, not '70001'",
    "hosts.yml:8:84: ssh_host_key cannot be 'strickt'\n  hint: did you mean 'strict'?",
    "hosts.yml:9:50: ansible_port must be a port from 1 to 65535, not '²'",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yml").write_text(WRONG, encoding="utf-8")
    (tmp_path / "site.yml").write_text(SITE, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", ["run", "plan", "verify", "lint"])
def test_all_of_all_hosts_in_one_go(command: str, folder: Path) -> None:
    done = remediate(command, "site.yml", "-i", "hosts.yml", folder=folder)
    assert done.code == 1, done
    for line in TOLD:
        assert line in done.err + done.out, done.err + done.out


def test_only_hosts_that_are_meant_and_only_where_a_session_is_needed(folder: Path) -> None:
    done = remediate("run", "site.yml", "-i", "hosts.yml", "-l", "one", folder=folder)
    assert "hosts.yml:4:50" in done.err
    assert "hosts.yml:5:" not in done.err
    (folder / "site.yml").write_text("- hosts: all\n  tasks:\n    - debug: {msg: hello}\n", encoding="utf-8")
    assert remediate("run", "site.yml", "-i", "hosts.yml", folder=folder).code == 0


def test_what_cannot_be_rendered_is_that_hosts_result(folder: Path) -> None:
    hosts = "all: {hosts: {one: {ansible_host: 127.0.0.1, ansible_port: 1}, two: {ansible_port: '{{ nowhere }}'}}}\n"
    (folder / "hosts.yml").write_text(hosts, encoding="utf-8")
    done = remediate("run", "site.yml", "-i", "hosts.yml", folder=folder)
    assert done.code == 4, done
    assert "nowhere" in done.out + done.err


def test_an_empty_inventory_names_no_folder(folder: Path) -> None:
    for words in (["run", "site.yml", "-i", ""], ["inventory", "list", "-i", " "], ["ping", "-i", ""]):
        done = remediate(*words, folder=folder)
        assert (done.code, done.err.split("\n")[0]) == (1, "error: -i: no inventory is named"), done
