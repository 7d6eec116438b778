"""Settings of a role that are of the wrong kind are found before any host is met, where they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.driver import remediate

HOSTS = "all: {hosts: {gone: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n"
"""Nothing listens there: whoever meets the host says that it is unreachable, and ends with 4."""


@pytest.mark.parametrize(
    ("written", "place", "says", "hint"),
    [
        ("route: sideways", "1:8", "argument 'route' must be one of its words, not 'sideways'", "there are: auto, "),
        ("route: hotfxi", "1:8", "argument 'route' must be one of its words, not 'hotfxi'", "did you mean 'hotfix'?"),
        ("install_prerequisites: maybe", "1:24", "'install_prerequisites' must be true or false, not 'maybe'", "Also"),
        ("retry: [1]", "1:8", "argument 'retry' must be true or false, not a list", ""),
        ("install_timeout: -5", "1:18", "argument 'timeout' must be 0 or at least 1 seconds, not -5", ""),
        ("install_timeout: 1e-9", "1:18", "argument 'timeout' must be 0 or at least 1 seconds, not 1e-09", ""),
        ("install_timeout: soon", "1:18", "argument 'timeout' must be a number, not 'soon'", ""),
        ("services_timeout: [x]", "1:19", "must be a number, not a list", ""),
        ("packages: 3", "1:11", "packages", ""),
    ],
)
@pytest.mark.parametrize("command", ["run", "plan", "verify"])
def test_before_any_host_is_met(command: str, written: str, place: str, says: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "e.yml").write_text(written + "\n", encoding="utf-8")
    done = remediate(command, "playbooks/kb870585.yml", "-i", "hosts.yml", "-e", "@t/e.yml", folder=tmp_path)
    assert done.code == 1, done
    assert f"t/e.yml:{place}: " in done.err
    assert says in done.err
    assert hint in done.err
    assert "nput should" not in done.err


def test_lint_finds_those_of_an_inventory_and_all_at_once(tmp_path: Path) -> None:
    hosts = HOSTS.replace("ansible_port: 1", "ansible_port: 1, route: sideways, retry: [1], install_timeout: -5")
    (tmp_path / "hosts.yml").write_text(hosts, encoding="utf-8")
    done = remediate("lint", "playbooks/kb870585.yml", "-i", "hosts.yml", folder=tmp_path)
    assert done.code == 1
    for name in ("'route' must be", "'retry' must be", "'timeout' must be"):
        assert f"argument {name}" in done.out, done
    assert done.out.count("hosts.yml:1:") >= 3


@pytest.mark.parametrize("written", ["route: hotfix", "install_timeout: 0", "install_timeout: 900", "retry: 'yes'"])
def test_right_ones_are_let_pass(written: str, tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    (tmp_path / "e.yml").write_text(written + "\n", encoding="utf-8")
    done = remediate("plan", "playbooks/kb870585.yml", "-i", "hosts.yml", "-e", "@e.yml", folder=tmp_path)
    assert done.code == 4, done
