"""The ledger a run began with is the ledger it ends with, or the run says that it is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from remediate.errors import LedgerLost
from tests.ledger.world import Clock, begun, ended, new_run, opened, raw, step


def gone(path: Path, _: Path) -> None:
    path.unlink()


def replaced(path: Path, older: Path) -> None:
    older.replace(path)


@pytest.mark.parametrize("harm", [gone, replaced])
def test_a_file_that_is_another_one(harm: Callable[[Path, Path], None], tmp_path: Path) -> None:
    path, older, clock = tmp_path / "ledger.sqlite3", tmp_path / "older", Clock()
    with opened(str(path)) as before:
        step(before, before.begin_run(new_run("a")), "a")
    shutil.copy(path, older)
    with opened(str(path), clock) as ledger:
        run = ledger.begin_run(new_run("a"))
        number = ledger.step_begun(run, begun("a"))
        harm(path, older)
        with pytest.raises(LedgerLost, match="is lost: ") as caught:
            ledger.step_ended(run, "a", number, ended())
        assert caught.value.exit_code == 4
        assert ledger.lost is caught.value
        assert clock.slept == 0, "another ledger does not become the right one by waiting"
        with pytest.raises(LedgerLost):
            ledger.end_run(run, status="finished", exit_code=0, hosts=())


def test_an_older_copy_laid_under_a_running_run_is_noticed_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    opened(str(path)).close()
    older = path.read_bytes()
    with opened(str(path)) as before:
        other = before.begin_run(new_run("a"))
        for _ in range(50):
            step(before, other, "a", result={"text": "x" * 3000})
    with opened(str(path)) as ledger:
        run = ledger.begin_run(new_run("a"))
        path.write_bytes(older)
        with pytest.raises(LedgerLost, match="is lost: "):
            ledger.end_run(run, status="finished", exit_code=0, hosts=())
        assert ledger.lost


@pytest.mark.parametrize("harm", [gone, replaced])
def test_a_beat_notices_too(harm: Callable[[Path, Path], None], tmp_path: Path) -> None:
    path, older = tmp_path / "ledger.sqlite3", tmp_path / "older"
    with opened(str(path)) as ledger:
        run = ledger.begin_run(new_run("a"))
        older.write_bytes(b"")
        harm(path, older)
        with pytest.raises(LedgerLost, match="its file"):
            ledger.beat(run)
        assert ledger.lost


def test_a_server_that_lost_its_newest_transactions(url: str) -> None:
    clock = Clock()
    with opened(url, clock) as ledger:
        run = ledger.begin_run(new_run("a"))
        with raw(url) as sql:
            kept = sql("SELECT number, hash FROM head").one()
        number = ledger.step_begun(run, begun("a"))
        with raw(url) as sql:
            sql(f"DELETE FROM events WHERE number > {kept.number}")
            sql("DELETE FROM steps")
            sql(f"UPDATE head SET number = {kept.number}, hash = '{kept.hash}'")
        with pytest.raises(LedgerLost, match=f"ends with event {kept.number}, and this run wrote event"):
            ledger.step_ended(run, "a", number, ended())
        with opened(url) as other:
            for _ in range(3):
                other.note(run, "remark", "", {})
        with pytest.raises(LedgerLost, match="is not the one this run wrote"):
            ledger.note(run, "remark", "", {})
        assert clock.slept == 0


def test_others_may_write_between(url: str) -> None:
    with opened(url) as ledger, opened(url) as other:
        run = ledger.begin_run(new_run("a"))
        for _ in range(3):
            step(other, other.begin_run(new_run("b")), "b")
            step(ledger, run, "a")
        ledger.end_run(run, status="finished", exit_code=0, hosts=())
        assert ledger.lost is None
        assert ledger.verify().whole


def test_the_end_of_a_run_is_read_back_through_a_fresh_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite3"
    with opened(str(path)) as ledger:
        run = ledger.begin_run(new_run("a"))
        written = ledger._work.write

        def then_gone(work: object) -> object:
            answer = written(work)  # type: ignore[arg-type]
            path.unlink()
            return answer

        monkeypatch.setattr(ledger._work, "write", then_gone)
        with pytest.raises(LedgerLost, match="its file is gone"):
            ledger.end_run(run, status="finished", exit_code=0, hosts=())
