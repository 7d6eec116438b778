"""``remediate inventory``: the three views, what they hide, what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.driver import Done, remediate

TEXT = """\
all:
  vars: {ansible_user: Administrator, ansible_password: geheim123}
  children:
    berlin:
      hosts: {ex1: {ansible_host: 10.0.0.1, ansible_port: 2222}, ex2: }
    hq: {children: {berlin: }}
  hosts: {solo: }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yml").write_text(TEXT, encoding="utf-8")
    (tmp_path / "remediate.toml").write_text("inventory = 'hosts.yml'\n", encoding="utf-8")
    return tmp_path


def inventory(project: Path, *words: str) -> Done:
    return remediate("inventory", *words, folder=project)


def test_list(project: Path) -> None:
    assert inventory(project, "list").out.splitlines() == [
        "host  groups      address        user",
        "ex1   hq, berlin  10.0.0.1:2222  Administrator",
        "ex2   hq, berlin  ex2            Administrator",
        "solo  ungrouped   solo           Administrator",
    ]
    assert inventory(project, "list", "berlin:!ex1").out.splitlines()[1:] == [
        "ex2   hq, berlin  ex2      Administrator"
    ]


def test_list_as_ansible_prints_it(project: Path) -> None:
    document = json.loads(inventory(project, "list", "--format", "json").out)
    assert document["_meta"]["hostvars"]["ex1"]["ansible_port"] == 2222
    assert document["berlin"] == {"hosts": ["ex1", "ex2"]}
    assert document["hq"] == {"children": ["berlin"]}
    assert document["all"]["children"] == ["ungrouped", "berlin", "hq"]


def test_graph(project: Path) -> None:
    assert inventory(project, "graph", "hq").out.splitlines() == ["@hq:", "  |--@berlin:", "  |  |--ex1", "  |  |--ex2"]


def test_host_says_where_each_variable_is_written(project: Path) -> None:
    lines = [line.split() for line in inventory(project, "host", "ex1").out.splitlines()]
    assert ["ansible_port", "2222", f"{project}/hosts.yml:5:59"] in lines


@pytest.mark.parametrize("words", [["list", "--format", "json"], ["host", "ex1"], ["host", "ex1", "--format", "json"]])
def test_no_view_shows_a_password(project: Path, words: list[str]) -> None:
    done = inventory(project, *words)
    assert done.code == 0
    assert "geheim123" not in done.out
    assert "****" in done.out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["host", "ex3"], "error: there is no host 'ex3'\n  hint: did you mean 'ex2'?"),
        (["host"], "error: which host?"),
        (["graph", "berln"], "error: there is no group 'berln'\n  hint: did you mean 'berlin'?"),
        (["list", "-l", "brlin"], "error: --limit: no host or group is called 'brlin'\n  hint: did you mean 'berlin'?"),
        (["list", "-i", "hsts.yml"], "error: there is no inventory hsts.yml"),
    ],
    ids=str,
)
def test_wrong_words(project: Path, words: list[str], error: str) -> None:
    done = inventory(project, *words)
    assert done.code == 1
    assert done.err.startswith(error)


def test_no_inventory_at_all(tmp_path: Path) -> None:
    done = inventory(tmp_path, "list")
    assert done.code == 1
    assert done.err.startswith("error: no inventory: which hosts are meant?\n  hint: give one with -i FILE")


def test_the_inventory_of_the_settings_is_missing(tmp_path: Path) -> None:
    (tmp_path / "remediate.toml").write_text("inventory = 'gone.yml'\n", encoding="utf-8")
    done = inventory(tmp_path, "list")
    assert (done.code, done.err) == (
        1,
        "error: there is no inventory gone.yml\n  hint: it is named in remediate.toml\n",
    )


def test_hosts_on_the_command_line(tmp_path: Path) -> None:
    assert inventory(tmp_path, "list", "-i", "a,b,").out.splitlines()[1:] == [
        "a     ungrouped  a",
        "b     ungrouped  b",
    ]
