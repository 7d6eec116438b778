"""``remediate runs``: what is shown, handed in, verified and unlocked, and what is said where that cannot be."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from remediate.ledger.rows import Approval, HostEnd, PackageSeen
from remediate.ledger.store import Ledger
from remediate.project import ledgers
from remediate.project.outside import Account, Outside
from tests.commands.driver import Done, Screen, remediate
from tests.ledger.processes import controller, line
from tests.ledger.world import Clock, begun, ended, new_run, opened

NASTY = "<script>alert(1)</script> | [x](http://evil) \x1b[31m **b** `c`\r\n# h"
"""What a host may say."""
HASH = "0f" * 32
TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th", "td"}
CHANGE = {"target": "store.exe", "before": "6.5.7226.0", "after": "6.5.7232.35", "effect": "service restart"}
RESULT = {
    "message": "installed",
    "changes": [CHANGE],
    "after": {
        "rows": [
            {
                "file": "store.exe", "expected_version": "6.5.7232.35", "seen_version": "6.5.7232.35",
                "expected_size": 1, "seen_size": 1, "verdict": "exact", "note": "",
            }
        ]
    },
}  # fmt: skip


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with opened(url) as made:
        yield made


def fill(ledger: Ledger) -> tuple[str, str]:
    """A run that was cut off, and the one that went on with it."""
    cut = ledger.begin_run(new_run("ex1", "ex2", plan_hash="abc", controller=ledgers.controller(), pid=2**22 + 1))
    ledger.lock(cut, "ex1", "KB870585")
    ledger.lock(cut, "ex2", "KB870585")
    ledger.step_begun(cut, begun("ex1", task="Install the hotfix"))
    ledger.approve(Approval(plan_hash="abc", name="Ann", reason="CHG0815", user="ann", controller="desk"))
    request = {"limit": "berlin", "window": "sunday"}
    run = ledger.begin_run(new_run("ex1", "ex2", "ex3", kind="resume", plan_hash="abc", resumes=cut, request=request))
    for held in ledger.locks():
        assert ledger.take_over(run, held, "KB870585")
    number = ledger.step_begun(run, begun("ex1", task="Install the hotfix"))
    ledger.package(run, "ex1", PackageSeen(sha256=HASH, name="kb870585.exe", version="6.5.7232.35", size=5_000_000))
    ledger.step_ended(run, "ex1", number, ended(seconds=42, result=RESULT))
    number = ledger.step_begun(run, begun("ex2", task="Set a password"))
    ledger.step_ended(run, "ex2", number, ended("ok", redacted=True, result={"message": "hidden by no_log"}))
    ledger.note(run, "override", "", {"gate": "window", "reason": "phone call of 23:40"})
    columns = {"product": "Exchange Server 2003 SP1", "route": "KB870585-2003-SP1"}
    ends = [
        HostEnd(host="ex1", outcome="changed", columns={**columns, "before": "6.5.7226.0", "after": "6.5.7232.35"}),
        HostEnd(host="ex2", outcome="blocked", reason=NASTY, remedy="ask the owner", columns={"product": NASTY}),
    ]
    ledger.end_run(run, status="finished", exit_code=4, hosts=ends)
    return cut, run


def runs(url: str, folder: Path, *words: str, **environ: str) -> Done:
    return remediate("runs", *words, folder=folder, environ={"REMEDIATE_LEDGER": url, "USER": "eve", **environ},
                     account=Account(7, "bob"))  # fmt: skip


def test_the_list(ledger: Ledger, url: str, tmp_path: Path) -> None:
    assert runs(url, tmp_path, "list").out == "no runs\n"
    cut, run = fill(ledger)
    done = runs(url, tmp_path, "list")
    assert done.code == 0
    title, first, second = done.out.splitlines()
    assert title.split() == ["run", "started", "(UTC)", "by", "command", "playbook", "status", "outcome"]
    assert first.startswith(f"{run}  2026-11-25 23:49  ann  resume")
    assert first.endswith("finished     3 hosts: 1 changed, 1 blocked")
    assert second.startswith(cut)
    assert "interrupted" in second
    assert runs(url, tmp_path, "list", "--host", "ex3").out.count("\n") == 2
    assert runs(url, tmp_path, "list", "-n", "1").out.count("\n") == 2
    assert runs(url, tmp_path, "list", "--playbook", "none").out == "no runs\n"
    listed = json.loads(runs(url, tmp_path, "list", "--format", "json").out)
    assert [entry["id"] for entry in listed] == [run, cut]
    assert listed[0]["resumes"] == cut


def test_a_controller_that_died_is_told(ledger: Ledger, url: str, tmp_path: Path) -> None:
    here = ledgers.controller()
    ledger.begin_run(new_run("ex1", controller=here))
    assert " running " in runs(url, tmp_path, "list").out
    ledger.begin_run(new_run("ex1", controller="elsewhere", pid=1))
    assert " running " in runs(url, tmp_path, "list").out.splitlines()[1]
    with controller(url, "hold", here) as process:
        run = line(process)
        assert "status running" in blank(runs(url, tmp_path, "show", run).out)
        process.kill()
        process.wait()
    assert " died " in runs(url, tmp_path, "list").out.splitlines()[1]
    page = blank(runs(url, tmp_path, "show", run).out)
    assert "status died" in page
    assert "no; the last sign of life is of 20" in page
    assert f"lock on a held by run {run}" in page


def blank(text: str) -> str:
    """Text without the widths of columns."""
    return re.sub(" +", " ", text)


def test_one_run(ledger: Ledger, url: str, tmp_path: Path) -> None:
    cut, run = fill(ledger)
    page = runs(url, tmp_path, "show", "last")
    assert page.code == 0
    for words in (
        f"run {run}",
        "status finished, exit code 4",
        "requested: window sunday",
        f"goes on with {cut}",
        "Ann ann desk CHG0815",
        "6.5.7226.0 -> 6.5.7232.35 changed",
        f"lock taken over ex1 from run {cut} (ann on {ledgers.controller()}, process {2**22 + 1}), why KB870585",
        "phone call of 23:40",
        "1 changed Install the hotfix (42 s)",
        "store.exe: 6.5.7226.0 -> 6.5.7232.35",
        "hidden (no_log)",
        "not begun",
        "ask the owner",
    ):
        assert words in blank(page.out), words
    assert "\x1b" not in page.out
    old = runs(url, tmp_path, "show", cut)
    assert f"gone on with by {run}" in blank(old.out)
    assert "cut off Install the hotfix, begun 2026-11-25 23:49:" in blank(old.out)
    assert "ex1: changed" in old.out, "it is told of with the run that went on with it"
    assert f"lock lost ex2 to run {run}" in blank(old.out)
    shown = json.loads(runs(url, tmp_path, "show", run, "--format", "json").out)
    assert shown["hosts"][0]["steps"][0]["changes"] == [{**CHANGE, "fate": "done"}]
    assert shown["chain"] is None


class Cells(HTMLParser):
    """The texts of a page, and the tags in it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_report_to_hand_in(ledger: Ledger, url: str, tmp_path: Path) -> None:
    _, run = fill(ledger)
    done = runs(url, tmp_path, "report", run, "-o", "evidence.html")
    assert (done.code, done.out) == (0, "wrote evidence.html\n")
    page = (tmp_path / "evidence.html").read_text("utf-8")
    cells = Cells()
    cells.feed(page)
    assert cells.tags <= TAGS
    assert not re.search(r"https?://(?!evil)|\bsrc=|\bhref=", page), "it needs nothing from elsewhere"
    shown = " ".join(NASTY.replace("\x1b", "\\x1b").split())
    for words in (shown, HASH, "CHG0815", "phone call of 23:40", "sunday", "exact", "verified: "):
        assert any(words in text for text in cells.texts), words
    text = runs(url, tmp_path, "report", run).out
    assert text.startswith(f"# Run {run}\n")
    assert "| verified: " in text or "verified: " in text
    assert "<script" not in text
    assert "](http" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ex2 | blocked")]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 5, "a cell stays one cell"
    document = json.loads(runs(url, tmp_path, "report", run, "--format", "json").out)
    assert document["chain"]["whole"]
    assert document["hosts"][0]["files"][0]["verdict"] == "exact"
    assert document["packages"][0]["sha256"] == HASH
    assert [remark["kind"] for remark in document["remarks"]] == ["lock taken over", "lock taken over", "override"]
    missing = runs(url, tmp_path, "report", run, "-o", "no/such/folder.md")
    assert missing.code == 1
    assert "cannot be written: No such file or directory" in missing.err


def test_looking_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    with opened(str(folder / "l.db")) as ledger:
        fill(ledger)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for words in (("list",), ("show", "last"), ("report", "last"), ("verify",)):
        assert runs(str(folder / "l.db"), tmp_path, *words).code == 0, words
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, words


def test_a_lock_is_released(ledger: Ledger, url: str, tmp_path: Path) -> None:
    run = ledger.begin_run(new_run("ex1", controller=ledgers.controller()))
    ledger.lock(run, "ex1", "KB870585")
    assert "lock on ex1" in runs(url, tmp_path, "show", "last").out
    refused = runs(url, tmp_path, "unlock", "ex1")
    assert refused.code == 1
    assert "not released without a reason: ex1 stays locked" in refused.err
    assert len(ledger.locks()) == 1
    done = runs(url, tmp_path, "unlock", "ex1", "--reason", "ctl1 died")
    assert done.code == 0
    assert done.out.startswith(f"ex1 is free; it was held by run {run} (ann on {ledgers.controller()}, ")
    assert "may still go on" in done.err
    (event,) = [event for event in ledger.events(run) if event.kind == "unlocked"]
    assert (event.data["who"], event.data["reason"]) == ("bob", "ctl1 died")
    again = runs(url, tmp_path, "unlock", "ex1", "--reason", "x")
    assert (again.code, again.err) == (1, "error: ex1 is not locked\n  hint: no host is locked\n")


def test_a_broken_chain_ends_with_4(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    with opened(str(file)) as ledger:
        fill(ledger)
    done = runs(str(file), tmp_path, "verify")
    assert (done.code, done.out.split(":")[0]) == (0, "verified")
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE steps SET seconds = 1 WHERE status = 'changed'")
        db.commit()
    done = runs(str(file), tmp_path, "verify")
    assert done.code == 4
    assert done.out.startswith("BROKEN: run ")
    told = json.loads(runs(str(file), tmp_path, "verify", "--format", "json").out)
    assert (told["whole"], told["how"]) == (False, "changed")
    report = runs(str(file), tmp_path, "report", "last")
    assert report.code == 4
    assert "BROKEN: run " in report.out
    assert "tampered with" in report.err


def test_where_the_ledger_is(tmp_path: Path) -> None:
    deep = tmp_path / "a"
    deep.mkdir()
    (tmp_path / "remediate.toml").write_text("forks = 1\n", encoding="utf-8")
    assert not (tmp_path / ".remediate").exists()
    done = remediate("runs", "list", folder=deep)
    assert done.code == 1
    assert f"there is no ledger {tmp_path}/.remediate/ledger.sqlite3 yet: nothing was run here" in done.err
    assert not (tmp_path / ".remediate").exists(), "looking makes nothing"
    (tmp_path / "remediate.toml").write_text("ledger = 'kept/l.db'\n", encoding="utf-8")
    assert f"there is no ledger {tmp_path}/kept/l.db yet" in remediate("runs", "list", folder=deep).err
    opened(str(deep / "other.db")).close()
    assert remediate("runs", "list", folder=deep, environ={"REMEDIATE_LEDGER": "other.db"}).out == "no runs\n"


def test_a_ledger_is_made_beside_the_project(tmp_path: Path) -> None:
    outside = Outside(stdin=Screen(), stdout=Screen(), stderr=Screen(), environ={}, folder=tmp_path)
    with ledgers.open_for(outside) as ledger:
        assert ledger.place == str(tmp_path / ".remediate/ledger.sqlite3")
        run = ledger.begin_run(new_run("a"))
        assert abs((ledger.run(run).started - outside.now()).total_seconds()) < 3600
    assert remediate("runs", "list", folder=tmp_path).code == 0


@pytest.mark.parametrize(
    ("account", "environ", "who"),
    [
        (Account(7, "bob"), {}, "bob"),
        (Account(7, "bob"), {"SUDO_USER": "eve", "LOGNAME": "eve", "USER": "eve", "USERNAME": "eve"}, "bob"),
        (Account(0, "root"), {"SUDO_USER": "bob", "USER": "eve"}, "bob"),
        (Account(0, "root"), {"USER": "eve", "LOGNAME": "eve"}, "root"),
    ],
)
def test_nobody_is_somebody_else_by_a_variable(
    account: Account, environ: dict[str, str], who: str, tmp_path: Path
) -> None:
    outside = Outside(stdin=Screen(), stdout=Screen(), stderr=Screen(), environ=environ, folder=tmp_path,
                      account=account)  # fmt: skip
    assert ledgers.who(outside) == who


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 2**31 - 7)
    assert Account.of_this_process() == Account(2**31 - 7, f"user {2**31 - 7}")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["show"], "error: which run?\n  hint: remediate runs show RUN"),
        (["unlock"], "error: which host?\n  hint: remediate runs unlock HOST"),
        (["list", "x"], "error: 'x' is one argument too many\n  hint: remediate runs show RUN"),
        (["list", "-n", "0"], "error: --limit must be"),
        (["show", "last", "--format", "html"], "error: -o, md and html are for reports\n  hint: remediate runs report"),
        (["verify", "-o", "x"], "error: -o, md and html are for reports"),
        (["shwo", "last"], "error: `remediate runs` knows no 'shwo'\n  hint: did you mean 'show'?"),
        (["show", "20261125-0000-zzzz"], "error: there is no run '20261125-0000-zzzz'\n  hint: there is no run yet"),
        (["show", "last"], "error: there is no run yet\n  hint: remediate run PLAYBOOK begins one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_command_lines(words: list[str], error: str, tmp_path: Path) -> None:
    opened(str(tmp_path / "l.db")).close()
    done = runs("l.db", tmp_path, *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(error)


def test_a_healthy_run_under_way_is_not_cut_off(ledger: Ledger, url: str, tmp_path: Path) -> None:
    run = ledger.begin_run(new_run("ex1", "ex2", "ex3", controller=ledgers.controller()))
    ledger.step_begun(run, begun("ex1", task="Install the hotfix"))
    number = ledger.step_begun(run, begun("ex2", task="Look"))
    ledger.step_ended(run, "ex2", number, ended("ok"))
    shown = runs(url, tmp_path, "show", run).out
    assert "cut off" not in shown
    assert "ex1: in a step now" in shown
    assert re.search(r"under way +Install the hotfix", shown)
    assert "ex2: under way" in shown
    assert "not begun yet" in shown


def test_time_that_goes_backwards_is_a_remark(url: str, tmp_path: Path) -> None:
    clock = Clock()
    with opened(url, clock) as ledger:
        cut = ledger.begin_run(new_run("ex1"))
        clock.time -= timedelta(hours=1)
        ledger.end_run(cut, status="finished", exit_code=0, hosts=[])
        whole = ledger.begin_run(new_run("ex1"))
        clock.time -= timedelta(hours=1)
        ledger.end_run(whole, status="finished", exit_code=0, hosts=[], seconds=42.0)
        slept = ledger.begin_run(new_run("ex1"))
        clock.time += timedelta(hours=7)
        ledger.end_run(slept, status="finished", exit_code=0, hosts=[], seconds=42.0)
    done = runs(url, tmp_path, "verify")
    lines = done.out.splitlines()
    assert (done.code, len(lines), lines[0].startswith("verified: ")) == (0, 3, True)
    assert "event 2 " in lines[1]
    assert f"(run {cut}, 2026-11-25 22:49:" in lines[1]
    assert lines[1].endswith("a clock was wrong, or was set")
    told = json.loads(runs(url, tmp_path, "verify", "--format", "json").out)
    assert [(one["run"], round(one["seconds"] / 3600)) for one in told["backwards"]] == [(cut, 1), (whole, 1)]
    for run, text in (
        (cut, "(the clock was set back meanwhile: how long it took is not known)"),
        (whole, "(after 42 s; the clock was set back meanwhile)"),
        (slept, "(after 42 s; by the clock 7 h 00 min: it was set forward, or the machine stood still)"),
    ):
        assert text in runs(url, tmp_path, "show", run).out


def resumed(url: str) -> tuple[str, str, str]:
    """A run that installed and died, one that went on with it and was cut off, and one that finished."""
    place = "site.yml:4"
    with opened(url) as ledger:
        first = ledger.begin_run(new_run("ex1", "ex2", pid=2**22 + 1))
        number = ledger.step_begun(first, begun("ex1", task="Install the hotfix", place=place))
        ledger.package(first, "ex1", PackageSeen(sha256=HASH, name="kb870585.exe", version="6.5.7232.35", size=5))
        ledger.step_ended(first, "ex1", number, ended(seconds=42, result={**RESULT, "fates": ["done"]}))
        ledger.step_begun(first, begun("ex1", task="Bring back the services", place="site.yml:9"))
        second = ledger.begin_run(new_run("ex1", "ex2", kind="resume", resumes=first))
        again = ended(seconds=42, result={**RESULT, "fates": ["done"], "recalled": True})
        ledger.step_done(second, begun("ex1", task="Install the hotfix", place=place), again)
        ledger.end_run(second, status="interrupted", exit_code=130, hosts=[])
        third = ledger.begin_run(new_run("ex1", "ex2", kind="resume", resumes=second))
        ledger.step_done(third, begun("ex1", task="Install the hotfix", place=place), again)
        change = {"target": "MSExchangeIS", "before": "stopped", "after": "running", "effect": "none"}
        ledger.step_done(third, begun("ex1", task="Bring back the services", place="site.yml:9"),
                         ended(result={"changes": [change], "fates": ["done"]}))  # fmt: skip
        columns = {"after": "6.5.7232.35"}
        ends = [HostEnd(host="ex1", outcome="changed", columns=columns), HostEnd(host="ex2", outcome="deferred")]
        ledger.end_run(third, status="finished", exit_code=2, hosts=ends)
    return first, second, third


def test_one_account_over_a_run_and_its_resumes(url: str, tmp_path: Path) -> None:
    """Whichever of them is asked for: install, package and services, each once, with the run that did it."""
    first, second, third = resumed(url)
    for asked in (first, second, third):
        document = json.loads(runs(url, tmp_path, "report", asked, "--format", "json").out)
        told = document["account"]
        assert [(run["id"], run["resumes"]) for run in told["runs"]] == [(first, ""), (second, first), (third, second)]
        host = told["hosts"][0]
        assert (host["outcome"], host["outcome_run"]) == ("changed", third)
        steps = [(step["run"], step["task"], step["done_by"] and step["done_by"]["run"]) for step in host["steps"]]
        assert steps == [
            (first, "Install the hotfix", None),
            (first, "Bring back the services", None),
            (second, "Install the hotfix", first),
            (third, "Install the hotfix", first),
            (third, "Bring back the services", None),
        ]
        assert [(package["run"], package["sha256"]) for package in told["packages"]] == [(first, HASH)]
        report = runs(url, tmp_path, "report", asked).out
        changes = report.partition("## Changes")[2].partition("## ")[0]
        assert (changes.count("store.exe"), changes.count("MSExchangeIS")) == (1, 1), changes
        assert f"done before by run {first}, 2026-11-25 23:49:" in report
        assert "this one" in report
        shown = blank(runs(url, tmp_path, "show", asked).out)
        assert f"(done before by run {first}, 2026-11-25 23:49:" in shown
        for run, command in ((first, "run"), (second, f"resume {first}"), (third, f"resume {second}")):
            this = " (this one)" if run == asked else ""
            assert f"{run}{this} {command} " in shown, shown
        assert "ex2: deferred" in report or "| ex2 |" in report


def test_a_run_alone_is_told_of_alone(url: str, tmp_path: Path) -> None:
    with opened(url) as ledger:
        run = ledger.begin_run(new_run("ex1"))
        ledger.end_run(run, status="finished", exit_code=0, hosts=[HostEnd(host="ex1", outcome="compliant")])
    assert json.loads(runs(url, tmp_path, "report", run, "--format", "json").out)["account"] is None
    assert "this one" not in runs(url, tmp_path, "report", run).out
