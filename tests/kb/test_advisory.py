"""The article's data says what the article says; broken data is refused with its path."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.errors import UserError
from remediate.kb.advisory import load
from tests.kb.servers import ROLE, advisory, cases, role_data

ARTICLE = yaml.safe_load((Path(__file__).parent / "cases/article.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("package", "files"), ARTICLE.items())
def test_file_tables_are_the_articles(package: str, files: list[dict[str, Any]]) -> None:
    found = advisory().package(package)
    assert found is not None
    assert {(f.name, str(f.version), f.size, f.date) for f in found.files} == {
        (file["name"], file["version"], file["size"], file["date"]) for file in files
    }
    assert all(f.date.tzinfo is UTC for f in found.files)


def test_the_articles_tables_are_all_there() -> None:
    assert {package: len(files) for package, files in ARTICLE.items()} == {
        "KB870585-2003-RTM": 6,
        "KB870585-2003-SP1": 2,
        "KB870585-2000": 2,
    }


def test_each_branch_is_proved_by_its_own_table() -> None:
    assert {b.id: b.table for b in advisory().branches if b.table} == {
        "2003-RTM": "KB870585-2003-RTM",
        "2003-SP1": "KB870585-2003-SP1",
        "2000-SP3": "KB870585-2000",
    }


def test_no_command_gives_up_the_way_back_and_service_packs_have_none() -> None:
    for package in advisory().packages:
        assert not re.search(r"(?i)/n\b|/nobackup", package.command), package.id
        assert bool(package.command) is (package.kind != "service_pack"), package.id
        assert package.reversible is (package.kind != "service_pack")


def test_traces_in_every_spelling() -> None:
    package = advisory().package("KB870585-2003-RTM")
    assert package is not None
    assert set(advisory().registry_keys(package)) == {
        r"HKLM\SOFTWARE\Microsoft\Updates\Exchange Server 2003\SP1\870585",
        r"HKLM\SOFTWARE\Microsoft\Updates\Exchange Server 2003\SP1\KB870585",
    }
    folders = advisory().uninstall_folders(package)
    assert len(folders) == 6
    assert {"$ExchUninstall870585$", "$ExchUninstallKB870585$", "$NTUninstallKB870585$"} <= set(folders)
    assert advisory().logs(package)[0] == r"%windir%\KB870585.log"


def test_what_cannot_be_taken_off_promises_no_uninstall_folder() -> None:
    pack = advisory().package("KB836993-2003-SP2")
    assert pack is not None
    assert advisory().uninstall_folders(pack) == ()
    assert advisory().registry_keys(pack) == ()


def test_defaults_name_every_switch_of_the_policy() -> None:
    text = (ROLE / "defaults/main.yml").read_text(encoding="utf-8")
    for line in ("route: auto", "install_prerequisites: false", "allow_cluster: false", "ignore_pending_reboot: false"):
        assert re.search(rf"^{line}$", text, re.MULTILINE)


@pytest.mark.parametrize("case", cases("broken_advisories"), ids=lambda c: c["says"])
def test_broken_data_is_refused_with_its_path(case: dict[str, Any]) -> None:
    data = role_data()
    at: Any = data
    *way, last = case["put"]
    for part in way:
        at = at[part]
    if case.get("remove"):
        del at[last]
    else:
        at[last] = case["value"]
    with pytest.raises(UserError) as refused:
        load(data)
    assert case["says"] in str(refused.value)


@pytest.mark.parametrize("data", [None, [], "KB870585", 7])
def test_no_advisory_at_all(data: object) -> None:
    with pytest.raises(UserError, match="advisory: the whole"):
        load(data)


def test_loading_twice_and_loading_the_loaded() -> None:
    assert load(role_data()) == advisory()
    assert load(advisory()) is advisory()
