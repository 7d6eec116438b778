"""Inventories in every form: who is in which group with which variables, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.language.inventory import Host, Inventory, load
from tests.language.files import cases, lay, message


def plugin(data: Mapping[str, object], path: Path) -> Mapping[str, object]:
    return {"lab": {"hosts": data["hosts"], "vars": {"file": path.name}}}


def read(folder: Path, case: Mapping[str, Any]) -> Inventory:
    lay(folder, case["files"])
    source = Path(case["source"]) if "," in case["source"] else folder / case["source"]
    inventory = load([source], plugins={"fake": plugin})
    return inventory.with_playbook_vars(folder / case["playbook"]) if "playbook" in case else inventory


def values(host: Host) -> dict[str, object]:
    found = {name: host.variables.get(name) for name in host.variables.names()}
    return {name: var.value for name, var in found.items() if var is not None}


@cases("inventories")
def test_inventories(case: dict[str, Any], tmp_path: Path) -> None:
    inventory = read(tmp_path, case)
    told = {host.name: {"groups": list(host.groups), "vars": values(host)} for host in inventory.hosts.values()}
    assert told == case["hosts"]
    assert list(inventory.hosts) == list(case["hosts"])
    for group in inventory.groups.values():
        expected = [h for h in inventory.hosts if group.name == "all" or group.name in inventory.hosts[h].groups]
        assert list(group.hosts) == expected


@cases("errors_inventory")
def test_mistakes(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, case)
    assert message(caught.value, tmp_path) == case["error"]


def test_where_a_variable_comes_from(tmp_path: Path) -> None:
    files = {
        "hosts.ini": "[web]\nw1 port=1\n[web:vars]\nport=2\n",
        "group_vars/web.yml": "# ports\nport: 3\n",
        "host_vars/w1.yml": "port: 4\n",
    }
    host = read(tmp_path, {"source": "hosts.ini", "files": files}).hosts["w1"]
    told = [(var.value, str(var.source).replace(f"{tmp_path}/", "")) for var in host.variables.explain("port")]
    assert told == [
        (4, "host_vars/w1.yml:1:7"),
        (1, "hosts.ini:2:4"),
        (3, "group_vars/web.yml:2:7"),
        (2, "hosts.ini:4:1"),
    ]


def test_select_and_limit(tmp_path: Path) -> None:
    case = {"source": "hosts.ini", "files": {"hosts.ini": "[web]\nw1\nw2\n[db]\nd1\n"}}
    inventory = read(tmp_path, case)
    assert [host.name for host in inventory.select("all", limit="db:w2")] == ["w2", "d1"]
    assert inventory.select("web", limit="db") == ()
    with pytest.raises(UserError, match="--limit: no host or group is called 'dbb'"):
        inventory.select("all", limit="dbb")


def test_several_sources_are_one(tmp_path: Path) -> None:
    lay(tmp_path, {"a/hosts.ini": "[web]\nw1 x=1\n", "b/hosts.yml": "web: {hosts: {w1: {x: 2}, w2: }}"})
    inventory = load([tmp_path / "a/hosts.ini", tmp_path / "b/hosts.yml"], plugins={})
    assert values(inventory.hosts["w1"]) == {"x": 2}
    assert list(inventory.groups["web"].hosts) == ["w1", "w2"]


def test_playbook_variables_are_added_once(tmp_path: Path) -> None:
    lay(tmp_path, {"inv/hosts": "w1\n", "play/group_vars/all.yml": "x: 1\n"})
    inventory = load([tmp_path / "inv/hosts"], plugins={})
    once = inventory.with_playbook_vars(tmp_path / "play")
    assert values(inventory.hosts["w1"]) == {}
    assert values(once.hosts["w1"]) == {"x": 1}
    assert once.with_playbook_vars(tmp_path / "play") is once


LINES = st.lists(
    st.sampled_from(
        [
            "[web]",
            "[web:vars]",
            "[site:children]",
            "web",
            "w1",
            "w[1:3] a=1",
            "a = b",
            "a='",
            "#c",
            "[",
            "x=y=z",
            "w1 a",
        ]
    ),
    max_size=8,
).map("\n".join)


@settings(max_examples=300)
@given(text=LINES | st.text(max_size=40))
def test_any_ini_is_read_or_refused_with_its_place(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.ini"
    path.write_text(text, encoding="utf-8")
    try:
        load([path], plugins={})
    except UserError as error:
        told = error
    else:
        return
    assert told.source is not None
    assert told.source.file == str(path)
