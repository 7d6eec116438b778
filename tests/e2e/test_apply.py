"""Saved plans through the command line: every reason to refuse one, before any host is contacted; records of hosts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from remediate.planfile import codec
from tests.approvals.people import PLANNER, Board
from tests.e2e.office import TUESDAY, Office
from tests.e2e.project import Project
from tests.e2e.test_change_window import press_ctrl_c
from tests.e2e.test_main_route import PLAYBOOK, status

INVENTORY = "inventory/apply.yml"
LAB = """
plugin: lab
speed: 50
password: not-a-word-17
hosts:
  one: {image: exchange2003-sp1}
  fine: {image: exchange2003-sp2}
  node: {image: exchange2003-rtm, override: {cluster: true}}
  other: {image: exchange2007}
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    made.lab("up", "-i", INVENTORY)
    yield Office(made, str(tmp_path / "ledger.sqlite3"))
    made.close(INVENTORY)


def planned(office: Office, *words: str) -> Path:
    done = office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json", "-l", "one,fine,other", *words)
    assert done.code == 2, done
    return office.project.folder / "p.json"


def rewritten(plan: Path, name: str, text: str) -> None:
    """The project file ``name`` with more at its end."""
    path = plan.parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text() if path.exists() else "") + text)


FILES = [
    (PLAYBOOK, "# more", f"the playbook file {PLAYBOOK} is another one now"),
    ("roles/kb870585/vars/main.yml", "# more", "the role file roles/kb870585/vars/main.yml is another one now"),
    ("modules/hotfix.py", "# more", "the module file modules/hotfix.py is another one now"),
    ("modules/exchange_facts.js", "// more", "the module file modules/exchange_facts.js is another one now"),
    (INVENTORY, "# more", f"the inventory file {INVENTORY} is another one now"),
    ("inventory/host_vars/one.yml", "route: service_pack", "the variables file inventory/host_vars/one.yml is new"),
]


def test_a_plan_is_refused_before_any_host_is_contacted(office: Office) -> None:
    plan = planned(office)
    before = {name: host["logons"] for name, host in status(office.project, INVENTORY).items()}
    for name, text, error in FILES:
        path = plan.parent / name
        kept = path.read_bytes() if path.exists() else None
        rewritten(plan, name, text)
        done = office.remediate("apply", "p.json")
        assert (done.code, error in done.err) == (3, True), done
        path.unlink() if kept is None else path.write_bytes(kept)
    office.clock.set(TUESDAY + timedelta(days=8))
    done = office.remediate("apply", "p.json")
    assert (done.code, "the plan was valid until 2026-12-01 09:00 UTC" in done.err) == (3, True), done
    office.clock.set(TUESDAY)
    found, _ = codec.load(plan)
    codec.save(dataclasses.replace(found, remediate="0.0.1"), plan)
    done = office.remediate("apply", "p.json")
    assert (done.code, "made by version 0.0.1" in done.err) == (3, True), done
    plan.write_bytes(plan.read_bytes().replace(b"6.5.7232.35", b"6.5.7232.36"))
    done = office.remediate("apply", "p.json")
    assert (done.code, "altered after it was made" in done.err) == (1, True), done
    assert {name: host["logons"] for name, host in status(office.project, INVENTORY).items()} == before


def test_a_changed_package_refuses_the_plan(office: Office) -> None:
    planned(office)
    found, _ = codec.load(office.project.folder / "p.json")
    (package,) = [file for file in found.inputs if file.kind == "package"]
    path = office.project.folder / package.path
    with path.open("ab") as file:
        file.write(b"x")
    done = office.remediate("apply", "p.json")
    assert (done.code, "is not the file recorded for KB870585-2003-SP1" in done.err) == (1, True), done


def test_approval(office: Office, tmp_path: Path) -> None:
    board = Board.at(tmp_path)
    board.allow("anna", "paula")
    office.account, office.policy = PLANNER, board.folder
    planned(office, "--require-approval", "1")
    substance = codec.substance(codec.load(office.project.folder / "p.json")[0])
    approve = ("approve", "p.json", "--reason", "CHG-1")
    assert "0 of 1 approvals are there" in office.remediate("apply", "p.json").err
    assert office.remediate(*approve, HOME=str(board.person("paula"))).code == 0
    assert "(paula made the plan)" in office.remediate("apply", "p.json").err
    assert office.remediate(*approve, HOME=str(board.person("anna"))).code == 0
    office.clock.set(TUESDAY + timedelta(days=2))
    planned(office, "--require-approval", "1")
    assert codec.substance(codec.load(office.project.folder / "p.json")[0]) == substance, "the same, made again later"
    code, document = office.json("apply", "p.json")
    assert (code, [host["outcome"] for host in document["hosts"]]) == (0, ["changed"])


def test_what_was_begun_while_it_was_approved_is_finished_after_it(office: Office, tmp_path: Path) -> None:
    board = Board.at(tmp_path)
    board.allow("anna")
    office.account, office.policy = PLANNER, board.folder
    planned(office, "--require-approval", "1", "--valid-for", "2d")
    assert office.remediate("approve", "p.json", "--reason", "CHG-1", HOME=str(board.person("anna"))).code == 0
    planned(office, "--require-approval", "1", "--valid-for", "30d")
    office.clock.when(lambda: any(office.project.installers(INVENTORY)), lambda: press_ctrl_c(office))
    assert office.remediate("apply", "p.json").code == 130
    office.clock.set(TUESDAY + timedelta(days=3))
    board.allow("ben")
    withdrawn = office.remediate("resume", "last")
    assert (withdrawn.code, "0 of 1 approvals are there" in withdrawn.err) == (3, True), withdrawn
    board.allow("anna")
    for path in office.project.folder.glob("p.json*"):
        path.unlink()  # plan and approval are in the ledger
    code, document = office.json("resume", "last")
    assert (code, [host["outcome"] for host in document["hosts"]]) == (0, ["changed"])


WINDOW = """
windows:
  friday_night: {time_zone: Europe/Berlin, start: 2026-01-02 22:00, rule: FREQ=WEEKLY;BYDAY=FR, duration: 4h}
"""


@pytest.mark.parametrize("words", ["apply p.json --wait", f"run {PLAYBOOK} -i {INVENTORY} -l one --wait"])
def test_the_policy_is_asked_again_after_the_wait(office: Office, words: str, tmp_path: Path) -> None:
    board = Board.at(tmp_path)
    board.allow("anna")
    office.account, office.policy = PLANNER, board.folder
    rewritten(office.project.folder / "p.json", "inventory/host_vars/one.yml", "change_window: friday_night")
    (office.project.folder / "inventory/windows.yml").write_text(WINDOW)
    planned(office, "--require-approval", "1")
    assert office.remediate("approve", "p.json", "--reason", "CHG-1", HOME=str(board.person("anna"))).code == 0

    def withdraw() -> None:
        board.allow("ben")
        board.write("policy.toml", "only_plans = true\n")

    office.clock.when(lambda: office.clock.at > TUESDAY + timedelta(days=2), withdraw)
    done = office.remediate(*words.split())
    assert done.code == 3, done
    assert ("0 of 1 approvals are there" in done.err) or ("only saved plans change one" in done.err), done
    assert not any(office.project.installers(INVENTORY))


def test_secrets_stay_out_and_are_given_again(office: Office) -> None:
    plan = planned(office, "-e", "api_token=tok-en-4711", "-e", "note=hello")
    assert b"tok-en-4711" not in plan.read_bytes()
    assert "note=hello" in office.remediate("show", "p.json").out
    assert "the value of api_token is a secret and was not kept" in office.remediate("apply", "p.json").err
    other = office.remediate("apply", "p.json", "-e", "api_token=x", "-e", "note=bye")
    assert (other.code, "-e note is not what was asked for then" in other.err) == (1, True), other
    assert office.remediate("apply", "p.json", "-e", "api_token=tok-en-4711").code == 0


def test_nothing_pending_and_nonsense(office: Office) -> None:
    done = office.remediate("plan", PLAYBOOK, "-i", INVENTORY, "-o", "p.json", "-l", "fine")
    assert done.code == 0
    nothing = office.remediate("apply", "p.json")
    assert (nothing.code, "nothing to do" in nothing.out) == (0, True)
    for words, error in (
        (("plan", PLAYBOOK, "--valid-for", "3d"), "are for saved plans"),
        (("plan", PLAYBOOK, "-o", "p.json", "--valid-for", "soon"), "'soon' is no length of time"),
        (("apply", "nowhere.json"), "the plan cannot be read"),
        (("show", "p.json", "-l", "fien"), "did you mean 'fine'?"),
    ):
        bad = office.remediate(*words)
        assert (bad.code, error in bad.err) == (1, True), bad


def test_a_record_gives_the_same_plan_without_hosts(office: Office) -> None:
    first, seen = office.json("plan", PLAYBOOK, "-i", INVENTORY, "--record", "seen")
    office.project.lab("down", "-i", INVENTORY)
    second, replayed = office.json("plan", PLAYBOOK, "-i", INVENTORY, "--replay", "seen")
    assert first == second == 4
    told = [[{key: host[key] for key in ("host", "outcome", "reason", "columns")} for host in one["hosts"]]
            for one in (seen, replayed)]  # fmt: skip
    assert told[0] == told[1]
    assert {host["host"]: host["outcome"] for host in replayed["hosts"]} == {
        "one": "pending", "fine": "compliant", "node": "blocked", "other": "not applicable",
    }  # fmt: skip
    for file in (office.project.folder / "seen").iterdir():
        assert b"not-a-word-17" not in file.read_bytes()
