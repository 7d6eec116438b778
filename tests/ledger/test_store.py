"""What is written into the ledger comes out of it, on both databases, from several threads."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from remediate.errors import UserError
from remediate.ledger.rows import Approval, HostEnd, PackageSeen
from remediate.ledger.store import Ledger
from tests.ledger.world import PHASES, START, Clock, begun, ended, new_run, opened, raw, step
from tests.patience import LIMIT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_run_from_begin_to_end(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run("a", "b", request={"limit": "x"}, plan_hash="h", kind="apply"))
    assert run.startswith("20261125-2349-")
    first = ledger.step_begun(run, begun("a"))
    assert ledger.journal(run)["a"][0].status == ""
    ledger.step_ended(run, "a", first, ended(result={"changes": [1, {"x": None}]}, redacted=True))
    assert step(ledger, run, "b", status="ok") == 1
    assert step(ledger, run, "a", status="failed") == 2
    ledger.note(run, "override", "", {"reason": "approved by phone"})
    ledger.package(run, "a", PackageSeen(sha256="f" * 64, name="kb.exe", version="6.5", size=9))
    ledger.package(run, "a", PackageSeen(sha256="f" * 64, name="kb.exe", version="6.5", size=9))
    ends = [
        HostEnd(host="b", outcome="compliant"),
        HostEnd(
            host="a", outcome="failed", reason="no", remedy="try", columns={"x": "1"}, counts={"ok": 2}, notes=("n",)
        ),
        HostEnd(host="later", outcome="changed"),
    ]
    ledger.end_run(run, status="finished", exit_code=4, hosts=ends)
    row = ledger.run(run)
    assert (row.status, row.exit_code, row.kind, row.plan_hash) == ("finished", 4, "apply", "h")
    assert (row.request, row.who, row.controller) == ({"limit": "x"}, "ann", "ctl1")
    assert row.started > START
    assert row.finished is not None
    assert row.finished > row.started
    assert ledger.hosts(run) == [ends[1], ends[0], ends[2]]
    journal = ledger.journal(run)
    assert [(row.number, row.status) for row in journal["a"]] == [(1, "changed"), (2, "failed")]
    assert journal["a"][0].result == {"changes": [1, {"x": None}]}
    assert journal["a"][0].redacted
    assert [(package.name, package.size) for package in ledger.packages(run)] == [("kb.exe", 9)]
    kinds = [event.kind for event in ledger.events(run)]
    assert kinds == [
        "run begun", *["step begun", "step ended"] * 3, "override", "package", *["host ended"] * 3, "run ended"
    ]  # fmt: skip
    assert ledger.verify().whole
    assert ledger.verify().events == len(kinds)


def test_what_is_written_survives_the_ledger(url: str) -> None:
    with opened(url) as ledger:
        run = ledger.begin_run(new_run("a"))
        step(ledger, run, "a")
    with raw(url) as execute:
        assert execute("SELECT count(*) FROM writers").scalar() == 0, "a closed ledger leaves nothing behind"
    with opened(url) as ledger:
        assert ledger.run("last").id == run
        assert len(ledger.journal(run)["a"]) == 1
        assert ledger.verify().events == 3


def test_the_newest_run_is_the_one_begun_last_whatever_clocks_say(url: str) -> None:
    late = Clock(START + timedelta(days=1))
    with opened(url, late) as one, opened(url, Clock()) as other:
        one.begin_run(new_run("a"))
        second = other.begin_run(new_run("a"))
        assert one.run("last").id == second
        assert [row.id for row in one.runs(1)] == [second]


def test_runs_are_found_by_prefix_and_mistakes_are_told(url: str) -> None:
    names = iter(("aaaa", "aabb", "aabb", "cccc"))
    with opened(url, digits=lambda: next(names)) as ledger:
        with pytest.raises(UserError, match="there is no run yet"):
            ledger.run("last")
        first, second = ledger.begin_run(new_run("a")), ledger.begin_run(new_run("b"))
        third = ledger.begin_run(new_run("b"))
        assert third.endswith("-cccc"), "a name that is taken is not given again"
        assert ledger.run(first[:-2] + "aa").id == first
        assert ledger.run(second[:-1]).id == second
        with pytest.raises(UserError, match="any of several") as several:
            ledger.run("20261125-2349-aa")
        assert first in several.value.hint
        with pytest.raises(UserError, match="there is no run '20261125-2349-abba'") as near:
            ledger.run("20261125-2349-abba")
        assert "did you mean" in near.value.hint
        for word in ("", "%", "_", "x' or 1=1"):
            with pytest.raises(UserError, match="there is no run"):
                ledger.run(word)


def test_runs_are_filtered(ledger: Ledger) -> None:
    one = ledger.begin_run(new_run("a", playbook="x/kb870585.yml"))
    two = ledger.begin_run(new_run("a", "b", playbook="100%.yml", resumes=one))
    assert [row.id for row in ledger.runs(host="a")] == [two, one]
    assert [row.id for row in ledger.runs(host="b")] == [two]
    assert [row.id for row in ledger.runs(playbook="kb870585")] == [one]
    assert [row.id for row in ledger.runs(playbook="%.")] == [two]
    assert ledger.resumed_by(one) == (two,)
    assert ledger.run(two).resumes == one


def test_history_is_of_changes_only_newest_first(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run("a"))
    for seconds, status in ((1.0, "changed"), (2.0, "failed"), (3.0, "changed"), (4.0, "ok")):
        step(ledger, run, "a", seconds=seconds, status=status)
    ledger.step_begun(run, begun("a"))
    assert ledger.history("k") == (3.0, 1.0)
    assert ledger.history("k", 1) == (3.0,)
    assert ledger.history("other") == ()


def test_approvals(ledger: Ledger) -> None:
    for name in ("ann", "bob"):
        ledger.approve(Approval(plan_hash="h", name=name, reason="CHG1", user=name, controller="c"))
    assert [found.name for found in ledger.approvals("h")] == ["ann", "bob"]
    assert all(found.at for found in ledger.approvals("h"))
    assert ledger.approvals("other") == ()


def test_mistakes_of_the_program_are_not_written(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run("a"))
    number = step(ledger, run, "a")
    for wrong in (
        lambda: ledger.step_ended(run, "a", number, ended()),
        lambda: ledger.step_ended(run, "a", 99, ended()),
        lambda: ledger.step_begun("no-such-run", begun("a")),
        lambda: ledger.end_run("no-such-run", status="finished", exit_code=0, hosts=()),
        lambda: ledger.end_run(run, status="done", exit_code=0, hosts=()),
        lambda: ledger.lock("no-such-run", "a", ""),
        lambda: ledger.note(run, "step ended", "a", {}),
    ):
        with pytest.raises(ValueError, match=r".+"):
            wrong()
    assert ledger.verify().whole
    assert ledger.verify().events == 3


@settings(
    max_examples=25,
    phases=PHASES,
)
@given(text=st.text(), data=st.dictionaries(st.text(), JSON, max_size=4), seconds=st.floats(0, 1e9))
@example(text="a\0b\ud800", data={"\0": "\udfff\0", "x": 1e300}, seconds=0.1)
def test_anything_a_host_says_can_be_kept(ledger: Ledger, text: str, data: dict[str, Any], seconds: float) -> None:
    run = ledger.begin_run(new_run("a", text, playbook=text, request=data))
    number = ledger.step_begun(run, begun("a", task=text, address=text))
    ledger.step_ended(run, "a", number, ended(seconds=seconds, result=data))
    ledger.note(run, "gate", text, data)
    end = HostEnd(host="a", outcome="changed", reason=text, columns={text: text}, notes=(text,))
    ledger.end_run(run, status="finished", exit_code=0, hosts=[end])
    (row,) = ledger.journal(run)["a"]
    assert (row.result, row.seconds) == (data, seconds)
    assert ledger.run(run).request == data
    assert ledger.hosts(run)[0].notes == (text,)
    assert ledger.verify().whole


def test_threads_share_one_ledger(ledger: Ledger) -> None:
    run = ledger.begin_run(new_run(*"abcdefgh"))

    def work(host: str) -> None:
        for _ in range(5):
            step(ledger, run, host)
            ledger.beat(run)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, "abcdefgh"))
    assert all([row.number for row in rows] == [1, 2, 3, 4, 5] for rows in ledger.journal(run).values())
    assert ledger.run(run).beat == 40
    assert ledger.verify().events == 81


def test_a_thread_that_is_still_at_work_when_the_ledger_is_closed_leaves_no_connection_behind(url: str) -> None:
    ledger, seen = opened(url), list[Any]()
    begun, closed = threading.Event(), threading.Event()

    def look(connection: Connection) -> None:
        seen.append(connection.connection.dbapi_connection)
        begun.set()
        assert closed.wait(LIMIT)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(ledger._work.read, look)
        assert begun.wait(LIMIT)
        ledger.close()
        closed.set()
        looking.result()
    with pytest.raises((sqlite3.ProgrammingError, psycopg.OperationalError), match="closed"):
        seen[0].execute("SELECT 1")


def test_events_are_read_page_by_page(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediate.ledger.chain.PAGE", 3)
    run, other = ledger.begin_run(new_run("a")), ledger.begin_run(new_run("a"))
    for number in range(8):
        ledger.note(run if number % 2 else other, "gate", "a", {"number": number})
    assert [event.data["number"] for event in ledger.events() if event.kind == "gate"] == list(range(8))
    assert len(list(ledger.events(run))) == 5
    numbers = [event.number for event in ledger.events()]
    assert all(later == earlier + 1 for earlier, later in itertools.pairwise(numbers))
    assert ledger.verify().events == 10
