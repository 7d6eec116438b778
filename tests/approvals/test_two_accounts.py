"""Two accounts of one machine, by their real numbers: one plans and applies, the other one approves."""

from __future__ import annotations

import dataclasses
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.approvals.people import Board
from tests.e2e.project import REPOSITORY
from tests.patience import LIMIT

LAB = "plugin: lab\nspeed: 50\nhosts:\n  fine: {image: exchange2003-sp2, password: not-a-word-17}\n"
SITE = "- hosts: fine\n  tasks: [{name: One, win_file: {path: 'C:\\one', state: directory}}]\n"
ACCOUNT = ("setpriv", "--clear-groups")
CAPABILITY = "-all,+dac_read_search"
READER = (*ACCOUNT, *(f"--{kind}={CAPABILITY}" for kind in ("inh-caps", "ambient-caps", "bounding-set")))
"""The tests may stand in a folder that only root can enter: everything may be read, nothing more be written."""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can be two accounts (and needs setpriv for it)",
)


@dataclass(frozen=True)
class Person:
    """An account that is there on every machine, with a folder of its own."""

    account: pwd.struct_passwd
    folder: Path
    policy: Path
    begin: tuple[str, ...] = READER

    def __call__(self, *command: str) -> subprocess.CompletedProcess[str]:
        numbers = (f"--reuid={self.account.pw_uid}", f"--regid={self.account.pw_gid}")
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONPATH": str(REPOSITORY),
                   "PYTHONDONTWRITEBYTECODE": "1", "USER": "root", "LOGNAME": "root"}  # fmt: skip
        return subprocess.run([*self.begin, *numbers, *command], cwd=self.folder, env=environ, capture_output=True,
                              text=True, check=False, timeout=LIMIT)  # fmt: skip

    def remediate(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self(sys.executable, "-m", "tests.approvals.person", str(self.policy), *words)

    def give(self, file: Path, name: str) -> None:
        """As by mail: a copy of their own."""
        shutil.copy(file, self.folder / name)
        os.chown(self.folder / name, self.account.pw_uid, self.account.pw_gid)


@pytest.fixture
def board() -> Iterator[Board]:
    folder = Path(tempfile.mkdtemp(prefix="accounts-"))
    folder.chmod(0o755)
    yield Board.at(folder)
    shutil.rmtree(folder)


def person(board: Board, name: str) -> Person:
    account = pwd.getpwnam(name)
    folder = board.person(name)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)
    for begin in (READER, ACCOUNT):
        made = Person(account, folder, board.folder, begin)
        if not made(sys.executable, "-c", "import remediate, pydantic").returncode:
            return made
    pytest.skip(f"{REPOSITORY} and {sys.executable} are for root alone, and this root cannot lend its right to read")


@pytest.fixture
def planner(board: Board) -> Iterator[Person]:
    made = person(board, "daemon")
    for name, text in {"lab.yml": LAB, "site.yml": SITE, "remediate.toml": "inventory = 'lab.yml'\n"}.items():
        (made.folder / name).write_text(text)
    yield made
    made.remediate("lab", "down")


def test_one_account_plans_and_another_one_approves(board: Board, planner: Person) -> None:
    approver = person(board, "bin")
    board.allow("bin", "daemon")
    board.write("policy.toml", "approvals = 1\nonly_plans = true\n")
    refused = planner.remediate("run", "site.yml")
    assert (refused.returncode, "only saved plans change fine" in refused.stderr) == (3, True), refused
    made = planner.remediate("plan", "site.yml", "-o", "p.json")
    assert made.returncode == 2, made
    plan = planner.folder / "p.json"
    assert plan.stat().st_mode & 0o777 == 0o600

    mine = planner.remediate("approve", "p.json", "--reason", "it is mine")
    assert "daemon made the plan" in mine.stderr, mine
    for spoilt in ("policy.toml", "allowed_signers"):
        assert planner("cp", "/dev/null", str(board.folder / spoilt)).returncode
        assert planner("rm", "-f", str(board.folder / spoilt)).returncode
    assert planner("mv", str(board.folder), str(planner.folder / "away")).returncode
    closed = planner.remediate("apply", "p.json")
    assert (closed.returncode, "0 of 1 approvals are there" in closed.stderr) == (3, True), closed

    approver.give(plan, "sent.json")
    given = approver.remediate("approve", "sent.json", "--reason", "CHG-17")
    assert (given.returncode, "it may be applied" in given.stdout) == (0, True), given
    (paper,) = approver.folder.glob("sent.json.approval-*")
    planner.give(paper, paper.name.replace("sent", "p"))
    shown = planner.remediate("show", "p.json").stdout
    assert "given: bin: CHG-17 (" in shown, shown
    assert f"account bin, number {approver.account.pw_uid}, on " in shown
    done = planner.remediate("apply", "p.json")
    assert done.returncode == 0, done


def test_a_policy_of_ones_own_is_none(board: Board, planner: Person) -> None:
    """The planner's own folder with the planner's own people: as good as no approval."""
    own = Board.at(planner.folder)
    own.write("allowed_signers", f"friend {board.public('friend')}\n")
    for path in (own.folder, *own.folder.iterdir()):
        os.chown(path, planner.account.pw_uid, planner.account.pw_gid)
    cheat = dataclasses.replace(planner, policy=own.folder)
    assert cheat.remediate("plan", "site.yml", "-o", "p.json", "--require-approval", "1").returncode == 2
    closed = cheat.remediate("apply", "p.json")
    assert closed.returncode == 3, closed
    assert "allowed_signers proves nothing: it belongs to the account that runs this" in closed.stderr
