"""kill -9 of the controller at random moments, over and over: no second installer, every host verified, nothing lost.

``make test-faults`` runs it; KILLS is the number in all, SEED makes the moments the same again.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediate.ledger.rows import FINISHED
from remediate.ledger.store import open_ledger
from tests.commands.driver import remediate
from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK, status
from tests.patience import LIMIT, some_time

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("labs_of_their_own")]
KILLS = int(os.environ.get("KILLS", "200"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 2**31)
CHAINS = 2
"""Independent projects: one for each worker."""
LONGEST = 2.5
"""Seconds after which a controller is killed at the latest; a whole run takes about three."""
INVENTORY = "inventory/kills.yml"
LAB = """
plugin: lab
speed: 20
hosts:
  one: {image: exchange2003-sp1}
  two: {image: exchange2003-rtm, connection: winrm, winrm: {version: "2.3"}}
  chain: {image: exchange2000-sp3, vars: {install_prerequisites: true}}
"""
PACKAGES = {"one": ["KB870585-2003-SP1"], "two": ["KB870585-2003-RTM"], "chain": ["KB870540-2000", "KB870585-2000"]}


@pytest.fixture
def project(tmp_path: Path, labs_of_their_own: None) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    made.lab("up", "-i", INVENTORY)
    yield made
    made.close(INVENTORY)


def start(project: Project, *words: str) -> int:
    """A controller in a process of its own, forked so that it begins to work at once."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.setsid()
        done = remediate(*words, folder=project.folder)
        (project.folder / "said").write_text(done.out + done.err)
        code = done.code
    finally:
        os._exit(code)


def ended(child: int, seconds: float) -> int | None:
    """The exit code, if it ended by itself within so many seconds."""
    found = (0, 0)

    def look() -> bool:
        nonlocal found
        found = os.waitpid(child, os.WNOHANG)
        return bool(found[0])

    some_time(seconds, unless=look)
    return os.waitstatus_to_exitcode(found[1]) if found[0] else None


def unfinished(project: Project) -> bool:
    """Whether the newest run of the ledger is one to go on with."""
    path = project.folder / ".remediate" / "ledger.sqlite3"
    if not path.exists():
        return False
    with open_ledger(str(path), now=lambda: datetime.now(UTC)) as ledger:
        newest = ledger.runs(1)
    return bool(newest) and newest[0].status != FINISHED


def one_change(project: Project, chance: random.Random, most: int) -> int:
    """A change from its begin to its end, killed on the way up to ``most`` times; how often it was."""
    assert remediate("lab", "reset", "-i", INVENTORY, folder=project.folder).code == 0
    kills = 0
    while True:
        words = ("resume", "last") if unfinished(project) else ("run", PLAYBOOK, "-i", INVENTORY)
        child = start(project, *words)
        code = ended(child, chance.uniform(0.0, LONGEST) if kills < most else LIMIT)
        if code is not None:
            assert code == 0, (project.folder / "said").read_text()
            return kills
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kills += 1


@pytest.mark.timeout(60 * KILLS)
@pytest.mark.parametrize("chain", range(CHAINS))
def test_kill_9_at_random_moments(project: Project, chain: int) -> None:
    chance = random.Random(SEED + chain)
    left = KILLS // CHAINS
    while left > 0:
        left -= max(1, one_change(project, chance, left))
        hosts = status(project, INVENTORY)
        installed = {name: [one["package"] for one in host["installers"]] for name, host in hosts.items()}
        assert installed == PACKAGES, f"seed {SEED}"
        assert not [host["services_not_running"] for host in hosts.values() if host["services_not_running"]]
        proof = remediate("verify", PLAYBOOK, "-i", INVENTORY, folder=project.folder)
        assert proof.code == 0, proof.out
        whole = remediate("runs", "verify", folder=project.folder)
        assert whole.code == 0, whole.out + whole.err
