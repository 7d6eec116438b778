"""The article's data says what the article says; broken data is refused with its path."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from remediate.errors import UserError
from remediate.kb.advisory import load
from tests.kb.servers import ROLE, advisory, cases, role_data

ARTICLE = (Path(__file__).parent / "cases/article.txt").read_text(encoding="utf-8")
LINE = re.compile(r"^\s+(\d\d-\w{3}-\d{4})\s+(\d\d:\d\d)\s+([\d.]+)\s+([\d,]+)\s+(\S+)\s*$", re.MULTILINE)
TABLES = {
    "KB870585-2003-RTM": "Hotfix for Exchange Server 2003 without Service Pack 1 installed",
    "KB870585-2003-SP1": "Hotfix for Exchange Server 2003 with Service Pack 1 installed",
    "KB870585-2000": "Exchange 2000 Server hotfix information",
}


def table(heading: str) -> set[tuple[str, str, int, datetime]]:
    """Name, version, size and UTC date of each line below ``heading``."""
    text = ARTICLE[ARTICLE.index(heading) + len(heading) :]
    ends = [text.index(h) for h in TABLES.values() if h in text]
    lines = LINE.findall(text[: min(ends, default=len(text))])
    return {
        (name, version, int(size.replace(",", "")), datetime.strptime(f"{day} {time}+0000", "%d-%b-%Y %H:%M%z"))
        for day, time, version, size, name in lines
    }


@pytest.mark.parametrize(("package", "heading"), TABLES.items())
def test_file_tables_are_the_articles(package: str, heading: str) -> None:
    found = advisory().package(package)
    assert found is not None
    assert {(f.name, str(f.version), f.size, f.date) for f in found.files} == table(heading)
    assert len(table(heading)) == (6 if "RTM" in package else 2)
    assert all(f.date.tzinfo is UTC for f in found.files)


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
