"""The playbook that only looks: a server that needs the fix is never called compliant."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.driver import remediate


def test_who_needs_the_fix_is_pending_and_nothing_is_changed(lab: Path) -> None:
    done = remediate("run", "playbooks/detect.yml", "-l", "old,fine,other", "--format", "json", folder=lab)
    hosts = {host["host"]: host["outcome"] for host in json.loads(done.out)["hosts"]}
    assert hosts == {"old": "pending", "fine": "compliant", "other": "not applicable"}
    assert done.code == 2


def test_so_it_is_for_whoever_looks_alone(lab: Path) -> None:
    assert remediate("run", "playbooks/detect.yml", "-l", "old", folder=lab).code == 2
    assert remediate("run", "playbooks/detect.yml", "-l", "fine", folder=lab).code == 0
