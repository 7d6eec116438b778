"""The auditor: random estates, a run of each kind, and what was said of every host held against the host itself.

ESTATES is how many in all, SEED makes the same ones again; a finding names the seed of its estate.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.audit.estate import estate
from tests.audit.statements import Told, findings
from tests.audit.truth import Truth
from tests.commands.driver import remediate
from tests.e2e.project import Project
from tests.e2e.test_kills import start
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.patience import some_time

pytestmark = pytest.mark.faults
ESTATES = int(os.environ.get("ESTATES", "40"))
SEED = int(os.environ.get("SEED", "0")) or secrets.randbelow(10**6)
INVENTORY = "inventory/estate.yml"
LONGEST = 6.0
"""Seconds after which a controller is killed at the latest."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    yield made
    made.close(INVENTORY)


def truths(project: Project) -> dict[str, Truth]:
    return {name: Truth.of(host) for name, host in status(project, INVENTORY).items()}


def told(project: Project, *words: str) -> Told:
    done = remediate(*words, "--format", "json", folder=project.folder)
    assert done.out, done.err
    hosts = {host["host"]: host for host in json.loads(done.out)["hosts"]}
    return Told(done.code, hosts, tuple(done.err.splitlines()))


def run(project: Project, chance: random.Random) -> Told:
    del chance
    return told(project, "run", PLAYBOOK, "-i", INVENTORY)


def run_twice(project: Project, chance: random.Random) -> Told:
    """Whatever the first one left: nothing is started a second time without having been asked for."""
    first = run(project, chance)
    begun = truths(project)
    heard = frozenset(name for name, host in first.hosts.items() if host["outcome"] == "failed")
    return replace(run(project, chance), begun=begun, heard=heard)


def killed_then_resumed(project: Project, chance: random.Random) -> Told:
    child = start(project, "run", PLAYBOOK, "-i", INVENTORY)
    some_time(chance.uniform(0.5, LONGEST))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not (project.folder / ".remediate/ledger.sqlite3").exists():
        return run(project, chance)
    heard = failed_installs(project)
    done = remediate("resume", "last", "--format", "json", folder=project.folder)
    if not done.out.startswith("{"):  # it had come to its end, or was killed before it began
        return replace(run(project, chance), heard=heard)
    hosts = {host["host"]: host for host in json.loads(done.out)["hosts"]}
    return Told(done.code, hosts, tuple(done.err.splitlines()), heard=heard)


def failed_installs(project: Project) -> frozenset[str]:
    """Hosts on which an installer failed as the ledger has it: whoever resumes the run goes on from there."""
    shown = remediate("runs", "show", "last", "--format", "json", folder=project.folder)
    if not shown.out:  # killed before it had written down that it begins
        return frozenset()
    document = json.loads(shown.out)
    installing = ("hotfix", "service_pack", "job_finished")
    failed = ((h["host"], s) for h in document["hosts"] for s in h["steps"] if s["module"] in installing)
    return frozenset(host for host, step in failed if step["status"] in ("failed", "unreachable"))


def planned_and_applied(project: Project, chance: random.Random) -> Told:
    """Only the hosts with something to do are applied; of the others the plan has spoken."""
    del chance
    before = truths(project)
    plan = told(project, "plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json")
    assert {name: truth.fingerprint for name, truth in truths(project).items()} == {
        name: truth.fingerprint for name, truth in before.items()
    }, "a dry run left a trace"
    pending = [name for name, host in plan.hosts.items() if host["outcome"] == "pending"]
    if not pending:
        return plan
    applied = told(project, "apply", "p.json")
    others = {name: host for name, host in plan.hosts.items() if name not in applied.hosts}
    bad = any(host["outcome"] in ("blocked", "failed", "unreachable") for host in others.values())
    return Told(applied.code or 4 * bad, {**others, **applied.hosts}, plan.screen + applied.screen)


WAYS: tuple[Callable[[Project, random.Random], Told], ...] = (
    run, killed_then_resumed, planned_and_applied, killed_then_resumed, run_twice,
)  # fmt: skip


def late_hosts(inventory: Mapping[str, Any]) -> set[str]:
    """Hosts on which something may come up after the run had given up on it."""
    return {name for name, host in inventory["hosts"].items() if "service_late" in host["faults"]}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(ESTATES))
def test_nothing_false_is_said_and_nothing_is_missing(project: Project, number: int) -> None:
    seed = SEED + number
    inventory = estate(seed)
    (project.folder / INVENTORY).write_text(yaml.safe_dump(inventory))
    project.lab("up", "-i", INVENTORY)
    before = truths(project)
    said = WAYS[number % len(WAYS)](project, random.Random(seed))
    found = list(findings(said, before, truths(project), late_hosts(inventory)))
    assert not found, f"seed {seed}, {WAYS[number % len(WAYS)].__name__}:\n" + "\n".join(found)
