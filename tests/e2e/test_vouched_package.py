"""A package whose inside says too little, as real service packs likely do: taken by its hash on somebody's word."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediate.lab import packages
from tests.e2e.office import Office
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/vouched.yml"
SP2 = "KB836993-2003-SP2"
DATA = packages.content(packages.catalogue()[f"{SP2}-packed"])
REASON = "CHG-17: compared with the CD of 2005 by anna"
LAB = """
plugin: lab
password: not-a-word-17
speed: 50
packages: []
hosts:
  one: {image: exchange2003-rtm, vars: {route: service_pack}}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    (made.folder / "E3SP2ENG.exe").write_bytes(DATA)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def give(office: Office, **words: str) -> None:
    folder = office.project.folder / "inventory/group_vars"
    folder.mkdir(exist_ok=True)
    told = {"file": str(office.project.folder / "E3SP2ENG.exe"), "command": '"{package}" /u /q /z', **words}
    (folder / "all.yml").write_text(f"packages: {json.dumps({SP2: told})}\n")


def test_the_reason_goes_all_the_way(office: Office) -> None:
    digest = hashlib.sha256(DATA).hexdigest()
    for words in ({}, {"sha256": digest}):
        give(office, **words)
        done = office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json")
        assert done.code == 1, done
        assert f"cannot be told to be {SP2}: it does not say which build it brings" in done.err
        assert "identified_by: WHY" in done.err
    give(office, sha256=digest, identified_by=REASON)
    done = office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json")
    assert (done.code, f"identified_by: {REASON}" in done.out) == (2, True), done
    assert REASON in office.remediate("show", "p.json").out
    code, document = office.json("apply", "p.json")
    assert code == 0, document
    assert any(REASON in note for host in document["hosts"] for note in host["notes"])
    report = office.remediate("runs", "report", "last")
    assert REASON in html.unescape(report.out)
    assert status(office.project, INVENTORY)["one"]["build"] == "6.5.7638.1"
