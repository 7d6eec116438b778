"""The playbook that only looks: a server that needs the fix is never called compliant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.driver import remediate


def test_who_needs_the_fix_is_pending_and_nothing_is_changed(lab: Path) -> None:
    done = remediate("run", "playbooks/detect.yml", "-l", "old,fine,other", "--format", "json", folder=lab)
    hosts = {host["host"]: host["outcome"] for host in json.loads(done.out)["hosts"]}
    assert hosts == {"old": "pending", "fine": "compliant", "other": "not applicable"}
    assert done.code == 2


def test_so_it_is_for_whoever_looks_alone(lab: Path) -> None:
    assert remediate("run", "playbooks/detect.yml", "-l", "old", folder=lab).code == 2
    assert remediate("run", "playbooks/detect.yml", "-l", "fine", folder=lab).code == 0


@pytest.mark.parametrize("tags", ["detect", "settle", "choose"])
@pytest.mark.parametrize("command", ["run", "verify", "plan"])
def test_who_asks_for_a_part_is_told_as_well(lab: Path, command: str, tags: str) -> None:
    words = (command, "playbooks/kb870585.yml", "-l", "old,fine,other", "-t", tags)
    done = remediate(*words, "--format", "json", folder=lab)
    hosts = {host["host"]: host["outcome"] for host in json.loads(done.out)["hosts"]}
    assert hosts == {"old": "pending", "fine": "compliant", "other": "not applicable"}
    assert done.code == 2
    assert remediate(*words[:3], "fine", "-t", tags, folder=lab).code == 0


@pytest.mark.parametrize(
    ("book", "skipped"), [("playbooks/kb870585.yml", "verify,apply"), ("playbooks/detect.yml", "untagged")]
)
def test_without_the_proof_nobody_is_compliant(lab: Path, book: str, skipped: str) -> None:
    done = remediate("run", book, "-l", "old,fine", "--skip-tags", skipped, folder=lab)
    assert "compliant" not in done.out
    assert done.out.count("not verified") >= 2
    assert "was not read back" in done.out
    assert done.code == 2


def test_the_proof_alone_is_enough(lab: Path) -> None:
    done = remediate("run", "playbooks/kb870585.yml", "-l", "fine", "-t", "verify", "--format", "json", folder=lab)
    assert (done.code, json.loads(done.out)["hosts"][0]["outcome"]) == (0, "compliant")
    assert remediate("verify", "playbooks/kb870585.yml", "-l", "old", "-t", "verify", folder=lab).code != 0
