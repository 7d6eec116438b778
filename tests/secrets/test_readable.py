"""What is no secret can be read: what hosts call their values says nothing, and one word hides nothing around it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands.driver import Done, remediate

PASSWORD = "Zq7secret9"
LAB = f"plugin: lab\nspeed: 50\nhosts:\n  one: {{image: exchange2003-sp1, password: {PASSWORD}}}\n"
SITE = """\
- name: readable
  hosts: one
  vars:
    pin: "7"
    svc_password: 'Zq7-other'
  tasks:
    - win_reg_stat: {path: 'HKLM:\\SOFTWARE\\Readable'}
      register: found
    - {win_regedit: {path: 'HKLM:\\SOFTWARE\\Readable', name: tokens_left, data: not-hidden}}
    - {win_regedit: {path: 'HKLM:\\SOFTWARE\\Readable', name: greeting, data: 'anna {{ svc_password }} 7'}}
    - {win_reg_stat: {path: 'HKLM:\\SOFTWARE\\Readable'}, register: found}
    - {debug: {var: found.properties}}
    - {debug: {msg: 'anna logs in with {{ svc_password }} at 7'}}
    - {win_service_info: {name: MSExchangeIS}, no_log: true, register: quiet}
    - {debug: {msg: '{{ quiet.rc | default(0) }} {{ quiet.failed }} {{ quiet.services | length > 0 }}'}}
    - {debug: {msg: long enough}, when: svc_password | length > 8 and svc_password != 'x'}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("readable")
    (folder / "lab.yml").write_text(LAB)
    (folder / "remediate.toml").write_text("inventory = 'lab.yml'\n")
    (folder / "site.yml").write_text(SITE)
    yield folder
    command(folder, "lab", "down")


def command(folder: Path, *words: str) -> Done:
    return remediate(*words, folder=folder)


def test_an_install_is_told_as_it_was(project: Path) -> None:
    """Its job record has a key ``token``, which is a number drawn for the start and no secret."""
    done = command(project, "run", "playbooks/kb870585.yml", "-vv")
    assert done.code == 0, done
    assert "****" not in done.out
    shown: dict[str, Any] = json.loads(command(project, "runs", "show", "last", "--format", "json").out)
    steps = [step for host in shown["hosts"] for step in host["steps"]]
    assert [step["task"] for step in steps if step["redacted"]] == []
    assert any(step["module"] == "hotfix" and step["changes"] for step in steps)
    for kind in ("md", "html", "json"):
        report = command(project, "runs", "report", "last", "--format", kind).out
        assert "6.5.7232.35" in report
        assert "hidden (no_log)" not in report
        assert "****" not in report
    ledger = (project / ".remediate" / "ledger.sqlite3").read_bytes()
    assert b'"token":"' in ledger or b'"token": "' in ledger
    assert b"****" not in ledger


def test_a_secret_hides_itself_and_nothing_else(project: Path) -> None:
    done = command(project, "run", "site.yml", "-vv")
    assert done.code == 0, done
    for line in (
        "HKLM\\SOFTWARE\\Readable\\tokens_left: absent -> 'not-hidden' (REG_SZ)",
        "HKLM\\SOFTWARE\\Readable\\greeting: absent -> 'anna **** 7' (REG_SZ)",
        '"value": "not-hidden"',
        '"value": "anna **** 7"',
        "anna logs in with **** at 7",
        "0 False True",
        "long enough",
    ):
        assert line in done.out, done.out
    assert "Zq7" not in done.out


def test_json_stays_json(project: Path) -> None:
    """Also where a number is a secret, and where that came out after the number was seen."""
    (project / "number.yml").write_text(
        "- hosts: one\n  tasks:\n"
        "    - {win_regedit: {path: 'HKLM:\\SOFTWARE\\N', name: a, data: '{{ 918273 * 1000 + 645 }}', type: dword}}\n"
        "    - {win_reg_stat: {path: 'HKLM:\\SOFTWARE\\N', name: a}, register: seen}\n"
        "    - {debug: {var: seen.value}}\n"
        "    - {set_fact: {late_token: '{{ seen.value }}'}}\n"
    )
    done = command(project, "run", "number.yml", "--format", "json", "-vv")
    steps = json.loads(done.out)["hosts"][0]["steps"]
    assert steps[0]["changes"][0]["after"] == "**** (REG_DWORD)"
    assert "918273645" not in done.out
    assert "****" in json.dumps(steps[1]["after"])


def test_plans_of_it_are_the_same_plan(project: Path) -> None:
    """What is masked in a plan is no difference later, whatever was known then and is known now."""
    (project / "later.yml").write_text(
        "- hosts: one\n  tasks:\n"
        "    - {win_regedit: {path: 'HKLM:\\SOFTWARE\\Later', name: a, data: 'x-{{ 40 + 2 }}-Zq7later'}}\n"
        "    - {set_fact: {late_token: '{{ \"Zq7\" }}later'}}\n"
    )
    assert command(project, "plan", "later.yml", "-o", "p.json").code == 2
    assert b"Zq7later" not in (project / "p.json").read_bytes(), "told after the first step was looked at"
    assert command(project, "apply", "p.json").code == 0
