"""Saved plans at the command line: what is kept in them, what is not, what is nonsense."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from remediate.ledger.store import open_ledger
from remediate.planfile import codec
from remediate.planfile.model import Plan
from remediate.project import ledgers
from tests.commands.driver import Done, remediate
from tests.ledger.world import new_run

PASSWORD = "not-a-word-17"
SITE = """
- hosts: old,fine
  tasks:
    - name: One
      win_file: {path: 'C:\\one', state: directory}
      tags: [one]
    - name: Two
      win_file: {path: 'C:\\two', state: directory}
      tags: [two]
"""
HIDDEN = """
- hosts: old
  tasks:
    - name: Quiet
      win_file: {path: 'C:\\hush-hush', state: directory}
      no_log: true
    - name: Quiet items
      win_file: {path: "{{ item }}", state: directory}
      loop: ['C:\\hush-hush-1', 'C:\\hush-hush-2']
      no_log: true
"""


@dataclasses.dataclass
class Desk:
    """A project with a ledger of its own and a person who sits there."""

    folder: Path
    ledger: Path

    def __call__(self, *words: str) -> Done:
        return remediate(*words, folder=self.folder, environ={"REMEDIATE_LEDGER": str(self.ledger)})

    def plan(self, name: str = "p.json") -> Plan:
        return codec.load(self.folder / name)[0]


@contextmanager
def desk_with(lab: Path, ledger: Path, files: Mapping[str, str]) -> Iterator[Desk]:
    """A desk on which these files lie; they are taken away afterwards, for others use the lab too."""
    for name, text in files.items():
        (lab / name).parent.mkdir(parents=True, exist_ok=True)
        (lab / name).write_text(text, encoding="utf-8")
    yield Desk(lab, ledger)
    for name in files.keys() - {"remediate.toml"}:
        (lab / name).unlink(missing_ok=True)


@pytest.fixture
def desk(lab: Path, tmp_path: Path) -> Desk:
    (lab / "site.yml").write_text(SITE, encoding="utf-8")
    (lab / "hidden.yml").write_text(HIDDEN, encoding="utf-8")
    (lab / "p.json").unlink(missing_ok=True)
    (lab / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    return Desk(lab, tmp_path / "ledger.sqlite3")


def test_limit_and_tags_are_part_of_the_plan(desk: Desk) -> None:
    assert desk("plan", "site.yml", "-l", "fine", "-t", "one", "-o", "p.json").code == 2
    asked = desk.plan().asked
    assert (asked.limit, asked.tags) == ("fine", ("one",))
    page = desk("show", "p.json").out
    assert "  limit      fine" in page
    assert "  tags       one" in page
    assert desk("apply", "p.json").code == 0
    assert desk("plan", "site.yml", "-l", "fine", "-t", "one").code == 0, "done"
    assert desk("plan", "site.yml", "-l", "fine", "-t", "two").code == 2, "not asked for"
    assert desk("plan", "site.yml", "-l", "old", "-t", "one").code == 2, "not asked for"


def test_a_host_that_drifted_is_refused_and_the_others_go_on(desk: Desk) -> None:
    assert desk("plan", "site.yml", "-o", "p.json").code == 2
    assert desk("run", "site.yml", "-l", "old", "-t", "one").code == 0
    done = desk("apply", "p.json", "--format", "json")
    assert done.code == 4
    hosts = {host["host"]: host for host in json.loads(done.out)["hosts"]}
    assert {name: host["outcome"] for name, host in hosts.items()} == {"old": "blocked", "fine": "changed"}
    assert hosts["old"]["reason"].startswith("One: not as planned: ")
    assert "remediate plan PLAYBOOK -l old -o FILE" in hosts["old"]["remedy"]
    assert desk("plan", "site.yml", "-l", "old", "-t", "two").code == 2, "nothing was done on it"
    assert desk("plan", "site.yml", "-l", "fine").code == 0


def test_applied_twice_it_says_in_one_line_what_came_of_it(desk: Desk) -> None:
    assert desk("plan", "site.yml", "-o", "p.json").code == 2
    assert desk("apply", "p.json").code == 0
    again = desk("apply", "p.json")
    assert (again.code, again.err) == (0, "")
    form = r"nothing to do: this plan was applied by run \S+ at \d{4}-\d\d-\d\d \d\d:\d\d UTC: 2 hosts: 2 changed\n"
    assert re.fullmatch(form, again.out), again


def test_applied_again_after_a_bad_end_it_names_the_run_to_go_on_with(desk: Desk) -> None:
    assert desk("plan", "site.yml", "-o", "p.json").code == 2
    assert desk("run", "site.yml", "-l", "old", "-t", "one").code == 0
    assert desk("apply", "p.json").code == 4
    again = desk("apply", "p.json")
    assert (again.code, again.out) == (3, "")
    form = (
        r"error: this plan was applied by run (\S+) at .* UTC: 2 hosts: 1 blocked, 1 changed\n  hint: .*resume \1; .*\n"
    )
    assert re.fullmatch(form, again.err), again


def test_a_plan_that_touched_nobody_may_be_applied(desk: Desk) -> None:
    assert desk("plan", "site.yml", "-l", "fine", "-o", "p.json").code == 2
    with open_ledger(str(desk.ledger), now=lambda: datetime.now(UTC)) as ledger:
        other = ledger.begin_run(new_run("fine", controller=ledgers.controller()))
        assert ledger.lock(other, "fine", "work by hand") is None
        assert desk("apply", "p.json").code == 3, "locked"
        ledger.end_run(other, status="finished", exit_code=0, hosts=())
    assert desk("apply", "p.json").code == 0


def test_a_secret_of_the_inventory_does_not_get_in_by_another_name(desk: Desk) -> None:
    done = desk(
        "plan", "site.yml", "-o", "p.json", "-e", f"note={PASSWORD}", "-e", f'{{"deep": [{{"a": "x{PASSWORD}"}}]}}'
    )
    assert done.code == 2
    assert PASSWORD.encode() not in (desk.folder / "p.json").read_bytes()
    assert desk.plan().asked.secrets == ("deep", "note")
    assert "give again with -e: deep, note" in desk("show", "p.json").out


def test_a_word_that_is_also_a_secret_is_asked_for_again_and_not_made_up(desk: Desk) -> None:
    """A masked value carried over would be applied as four stars."""
    words = ("-e", "smtp_password=site", "-e", "mode=site", "-e", "other=sites")
    assert desk("plan", "site.yml", "-o", "p.json", *words).code == 2
    asked = desk.plan().asked
    assert asked.secrets == ("mode", "other", "smtp_password")
    lacking = desk("apply", "p.json", "-e", "smtp_password=site")
    assert (lacking.code, "the value of mode, other is a secret" in lacking.err) == (1, True), lacking
    assert desk("apply", "p.json", *words).code == 0


def test_what_no_log_hides_is_nowhere(desk: Desk) -> None:
    said = desk("plan", "hidden.yml", "-o", "p.json", "--record", "seen", "-vv", "--diff")
    assert said.code == 2
    kept = [(desk.folder / "p.json").read_bytes(), *(f.read_bytes() for f in (desk.folder / "seen").iterdir())]
    assert desk.plan().hosts[0].steps[-1].hidden
    page = desk("show", "p.json", "-v")
    assert "Quiet: hidden by no_log" in page.out
    applied = desk("apply", "p.json", "-vv", "--diff")
    assert applied.code == 0, applied
    kept += [file.read_bytes() for file in desk.ledger.parent.glob("ledger.sqlite3*")]
    assert not [text for text in kept if b"hush-hush" in text]
    for done in (said, page, applied):
        assert "hush-hush" not in done.out + done.err


def test_the_plan_of_another_project(desk: Desk, tmp_path: Path) -> None:
    assert desk("plan", "site.yml", "-o", "p.json").code == 2
    elsewhere = Desk(tmp_path / "elsewhere", desk.ledger)
    elsewhere.folder.mkdir()
    (elsewhere.folder / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    (elsewhere.folder / "p.json").write_bytes((desk.folder / "p.json").read_bytes())
    done = elsewhere("apply", "p.json")
    assert done.code == 1
    assert "site.yml" in done.err
    assert "Traceback" not in done.err
    assert elsewhere("show", "p.json").code == 0, "looking needs no project"


def test_what_is_over_is_neither_approved_nor_applied(desk: Desk) -> None:
    assert desk("plan", "site.yml", "-l", "fine", "-o", "p.json").code == 2
    over = dataclasses.replace(desk.plan(), valid_until=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    codec.save(over, desk.folder / "p.json")
    assert "(EXPIRED)" in desk("show", "p.json").out
    for words in (("apply", "p.json"), ("approve", "p.json", "--reason", "x")):
        done = desk(*words)
        assert (done.code, "the plan was valid until 2026-01-02 03:04 UTC" in done.err) == (3, True), done
    assert desk("plan", "site.yml", "-l", "fine").code == 2, "nothing was done"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        *(((f"--valid-for={text}",), "is no length of time") for text in ("0d", "-1d", "soon", "400d", "1w", "", "5")),
        (("--require-approval=-1",), "must be a whole number from 0 on"),
        (("--require-approval=two",), "--require-approval"),
    ],
)
def test_nonsense_is_found_out_before_any_host_is_contacted(desk: Desk, words: tuple[str, ...], error: str) -> None:
    done = desk("plan", "site.yml", "-o", "p.json", *words)
    assert (done.code, done.out) == (1, "")
    assert error in done.err
    assert not (desk.folder / "p.json").exists()


def test_a_record_gives_the_same_plan(desk: Desk) -> None:
    """Also for hosts that are blocked, not applicable or not there."""
    (desk.folder / "gone.yml").write_text(
        "all: {hosts: {gone: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n", encoding="utf-8"
    )
    words = ("plan", "playbooks/kb870585.yml", "-i", "lab.yml", "-i", "gone.yml", "-l", "old,fine,other,alone,gone")
    assert desk(*words, "-o", "p.json", "--record", "seen").code == 4
    assert desk(*words, "-o", "q.json", "--replay", "seen").code == 4
    seen, replayed = desk.plan().hosts, desk.plan("q.json").hosts
    assert {host.host: host.outcome for host in seen} == {
        "old": "pending", "fine": "compliant", "other": "not applicable", "alone": "blocked", "gone": "unreachable",
    }  # fmt: skip
    for one, other in zip(seen, replayed, strict=True):
        assert one == other
    assert not [file for file in (desk.folder / "seen").iterdir() if PASSWORD.encode() in file.read_bytes()]


def test_a_plan_goes_into_a_pipe_and_through_a_link(desk: Desk, tmp_path: Path) -> None:
    """What is named with -o stays what it is."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("real.json")
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = desk("plan", "site.yml", "-l", "fine", "-o", str(pipe))
        assert done.code == 2
        assert f"written to {pipe}, hash " in done.err
        assert "saved:" not in done.err
        (tmp_path / "read.json").write_bytes(os.read(reader, 1_000_000))
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert codec.load(tmp_path / "read.json")[0].asked.limit == "fine"
    assert f"saved: {link}, hash " in desk("plan", "site.yml", "-l", "fine", "-o", str(link)).err
    assert link.is_symlink()
    assert stat.S_IMODE((tmp_path / "real.json").stat().st_mode) == 0o600
    assert codec.load(link)[0].asked.limit == "fine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_plan_a_device_lost_is_not_called_saved(desk: Desk, tmp_path: Path) -> None:
    os.mknod(tmp_path / "full", stat.S_IFCHR | 0o666, os.makedev(1, 7))
    done = desk("plan", "site.yml", "-l", "fine", "-o", str(tmp_path / "full"))
    assert done.code == 1
    assert f"{tmp_path}/full: the plan cannot be saved: No space left on device" in done.err
    assert "saved:" not in done.err.replace("be saved:", "")
    assert (tmp_path / "full").is_char_device()
