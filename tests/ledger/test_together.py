"""What comes together is written together: each entry whole or not at all, in order, and none harmed by another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import LedgerLost, LockLost
from remediate.ledger.locking import acquire
from remediate.ledger.rows import PackageSeen
from remediate.ledger.store import Ledger
from tests.ledger.processes import controller, cut_off, line
from tests.ledger.world import PHASES, Clock, begun, ended, new_run, opened, raw, step
from tests.patience import LIMIT, some_time, until


def together(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, deeds: Sequence[Callable[[], Any]]
) -> tuple[list[Any], int]:
    """What came of calls that all wait for one and the same transaction, and in how many they were written."""
    dialect: Any = ledger._work._engine.dialect
    commit, commits, go = dialect.do_commit, [0], threading.Event()

    def slow(connection: Any) -> None:
        commits[0] += 1
        assert go.wait(LIMIT)
        commit(connection)

    with monkeypatch.context() as patch, ThreadPoolExecutor(len(deeds) + 1) as pool:
        patch.setattr(dialect, "do_commit", slow)
        pool.submit(ledger.note, "", "before", "", {})
        until(lambda: commits[0])
        calls = [pool.submit(deed) for deed in deeds]
        until(lambda: len(ledger._work._desk._queue) == len(deeds))
        go.set()
        return [_outcome(call) for call in calls], commits[0] - 1


def _outcome(call: Future[Any]) -> Any:
    return call.exception(LIMIT) or call.result()


def test_steps_of_many_hosts_are_one_transaction(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [f"h{number}" for number in range(20)]
    run = ledger.begin_run(new_run(*hosts))
    begins = [lambda host=host: ledger.step_begun(run, begun(host)) for host in hosts]
    assert together(ledger, monkeypatch, begins) == ([1] * 20, 1)
    ends = [lambda host=host: ledger.step_ended(run, host, 1, ended(result={"of": host})) for host in hosts]
    assert together(ledger, monkeypatch, ends) == ([None] * 20, 1)
    assert {host: rows[0].result for host, rows in ledger.journal(run).items()} == {
        host: {"of": host} for host in hosts
    }
    assert ledger.verify().whole


def test_one_that_fails_fails_alone(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    run, other = ledger.begin_run(new_run(*"abcd")), ledger.begin_run(new_run("b"))
    for host in "ab":
        ledger.lock(run, host, "w")
    ledger.step_begun(run, begun("d"))
    (held,) = [lock for lock in ledger.locks() if lock.host == "b"]
    assert ledger.take_over(other, held)
    outcomes, _ = together(
        ledger,
        monkeypatch,
        [
            lambda: ledger.step_begun(run, begun("a")),
            lambda: ledger.step_begun(run, begun("b")),
            lambda: ledger.step_ended(run, "c", 7, ended()),
            lambda: ledger.lock("no-such-run", "c", "w"),
            lambda: ledger.end_run("no-such-run", status="finished", exit_code=0, hosts=()),
            lambda: ledger.lock(run, "c", "w"),
            lambda: ledger.step_ended(run, "d", 1, ended()),
            lambda: ledger.package(run, "d", PackageSeen(sha256="f", name="n")),
        ],
    )
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [int, LockLost, ValueError, ValueError, ValueError, type(None), type(None), type(None)], outcomes
    assert "has no open step 7 on 'c'" in str(outcomes[2])
    rows = {host: [(row.number, row.status) for row in rows] for host, rows in ledger.journal(run).items()}
    assert rows == {"a": [(1, "")], "d": [(1, "changed")]}
    assert {(lock.host, lock.run) for lock in ledger.locks()} == {("a", run), ("b", other), ("c", run)}
    assert ledger.verify().whole


def test_what_the_database_refuses_is_refused_alone(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is there already, as if another program had used the same number."""
    run = ledger.begin_run(new_run("a", "b"))
    step(ledger, run, "a")
    ledger._numbers._last[run, "a"] = 0
    outcomes, _ = together(
        ledger,
        monkeypatch,
        [lambda: ledger.step_begun(run, begun("a")), lambda: ledger.step_begun(run, begun("b"))],
    )
    assert isinstance(outcomes[0], LedgerLost)
    assert outcomes[1] == 1
    assert ledger.verify().whole
    assert ledger.step_begun(run, begun("a")) == 2


@pytest.mark.parametrize("before", [True, False], ids=["never arrived", "answer lost"])
def test_entries_whose_answers_were_lost_together(url: str, before: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(url, Clock()) as ledger:
        run = ledger.begin_run(new_run(*"abcdef"))
        dialect: Any = ledger._work._engine.dialect
        commit, count = dialect.do_commit, [0]

        def lossy(connection: Any) -> None:
            count[0] += 1
            if count[0] != 2 or not before:
                commit(connection)
            if count[0] == 2:
                raise dialect.dbapi.OperationalError("the line was cut")

        monkeypatch.setattr(dialect, "do_commit", lossy)
        begins = [lambda host=host: ledger.step_begun(run, begun(host)) for host in "abcdef"]
        assert together(ledger, monkeypatch, begins)[0] == [1] * 6
        assert count[0] >= 2 + before
        assert {host: len(rows) for host, rows in ledger.journal(run).items()} == dict.fromkeys("abcdef", 1)
        assert ledger.verify().whole


@settings(max_examples=10, phases=PHASES)
@given(
    plans=st.lists(st.lists(st.sampled_from(["look", "change", "remark", "package", "lock"]), max_size=8), max_size=4)
)
def test_each_host_has_its_history_in_order(ledger: Ledger, plans: list[list[str]]) -> None:
    hosts = [f"h{number}" for number in range(len(plans))]
    run = ledger.begin_run(new_run(*hosts))
    deeds: dict[str, Callable[[str], object]] = {
        "look": lambda host: ledger.step_done(run, begun(host, task="look"), ended("ok")),
        "change": lambda host: ledger.step_ended(
            run, host, ledger.step_begun(run, begun(host, task="change")), ended()
        ),
        "remark": lambda host: ledger.note(run, "remark", host, {}, durable=False),
        "package": lambda host: ledger.package(run, host, PackageSeen(sha256="f", name="n"), durable=False),
        "lock": lambda host: ledger.lock(run, host, "w"),
    }

    def work(host: str, plan: list[str]) -> None:
        for word in plan:
            deeds[word](host)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, hosts, plans))
    assert ledger.settled(run) == {}
    ledger.end_run(run, status="finished", exit_code=0, hosts=())  # frees the hosts for the next example
    journal = ledger.journal(run)
    for host, plan in zip(hosts, plans, strict=True):
        steps = [word for word in plan if word in ("look", "change")]
        rows = journal.get(host, ())
        assert [(row.number, row.task) for row in rows] == list(enumerate(steps, 1))
        assert all(row.status for row in rows)
    assert ledger.verify().whole


def test_a_look_is_durable_before_whatever_is_written_later(url: str) -> None:
    with opened(url) as ledger:
        run = ledger.begin_run(new_run("a", "b"))
        assert [ledger.step_done(run, begun("a"), ended("ok")) for _ in range(3)] == [1, 2, 3]
        ledger.step_begun(run, begun("b"))
        with opened(url) as other:
            assert len(other.journal(run)["a"]) == 3
        ledger.step_done(run, begun("a"), ended("ok"))
        with opened(url) as other:
            until(lambda: len(other.journal(run)["a"]) == 4)
        ledger.step_done(run, begun("a"), ended("ok"))
    with opened(url) as other:
        assert len(other.journal(run)["a"]) == 5, "closing writes what was handed over"


def test_a_look_on_a_host_that_is_another_runs_is_told(ledger: Ledger) -> None:
    run, other = ledger.begin_run(new_run("a", "b")), ledger.begin_run(new_run("a"))
    ledger.lock(run, "a", "w")
    (held,) = ledger.locks()
    ledger.take_over(other, held)
    assert ledger.step_done(run, begun("b"), ended("ok")) == 1
    ledger.step_done(run, begun("a"), ended("ok"))
    lost = ledger.settled(run)
    assert list(lost) == ["a"]
    assert f"held by run {other}" in str(lost["a"])
    with pytest.raises(LockLost):
        ledger.step_done(run, begun("a"), ended("ok"))
    assert "a" not in ledger.journal(run)
    assert ledger.lost is None


def test_a_look_that_could_not_be_written_is_told_before_anything_changes(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with opened(url, clock) as ledger:
        run = ledger.begin_run(new_run("a", "b"))
        dialect: Any = ledger._work._engine.dialect

        def away(*_: Any) -> None:
            raise dialect.dbapi.OperationalError("no server")

        with monkeypatch.context() as patch:
            patch.setattr(dialect, "do_commit", away)
            ledger.step_done(run, begun("a"), ended("ok"))
            until(lambda: ledger.lost)
        with pytest.raises(LedgerLost, match="no server"):
            ledger.step_begun(run, begun("b"))
        assert ledger.step_begun(run, begun("b")) == 1, "told once"
        assert ledger.step_done(run, begun("a"), ended("ok")) == 1, "its number is free"
        assert ledger.settled(run) == {}


@pytest.mark.faults
def test_a_controller_killed_in_the_middle_of_a_batch_leaves_what_it_told(url: str) -> None:
    random = Random(6981)
    opened(url).close()
    for _ in range(3):
        with controller(url, "crowd", "100000") as process:
            run = line(process)
            told = [line(process) for _ in range(random.randrange(20, 60))]
            some_time(random.uniform(0, 0.02))
            cut_off(process, told)
        with opened(url) as ledger:
            assert ledger.verify().whole
            journal = ledger.journal(run)
            kept = {f"{word} {row.host} {row.number}" for rows in journal.values() for row in rows
                    for word in ("begun", *(["ended"] if row.status else []))}  # fmt: skip
            assert set(told) <= kept
            for rows in journal.values():
                assert [row.number for row in rows] == list(range(1, len(rows) + 1))
                assert all(row.status for row in rows[:-1]), "an end is there before the next begin"


def test_a_thousand_hosts_are_locked_in_one_transaction(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = [f"h{number}" for number in range(1000)]
    dead, mine = ledger.begin_run(new_run(*hosts)), ledger.begin_run(new_run(*hosts))
    assert ledger.lock_all(dead, hosts[:300], "w") == {}
    dialect: Any = ledger._work._engine.dialect
    commit, count = dialect.do_commit, [0]

    def counted(connection: Any) -> None:
        count[0] += 1
        commit(connection)

    monkeypatch.setattr(dialect, "do_commit", counted)
    clock = Clock()
    got = acquire(ledger, mine, hosts, why="w", interval=10, sleep=clock.sleep, monotonic=clock.monotonic,
                  alive=lambda lock: False)  # fmt: skip
    assert got.held == tuple(hosts)
    assert set(got.taken) == set(hosts[:300])
    assert count[0] == 2
    ledger.end_run(mine, status="finished", exit_code=0, hosts=())
    assert ledger.locks() == ()
    assert ledger.verify().whole


def test_a_server_that_comes_back_under_a_crowd(url: str) -> None:
    """More threads than any database has connections for."""
    hosts = [f"h{number}" for number in range(60)]
    with opened(url) as ledger, ThreadPoolExecutor(60) as pool:
        run = ledger.begin_run(new_run(*hosts))
        assert list(pool.map(lambda host: step(ledger, run, host), hosts)) == [1] * 60
        assert ledger.verify().whole
    with raw(url) as execute:
        assert execute("SELECT count(*) FROM writers").scalar() == 0


def test_an_entry_that_fails_is_told_of_its_own_host_once(ledger: Ledger) -> None:
    def wrong(_: object) -> None:
        raise ValueError("no such thing")

    run = ledger.begin_run(new_run("a", "b"))
    ledger.lock_all(run, ("a", "b"), "w")
    ledger._handed.over(wrong, run, "a")
    assert ledger.step_begun(run, begun("b")) == 1, "it is no fault of this one"
    with pytest.raises(ValueError, match="no such thing"):
        ledger.step_done(run, begun("a"), ended("ok"))
    ledger.step_done(run, begun("a"), ended("ok"))
    assert list(ledger.settled(run)) == ["a"]
