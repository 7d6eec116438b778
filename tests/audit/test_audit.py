"""The auditor: random estates, a change of each kind, and what was said of every host held against the host itself.

Said on the screen, in its document, in the ledger and its reports, to hooks and by mail; with plans, approvals and
change windows. ESTATES is how many in all, SEED makes the same ones again; a finding names the seed of its estate.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.project.outside import Account
from tests.approvals.people import PLANNER, Board
from tests.audit import accounts
from tests.audit.estate import SHUT, bound, estate, windows
from tests.audit.papers import HOOKS, Papers
from tests.audit.statements import Told, findings
from tests.audit.truth import Truth
from tests.commands.driver import NOWHERE, Done, remediate
from tests.e2e.project import Project
from tests.e2e.test_kills import start
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.notify.receivers import Box, smtp
from tests.patience import some_time

pytestmark = pytest.mark.faults
ESTATES = int(os.environ.get("ESTATES", "42"))
SEED = int(os.environ.get("SEED", "0")) or secrets.randbelow(10**6)
INVENTORY = "inventory/estate.yml"
LONGEST = 6.0
"""Seconds after which a controller is killed at the latest."""
RUN = ("run", PLAYBOOK, "-i", INVENTORY)


@dataclass
class Desk:
    """A project, where its mail arrives, and the account that works there."""

    project: Project
    box: Box = field(default_factory=Box)
    bound: Mapping[str, str] = field(default_factory=dict)
    """The window of each host."""
    policy: Path = NOWHERE
    account: Account = field(default_factory=Account.of_this_process)

    def __call__(self, *words: str, **environ: str) -> Done:
        return remediate(*words, folder=self.project.folder, environ=environ, account=self.account, policy=self.policy)

    def told(self, *words: str) -> Told:
        done = self(*words, "--format", "json")
        assert done.out, done.err
        hosts = {host["host"]: host for host in json.loads(done.out)["hosts"]}
        changes = words[0] in ("run", "apply", "resume")
        return Told(done.code, hosts, tuple(done.err.splitlines()), change=(done.code, hosts) if changes else None)

    def truths(self) -> dict[str, Truth]:
        return {name: Truth.of(host) for name, host in status(self.project, INVENTORY).items()}

    def windows(self, *, opened: bool = False) -> None:
        content = windows(datetime.now(UTC), opened=opened)
        (self.project.folder / "inventory/windows.yml").write_text(yaml.safe_dump(content))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(Project(tmp_path / "project"))
    settings = made.project.folder / "remediate.toml"
    with smtp(made.box) as port:
        settings.write_text(settings.read_text() + HOOKS.replace("PORT", str(port)))
        yield made
        made.project.close(INVENTORY)


def failed(told: Told) -> frozenset[str]:
    return frozenset(name for name, host in told.hosts.items() if host["outcome"] == "failed")


def run(desk: Desk, chance: random.Random) -> Told:
    del chance
    return desk.told(*RUN)


def run_twice(desk: Desk, chance: random.Random) -> Told:
    """Whatever the first one left: nothing is started a second time without having been asked for."""
    first = run(desk, chance)
    begun = desk.truths()
    return replace(run(desk, chance), begun=begun, heard=failed(first))


def killed_then_resumed(desk: Desk, chance: random.Random) -> Told:
    child = start(desk.project, *RUN)
    some_time(chance.uniform(0.5, LONGEST))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if not (desk.project.folder / ".remediate/ledger.sqlite3").exists():
        return run(desk, chance)
    heard = failed_installs(desk)
    done = desk("resume", "last", "--format", "json")
    if not done.out.startswith("{"):  # it had come to its end, or was killed before it began
        return replace(run(desk, chance), heard=heard)
    hosts = {host["host"]: host for host in json.loads(done.out)["hosts"]}
    return Told(done.code, hosts, tuple(done.err.splitlines()), heard=heard, change=(done.code, hosts))


def failed_installs(desk: Desk) -> frozenset[str]:
    """Hosts on which an installer failed as the ledger has it: whoever resumes the run goes on from there."""
    shown = desk("runs", "show", "last", "--format", "json")
    if not shown.out:  # killed before it had written down that it begins
        return frozenset()
    document = json.loads(shown.out)
    installing = ("hotfix", "service_pack", "job_finished")
    bad = ((h["host"], s) for h in document["hosts"] for s in h["steps"] if s["module"] in installing)
    return frozenset(host for host, step in bad if step["status"] in ("failed", "unreachable"))


def planned(desk: Desk) -> tuple[Told, bool]:
    """What the plan says, and whether there is anything to be applied."""
    before = desk.truths()
    plan = desk.told("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json")
    assert {name: truth.fingerprint for name, truth in desk.truths().items()} == {
        name: truth.fingerprint for name, truth in before.items()
    }, "a dry run left a trace"
    return plan, any(host["outcome"] == "pending" for host in plan.hosts.values())


def applied(desk: Desk, plan: Told) -> Told:
    """Only the hosts with something to do are applied; of the others the plan has spoken."""
    done = desk.told("apply", "p.json")
    others = {name: host for name, host in plan.hosts.items() if name not in done.hosts}
    bad = any(host["outcome"] in ("blocked", "failed", "unreachable") for host in others.values())
    return replace(done, code=done.code or 4 * bad, hosts={**others, **done.hosts}, screen=plan.screen + done.screen)


def planned_and_applied(desk: Desk, chance: random.Random) -> Told:
    del chance
    plan, something = planned(desk)
    return applied(desk, plan) if something else plan


def approved_by_two(desk: Desk, chance: random.Random) -> Told:
    """Nothing else changes a host, and nothing does before two people have signed it with keys of their own."""
    board = Board.at(desk.project.folder.parent)
    board.allow("anna", "ben")
    board.write("policy.toml", "approvals = 2\nonly_plans = true\n")
    desk.policy, desk.account = board.folder, PLANNER
    before = desk.truths()
    plan, something = planned(desk)
    refused = {"run": desk(*RUN).code}
    names = chance.sample(("anna", "ben"), 2)
    for name in [names[0], *names] if something else []:
        refused[f"apply before {name}"] = desk("apply", "p.json").code
        desk("approve", "p.json", "--reason", "CHG-17", HOME=str(board.person(name)))
    seen = [f"{what} ended with {code}, nothing was approved yet" for what, code in refused.items() if code != 3]
    if {name: truth.installers for name, truth in desk.truths().items()} != {
        name: truth.installers for name, truth in before.items()
    }:
        seen.append("an installer was started without an approval")
    if desk.box.letters:
        seen.append("mail told of a change that was refused")
    done = replace(applied(desk, plan), approvals=tuple(names)) if something else plan
    return replace(done, seen=tuple(seen))


def through_windows(desk: Desk, chance: random.Random) -> Told:
    """Some windows are shut: those hosts are left alone, and gone on with when all are open."""
    first, between = run(desk, chance), desk.truths()
    shut = {name for name, window in desk.bound.items() if window in SHUT}
    seen = [f"{name}: its window is {desk.bound[name]}, and an installer was started"
            for name in shut if between[name].installers]  # fmt: skip
    seen += [f"{name}: deferred, and its window is {desk.bound[name] or 'none'}"
             for name, host in first.hosts.items() if host["outcome"] == "deferred" and name not in shut]  # fmt: skip
    if not any(host["outcome"] == "deferred" for host in first.hosts.values()):
        return replace(first, seen=tuple(seen))
    desk.windows(opened=True)
    return replace(desk.told("resume", "last"), begun=between, heard=failed(first), seen=tuple(seen))


WAYS: tuple[Callable[[Desk, random.Random], Told], ...] = (
    run, killed_then_resumed, planned_and_applied, through_windows, approved_by_two, killed_then_resumed, run_twice,
)  # fmt: skip


def late_hosts(inventory: Mapping[str, Any]) -> set[str]:
    """Hosts on which something may come up after the run had given up on it."""
    return {name for name, host in inventory["hosts"].items() if "service_late" in host["faults"]}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(ESTATES))
def test_nothing_false_is_said_and_nothing_is_missing(desk: Desk, number: int) -> None:
    seed, way = SEED + number, WAYS[number % len(WAYS)]
    inventory, chance = estate(seed), random.Random(seed)
    choice = ("", "always", "later", "short") if way is through_windows else ("", "", "", "always")
    desk.bound = bound(inventory, chance, choice)
    desk.windows()
    (desk.project.folder / INVENTORY).write_text(yaml.safe_dump(inventory))
    desk.project.lab("up", "-i", INVENTORY)
    before = desk.truths()
    said = way(desk, chance)
    after = desk.truths()
    papers = Papers.of(desk.project.folder, desk.box.letters)
    found = [*findings(said, before, after, late_hosts(inventory)), *accounts.findings(papers, said, before, after)]
    assert not found, f"seed {seed}, {way.__name__}:\n" + "\n".join(found)
