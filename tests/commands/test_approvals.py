"""Approvals at the command line: whose word counts, for which plan, and what nobody can do without a plan."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.approvals import sshkeygen
from remediate.ledger.rows import Approval
from remediate.ledger.store import open_ledger
from remediate.planfile import codec
from remediate.project.outside import Account
from tests.approvals.people import PLANNER, Board, new_key
from tests.commands.driver import NOWHERE, Done, remediate
from tests.patience import LIMIT, until

SITE = """
- hosts: old,fine
  tasks:
    - name: One
      win_file: {path: 'C:\\one', state: directory}
"""
APPLY = ("apply", "p.json")


@dataclasses.dataclass
class Shared:
    """One account, ``PLANNER``, that several people work with; each brings a key of their own."""

    folder: Path
    board: Board
    account: Account = PLANNER

    def __call__(self, *words: str, **environ: str) -> Done:
        ledger = str(self.board.homes / "ledger.sqlite3")
        return remediate(*words, folder=self.folder, environ={"REMEDIATE_LEDGER": ledger, **environ},
                         account=self.account, policy=self.board.folder)  # fmt: skip

    def plan(self, *words: str, name: str = "p.json", limit: str = "fine") -> str:
        done = self("plan", "site.yml", "-l", limit, "-o", name, *words)
        assert done.code == 2, done
        return done.err

    def approve(self, person: str, *words: str, plan: str = "p.json") -> Done:
        return self("approve", plan, "--reason", "CHG-17", *words, HOME=str(self.board.person(person)))

    def lacks(self, words: str) -> None:
        done = self(*APPLY)
        assert (done.code, words in done.err) == (3, True), done


@pytest.fixture
def shared(lab: Path, tmp_path: Path) -> Iterator[Shared]:
    (lab / "site.yml").write_text(SITE, encoding="utf-8")
    yield Shared(lab, Board.at(tmp_path))
    for path in (*lab.glob("p.json*"), *lab.glob("q.json*")):
        path.unlink()


def test_two_people_of_one_account(shared: Shared) -> None:
    shared.board.allow("ben", "carl")
    shared.board.write("policy.toml", "approvals = 2\n")
    assert "\n2 people have to approve it: remediate approve p.json --reason TEXT\n" in shared.plan()
    shared.lacks("0 of 2 approvals are there\n")
    assert "1 of 2 approvals are there: ben" in shared.approve("ben").out
    assert "1 of 2 approvals are there: ben" in shared.approve("ben").out, "once more is not two"
    shared.lacks("1 of 2 approvals are there: ben\n")
    assert "it may be applied" in shared.approve("carl").out
    assert shared(*APPLY).code == 0
    report = shared("runs", "report", "last", "--format", "json")
    found = json.loads(report.out)["approvals"]
    assert sorted(one["name"] for one in found) == ["ben", "carl"]
    assert {one["reason"] for one in found} == {"CHG-17"}
    assert all(re.fullmatch(rf"paula \(uid {PLANNER.uid}\), key SHA256:\S+", one["user"]) for one in found)


def test_a_second_name_or_key_of_the_same_person_is_no_second_person(shared: Shared) -> None:
    shared.board.write("policy.toml", "approvals = 2\n")
    second = new_key(shared.board.homes / "second")
    lines = [f"ben,benjamin {shared.board.public('ben')}", f"anna {shared.board.public('ben')}",
             f"ben {second.with_suffix('.pub').read_text()}"]  # fmt: skip
    shared.board.write("allowed_signers", "\n".join(lines))
    shared.plan()
    shared.approve("ben")
    assert "1 of 2 approvals are there: ben; not counted: " in shared.approve("ben", "--key", str(second)).out
    shared.lacks("1 of 2 approvals are there: ben; not counted: ")


def test_what_counts_for_nothing(shared: Shared) -> None:
    shared.board.allow("ben", "paula")
    shared.plan("--require-approval", "1")
    assert "on this machine it does not count: nobody of " in shared.approve("eve").err
    shared.lacks("0 of 1 approvals are there; not counted: p.json.approval-")
    assert "it does not count: paula made the plan" in shared.approve("paula").err
    (shared.folder / "p.json.approval-x").write_text("{}")
    (shared.folder / "p.json.approval-y").mkdir()
    (shared.folder / "p.json.approval-z").write_text('{"statement": {}, "signature": "\\ud800"}')
    done = shared(*APPLY)
    for name, why in (("x", "it is not an approval"), ("y", "it is not a file"), ("z", "it is not an approval")):
        assert f"p.json.approval-{name} ({why})" in done.err
    (shared.folder / "p.json.approval-y").rmdir()
    assert done.code == 3


def forged(file: Path, plan: Path) -> None:
    """An approval made to speak of another plan."""
    document = json.loads(file.read_text())
    document["statement"]["plan"] = codec.substance(codec.load(plan)[0])
    plan.with_name(plan.name + ".approval-forged").write_text(json.dumps(document))


def test_a_word_is_for_one_plan_and_cannot_be_carried_to_another(shared: Shared) -> None:
    shared.board.allow("ben")
    shared.plan("--require-approval", "1", name="q.json", limit="old")
    shared.approve("ben", plan="q.json")
    shared.plan("--require-approval", "1")
    (other,) = shared.folder.glob("q.json.approval-*")
    (shared.folder / "p.json.approval-q").write_bytes(other.read_bytes())
    shared.lacks("p.json.approval-q (it is for another plan)")
    forged(other, shared.folder / "p.json")
    shared.lacks("p.json.approval-forged (its signature does not fit what it says)")


def test_a_signature_for_something_else_is_no_approval(shared: Shared) -> None:
    shared.board.allow("ben", options="")
    shared.plan("--require-approval", "1")
    shared.approve("ben")
    (file,) = shared.folder.glob("p.json.approval-*")
    document = json.loads(file.read_text())
    key = shared.board.person("ben") / ".ssh/id_ed25519"
    signed = subprocess.run(
        [sshkeygen.program(), "-Y", "sign", "-n", "git", "-f", str(key)], input=codec.canonical(document["statement"]),
        capture_output=True, check=True, timeout=LIMIT,
    )  # fmt: skip
    file.write_text(json.dumps({**document, "signature": signed.stdout.decode()}))
    shared.lacks("its signature does not fit what it says")


def test_the_same_plan_made_again_keeps_its_approvals(shared: Shared) -> None:
    shared.board.allow("ben")
    shared.plan("--require-approval", "1", "--valid-for", "2d")
    shared.approve("ben")
    first = codec.load(shared.folder / "p.json")
    shared.plan("--require-approval", "1", "--valid-for", "30d")
    again = codec.load(shared.folder / "p.json")
    assert (first[1] != again[1], codec.substance(first[0])) == (True, codec.substance(again[0]))
    assert shared(*APPLY).code == 0


def edited(file: Path, **changes: object) -> None:
    """The plan with other values and a hash that fits."""
    codec.save(dataclasses.replace(codec.load(file)[0], **changes), file)  # type: ignore[arg-type]


def test_a_number_edited_in_the_plan_is_of_no_use(shared: Shared) -> None:
    shared.board.allow("ben", "carl")
    shared.board.write("policy.toml", "approvals = 1\n")
    shared.plan("--require-approval", "2")
    shared.approve("ben")
    edited(shared.folder / "p.json", approvals=0)
    shared.lacks("0 of 1 approvals are there; not counted: ")
    shared.approve("ben")
    assert shared(*APPLY).code == 0, "one is what the policy asks for, and Ben saw that the plan asks for none"


def test_a_plan_changed_after_its_approval_is_another_plan(shared: Shared) -> None:
    shared.board.allow("ben")
    shared.plan("--require-approval", "1")
    shared.approve("ben")
    edited(shared.folder / "p.json", valid_until=datetime.now(UTC) + timedelta(days=300))
    assert "1 of 1 are there" in shared("show", "p.json").out, "for as long as Ben saw"
    plan = codec.load(shared.folder / "p.json")[0]
    edited(shared.folder / "p.json", asked=dataclasses.replace(plan.asked, limit="old"))
    shared.lacks("it is for another plan")


def test_a_group_asks_for_more(shared: Shared) -> None:
    shared.board.allow("ben", "carl")
    shared.board.write("policy.toml", "[groups.repair]\napprovals = 2\nonly_plans = true\n")
    assert shared("run", "site.yml", "-l", "fine").code == 0
    refused = shared("run", "site.yml", "-l", "old")
    assert (refused.code, "only saved plans change old: " in refused.err) == (3, True), refused
    shared.plan(limit="old")
    shared.approve("ben")
    shared.lacks("1 of 2 approvals are there: ben\n")
    hosts = tuple(dataclasses.replace(host, groups=()) for host in codec.load(shared.folder / "p.json")[0].hosts)
    edited(shared.folder / "p.json", hosts=hosts)
    shared.lacks("old is in other groups than planned: repair")


@pytest.mark.parametrize("words", [("run",), ("run", "--confirm")])
def test_only_plans_change_hosts(shared: Shared, words: tuple[str, ...]) -> None:
    shared.board.write("policy.toml", "only_plans = true\n")
    done = shared(words[0], "site.yml", *words[1:])
    assert (done.code, done.out) == (3, ""), done
    assert "only saved plans change old, fine: " in done.err
    assert shared("run", "site.yml", "--check").code == 2
    assert shared("verify", "site.yml").code == 2, "nothing was done"
    shared.plan()
    assert shared(*APPLY).code == 0


def test_a_run_of_before_is_not_gone_on_with_where_only_plans_change_hosts(shared: Shared) -> None:
    broken = "- hosts: old\n  tasks: [{name: stop, fail: {msg: here}}]\n"
    (shared.folder / "broken.yml").write_text(broken)
    assert shared("run", "broken.yml").code == 4
    shared.board.write("policy.toml", "only_plans = true\n")
    done = shared("resume", "last")
    assert (done.code, "only saved plans change old: " in done.err) == (3, True), done


def test_a_policy_that_the_account_can_write_closes_the_gate(shared: Shared) -> None:
    shared.plan("--require-approval", "1")
    shared.board.allow("ben")
    shared.approve("ben")
    for name in ("allowed_signers", "policy.toml", "revoked_keys"):
        path = shared.board.folder / name
        path = path if path.exists() else shared.board.write(name, "")
        path.chmod(0o666)
        shared.lacks(f"{name} proves nothing: it can be written by others than its owner (mode 666)")
        path.chmod(0o644)
    assert shared(*APPLY).code == 0
    shared.board.write("policy.toml", "").chmod(0o666)
    assert shared("run", "site.yml").code == 3


def test_root_is_told_what_approvals_are_worth(shared: Shared) -> None:
    """Root can write every policy; one that belongs to somebody else is not even root's."""
    shared.board.allow("ben")
    shared.plan("--require-approval", "1")
    shared.approve("ben")
    shared.account = Account(0, "root")
    if os.geteuid():
        shared.lacks("belongs to the account with the number")
    else:
        done = shared(*APPLY)
        assert (done.code, "approvals bind other accounts only" in done.err) == (0, True), done


def test_a_key_that_was_given_up(shared: Shared) -> None:
    shared.board.allow("ben")
    shared.plan("--require-approval", "1")
    shared.approve("ben")
    shared.board.write("revoked_keys", shared.board.public("ben") + "\n")
    shared.lacks("the key of ben does not count: ")
    shared.board.write("revoked_keys", "")
    shared.board.allow("ben", options='valid-before="20200101"')
    shared.lacks("nobody of ")
    shared.board.allow("ben", options='namespaces="git"')
    shared.lacks("the key of ben does not count: ")
    shared.board.allow("ben")
    assert shared(*APPLY).code == 0


def test_show_lists_given_and_missing(shared: Shared) -> None:
    shared.board.allow("ben", "carl", "dora")
    shared.board.write("policy.toml", "approvals = 2\n")
    shared.plan()
    shared.approve("ben")
    shared.approve("eve")
    page = shared("show", "p.json").out
    assert "  approvals  1 of 2 are there\n" in page
    assert re.search(rf"given: ben: CHG-17 \(.* UTC, account paula, number {PLANNER.uid}, on .*; key SHA256:", page), (
        page
    )
    assert re.search(r"not counted: p\.json\.approval-\w+: nobody of .* has the key SHA256:", page), page
    assert "missing: 1 more person of carl, dora" in page
    document = json.loads(shared("show", "p.json", "-l", "fine", "--format", "json").out)["approvals"]
    assert (document["needed"], document["missing"], document["people"]) == (2, 1, ["ben", "carl", "dora"])
    assert [one["person"] for one in document["given"]] == ["ben"]
    assert [one["why"].partition(" ")[0] for one in document["refused"]] == ["nobody"]


def test_whoever_approves_needs_the_plan_and_a_key_and_nothing_else(shared: Shared, tmp_path: Path) -> None:
    shared.board.allow("ben")
    shared.plan("--require-approval", "1")
    desk = tmp_path / "laptop"
    desk.mkdir()
    (desk / "sent.json").write_bytes((shared.folder / "p.json").read_bytes())
    (desk / "sent.json").chmod(0o600)
    done = remediate("approve", "sent.json", "--reason", "CHG-17", folder=desk, policy=NOWHERE,
                     environ={"HOME": str(shared.board.person("ben"))}, account=Account(4711, "bb"))  # fmt: skip
    assert done.code == 0, done
    (file,) = desk.glob("sent.json.approval-*")
    assert {path.name for path in desk.iterdir()} == {"sent.json", file.name}, "no ledger, no project"
    assert file.stat().st_mode & 0o777 == 0o600
    (shared.folder / file.name.replace("sent", "p")).write_bytes(file.read_bytes())
    assert shared(*APPLY).code == 0
    with open_ledger(str(shared.board.homes / "ledger.sqlite3"), now=lambda: datetime.now(UTC)) as ledger:
        (kept,) = ledger.approvals(codec.load(shared.folder / "p.json")[1])
    assert kept.user.startswith("bb (uid 4711), key SHA256:")


def test_an_approval_is_as_readable_as_the_plan_it_lies_beside(shared: Shared) -> None:
    shared.plan("--require-approval", "1")
    for mode in (0o600, 0o640, 0o664):
        (shared.folder / "p.json").chmod(mode)
        assert shared.approve("ben").code == 0
        (file,) = shared.folder.glob("p.json.approval-*")
        assert file.stat().st_mode & 0o777 == mode & 0o644


def test_a_row_in_the_ledger_is_no_approval(shared: Shared) -> None:
    shared.board.allow("ben")
    shared.plan("--require-approval", "1")
    digest = codec.load(shared.folder / "p.json")[1]
    with open_ledger(str(shared.board.homes / "ledger.sqlite3"), now=lambda: datetime.now(UTC)) as ledger:
        ledger.approve(Approval(plan_hash=digest, name="ben", reason="CHG", user="ben", controller="c"))
    shared.lacks("0 of 1 approvals are there\n")


def test_a_key_in_an_agent(shared: Shared, tmp_path: Path) -> None:
    shared.board.allow("ben")
    shared.plan("--require-approval", "1")
    key, socket = shared.board.person("ben") / ".ssh/id_ed25519", tmp_path / "s"
    agent = subprocess.Popen(["/usr/bin/ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        until(socket.exists)
        environ = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
        subprocess.run(["/usr/bin/ssh-add", "-q", str(key)], env=environ, check=True, timeout=LIMIT)
        key.unlink()
        done = shared("approve", "p.json", "--reason", "x", "--key", f"{key}.pub", SSH_AUTH_SOCK=str(socket))
        assert "it may be applied" in done.out, done
    finally:
        agent.kill()
        agent.wait()
    assert shared(*APPLY).code == 0


def test_what_is_lacking_is_said(shared: Shared, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shared.plan("--require-approval", "1")
    shared.lacks("name the people and their keys in ")
    assert "nobody of this machine may approve" in shared("show", "p.json").out
    for words, home, error in (
        (("--reason", "  "), "ben", "--reason is empty"),
        (("--reason", "x", "--key", "nowhere"), "ben", "there is no key "),
        (("--reason", "x", "--key", "site.yml"), "ben", "site.yml: it was not signed: "),
        (("--reason", "x"), "", f"there is no key in {tmp_path}/.ssh"),
    ):
        done = shared("approve", "p.json", *words, HOME=str(shared.board.person(home) if home else tmp_path))
        assert (done.code, error in done.err, "Traceback" in done.err) == (1, True, False), done
    shared.board.allow("ben")
    shared.approve("ben")
    monkeypatch.setattr(sshkeygen, "PLACES", "/nowhere")
    for done in (shared(*APPLY), shared("approve", "p.json", "--reason", "x", HOME=str(shared.board.person("ben")))):
        assert (done.code, "which is not on this machine\n  hint: install OpenSSH's client" in done.err) == (1, True), (
            done
        )
    assert "approvals  cannot be checked on this machine: " in shared("show", "p.json").out


def test_the_words_of_before_are_gone(shared: Shared) -> None:
    shared.plan("--require-approval", "1")
    done = shared("approve", "p.json", "--as", "ben", "--reason", "x")
    assert (done.code, "has no option --as" in done.err) == (1, True), done
