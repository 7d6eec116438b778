"""Killed writers, restarted servers, lost answers, power cuts: the chain stays whole and nothing is recorded twice."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from remediate.errors import LedgerLost
from remediate.ledger.rows import Approval, HostEnd, Lock, PackageSeen
from remediate.ledger.store import Ledger
from tests.ledger import postgres
from tests.ledger.processes import controller, cut_off, line
from tests.ledger.world import Clock, begun, ended, new_run, opened, raw, step
from tests.patience import LIMIT, some_time, until


@pytest.mark.faults
def test_a_writer_killed_at_any_moment_leaves_whole_steps(url: str) -> None:
    random = Random(870585)
    opened(url).close()
    for _ in range(4):
        with controller(url, "write", "100000") as process:
            run = line(process)
            told = [line(process) for _ in range(random.randrange(1, 12))]
            some_time(random.uniform(0, 0.02))
            cut_off(process, told)
        with opened(url) as ledger:
            assert ledger.verify().whole
            journal = ledger.journal(run)
            kept = {f"begun {row.host} {row.number}" for rows in journal.values() for row in rows}
            kept |= {f"ended {row.host} {row.number}" for rows in journal.values() for row in rows if row.status}
            assert set(told) <= kept
            assert len(kept - set(told)) <= 1, "at most the write the kill came into was not told"
            assert ledger.run(run).status == "running"


@pytest.mark.faults
def test_processes_append_to_one_chain(url: str) -> None:
    opened(url).close()
    with controller(url, "write", "25") as one, controller(url, "write", "25") as other:
        first, second = one.communicate(timeout=LIMIT)[0], other.communicate(timeout=LIMIT)[0]
    assert (one.returncode, other.returncode) == (0, 0)
    with opened(url) as ledger:
        assert ledger.verify().whole
        assert ledger.verify().events == 2 * (1 + 2 * 25 + 1)
        for told in (first, second):
            rows = ledger.journal(told.splitlines()[0])
            assert [row.number for row in rows["a"]] == list(range(1, 14))


def test_a_second_ledger_of_one_process_takes_nothing_from_the_first(tmp_path: Path) -> None:
    """Whatever looks at the file must not drop the locks that SQLite holds on it for this process."""
    url = str(tmp_path / "ledger.sqlite3")
    opened(url).close()
    with opened(url) as first:
        for _ in range(3):
            opened(url).close()
            with controller(url, "write", "1") as process:
                run = line(process)
                process.communicate()
            assert first.run("last").id == run
            assert opened_and_seen(url) == run
            mine = first.begin_run(new_run("a"))
            assert opened_and_seen(url) == mine
        assert first.verify().whole


def opened_and_seen(url: str) -> str:
    with opened(url) as ledger:
        return ledger.run("last").id


@pytest.mark.faults
def test_a_server_restarted_during_writes(server: postgres.Server, database: str) -> None:
    """Nothing is lost and nothing is there twice, whether the server ends in order or at once."""
    with opened(server.url(database)) as ledger:
        run = ledger.begin_run(new_run(*"abcd"))
        stop, done = threading.Event(), dict.fromkeys("abcd", 0)

        def work(host: str) -> None:
            while not stop.is_set():
                assert step(ledger, run, host) == done[host] + 1
                done[host] += 1

        def write_on() -> None:
            before = sum(done.values())
            until(lambda: sum(done.values()) > before + 20 or any(worker.done() for worker in workers))

        with ThreadPoolExecutor(4) as pool:
            workers = [pool.submit(work, host) for host in "abcd"]
            try:
                for mode in ("fast", "immediate"):
                    write_on()
                    server.stop(mode)
                    server.start()
                write_on()
            finally:
                stop.set()
        assert [worker.result() for worker in workers] == [None] * 4
        rows = ledger.journal(run)
        assert {host: [row.number for row in rows[host]] for host in rows} == {
            host: list(range(1, count + 1)) for host, count in done.items()
        }
        report = ledger.verify()
        assert report.whole
        assert report.events == 1 + 2 * sum(done.values())


WRITES: dict[str, Callable[[Ledger, str, Lock], object]] = {
    "begin_run": lambda ledger, run, held: ledger.begin_run(new_run("a")),
    "step_begun": lambda ledger, run, held: ledger.step_begun(run, begun("a")),
    "step_ended": lambda ledger, run, held: ledger.step_ended(run, "a", 1, ended()),
    "note": lambda ledger, run, held: ledger.note(run, "gate", "a", {}),
    "package": lambda ledger, run, held: ledger.package(run, "a", PackageSeen(sha256="f", name="n")),
    "lock": lambda ledger, run, held: ledger.lock(run, "free", "w"),
    "lock refused": lambda ledger, run, held: ledger.lock(run, "b", "w"),
    "take_over": lambda ledger, run, held: ledger.take_over(run, held),
    "unlock": lambda ledger, run, held: ledger.unlock("b", who="ann", reason="dead"),
    "approve": lambda ledger, run, held: ledger.approve(
        Approval(plan_hash="h", name="n", reason="r", user="u", controller="c")
    ),
    "end_run": lambda ledger, run, held: ledger.end_run(
        run, status="finished", exit_code=0, hosts=[HostEnd(host="a", outcome="changed")]
    ),
}


def interrupted(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *, before: bool) -> list[int]:
    """The next commit fails; ``before`` it reached the database, or after it was done. Counts commits."""
    dialect: Any = ledger._work._engine.dialect
    commit, count = dialect.do_commit, [0]

    def lossy(connection: Any) -> None:
        count[0] += 1
        if count[0] > 1 or not before:
            commit(connection)
        if count[0] == 1:
            raise dialect.dbapi.OperationalError("the line was cut")

    monkeypatch.setattr(dialect, "do_commit", lossy)
    return count


@pytest.mark.faults
@pytest.mark.parametrize("before", [True, False], ids=["never arrived", "answer lost"])
def test_a_write_whose_answer_was_lost_is_not_recorded_twice(
    url: str, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same answer and the same events as a write without trouble."""
    clock = Clock()
    names = (f"{number:04x}" for number in range(10_000))
    with opened(url, clock, digits=lambda: next(names)) as ledger:
        for name, write in WRITES.items():
            seen = []
            for trouble in (False, True):
                run, other = ledger.begin_run(new_run("a", "b")), ledger.begin_run(new_run("b"))
                step(ledger, run, "c") if name != "step_ended" else ledger.step_begun(run, begun("a"))
                ledger.lock(other, "b", "w")
                (held,) = ledger.locks()
                start = ledger.verify().events
                with monkeypatch.context() as patch:
                    count = interrupted(ledger, patch, before=before) if trouble else [2]
                    answer = write(ledger, run, held)
                assert count[0] >= 1 + before, f"{name} was not tried again"
                kinds = [event.kind for event in ledger.events() if event.number > start]
                same = answer if isinstance(answer, int | bool) or answer is None else type(answer)
                seen.append((same, kinds))
                for lock in ledger.locks():
                    ledger.unlock(lock.host, who="test", reason="next")
            assert seen[0] == seen[1], name
        assert ledger.verify().whole


def test_a_ledger_that_stays_away_is_lost_after_a_minute(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    with opened(url, clock) as ledger:
        run = ledger.begin_run(new_run("a"))
        dialect: Any = ledger._work._engine.dialect

        def away(*_: Any) -> None:
            raise dialect.dbapi.OperationalError(f"no server for {postgres.PASSWORD}")

        with monkeypatch.context() as patch:
            patch.setattr(dialect, "do_commit", away)
            with pytest.raises(LedgerLost, match="is lost: no server for ") as caught:
                step(ledger, run, "a")
            assert 60 <= clock.slept < 63
            assert caught.value.exit_code == 4
            assert "remediate resume" in caught.value.hint
            assert postgres.PASSWORD not in str(caught.value) or "postgresql" not in ledger.place
            slept = clock.slept
            with pytest.raises(LedgerLost):
                ledger.beat(run)
            assert clock.slept == slept, "a beat does not wait"
        assert step(ledger, run, "a") == 1
        assert ledger.verify().whole


def test_a_busy_file_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediate.ledger.engine.BUSY", 0.05)
    path, clock = tmp_path / "ledger.sqlite3", Clock()
    with (
        opened(str(path), clock) as ledger,
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
    ):
        run = ledger.begin_run(new_run("a"))
        other.execute("BEGIN IMMEDIATE")

        def sleep(seconds: float) -> None:
            clock.sleep(seconds)
            if clock.slept > 5 and other.in_transaction:
                other.execute("ROLLBACK")

        ledger._work._sleep = sleep
        assert step(ledger, run, "a") == 1
        assert clock.slept > 5


def test_a_damaged_file_is_not_tried_again(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.sqlite3", Clock()
    with opened(str(path), clock) as ledger:
        run = ledger.begin_run(new_run("a"))
    with opened(str(path), clock) as ledger:
        path.write_bytes(path.read_bytes()[:100] + b"\xaa" * 60_000)
        with pytest.raises(LedgerLost, match="malformed"):
            step(ledger, run, "a")
        assert clock.slept == 0


def test_a_power_cut_at_any_point_of_the_log(tmp_path: Path) -> None:
    """What SQLite had not moved from its log into the file is cut anywhere: a whole beginning of history is left."""
    path = tmp_path / "ledger.sqlite3"
    opened(str(path)).close()
    with opened(str(path)) as ledger:
        run = ledger.begin_run(new_run("a"))
        for number in range(12):
            step(ledger, run, "a", result={"text": str(number) * 300})
        events = list(ledger.events())
        log = path.with_name(path.name + "-wal").read_bytes()
        file = path.read_bytes()
    random, left = Random(6981), set()
    for length in [0, len(log), *(random.randrange(len(log)) for _ in range(25))]:
        copy = tmp_path / "cut.sqlite3"
        copy.write_bytes(file)
        copy.with_name("cut.sqlite3-wal").write_bytes(log[:length])
        with opened(str(copy)) as cut:
            report = cut.verify()
            assert report.whole, length
            assert list(cut.events()) == events[: report.events]
            left.add(report.events)
            assert step(cut, cut.begin_run(new_run("a")), "a") == 1
        for leftover in tmp_path.glob("cut.sqlite3*"):
            leftover.unlink()
    assert {0, len(events)} <= left
    assert len(left) > 5


def test_a_disk_that_fills_up_during_a_run(tmp_path: Path) -> None:
    """Written through a file system of half a megabyte where one can be had, else not at all."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        clock = Clock()
        with opened(str(folder / "ledger.sqlite3"), clock) as ledger:
            run = ledger.begin_run(new_run("a"))

            def fill() -> None:
                for _ in range(2000):
                    step(ledger, run, "a", result={"text": "x" * 3000})

            with pytest.raises(LedgerLost, match=r"full|disk I/O"):
                fill()
            assert ledger.verify().whole
        assert clock.slept >= 60
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_controller_stopped_inside_a_write_does_not_stop_the_others(server: postgres.Server, database: str) -> None:
    """The server ends a transaction nobody goes on with; SQLite cannot, but there the other is on the same machine."""
    setting = "idle_in_transaction_session_timeout"
    with opened(server.url(database)) as ledger, closing(psycopg.connect(server.url(database))) as stopped:
        with raw(server.url(database)) as execute:
            assert execute(f"SHOW {setting}").scalar() == "15s", "what every controller asks for"
        stopped.execute(f"SET {setting} = '300ms'".encode())
        stopped.commit()
        stopped.execute("SELECT * FROM head FOR UPDATE")
        assert step(ledger, ledger.begin_run(new_run("a")), "a") == 1
        with pytest.raises(psycopg.Error):
            stopped.execute("SELECT 1")
