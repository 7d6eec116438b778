"""Reading a ledger asks for no right to write, and leaves everything as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from remediate.errors import UserError
from remediate.ledger import schema
from remediate.ledger.store import Ledger
from tests.ledger import postgres
from tests.ledger.test_opening import without_rights
from tests.ledger.world import new_run, opened, raw, step


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others can get at."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)


def filled(path: Path, steps: int = 1) -> str:
    """A closed ledger; its run."""
    with opened(str(path)) as ledger:
        run = ledger.begin_run(new_run("a"))
        for _ in range(steps):
            step(ledger, run, "a")
        return run


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def all_of(ledger: Ledger, run: str) -> int:
    """Whatever ``runs`` asks for; the number of steps."""
    assert ledger.run("last").id == run
    assert [row.id for row in ledger.runs()] == [run]
    assert ledger.verify().whole
    assert ledger.hosts(run)
    assert ledger.locks() == ()
    return len(ledger.journal(run)["a"])


def test_a_file_and_a_folder_that_may_not_be_written(folder: Path) -> None:
    run = filled(folder / "ledger.sqlite3")
    before = contents(folder)
    (folder / "ledger.sqlite3").chmod(0o444)
    folder.chmod(0o555)
    with without_rights(), opened(str(folder / "ledger.sqlite3"), writable=False) as ledger:
        assert all_of(ledger, run) == 1
    assert contents(folder) == before


def test_nothing_is_left_beside_a_file_that_might_be_written(folder: Path) -> None:
    run = filled(folder / "ledger.sqlite3")
    before = contents(folder)
    with opened(str(folder / "ledger.sqlite3"), writable=False) as ledger:
        assert all_of(ledger, run) == 1
    assert contents(folder) == before


def test_a_run_that_goes_on(folder: Path) -> None:
    path = folder / "ledger.sqlite3"
    path.touch()
    with opened(str(path)) as writing, opened(str(path), writable=False) as ledger:
        run = writing.begin_run(new_run("a"))
        for number in range(1, 4):
            step(writing, run, "a")
            assert all_of(ledger, run) == number
    with opened(str(path), writable=False) as ledger:
        assert all_of(ledger, run) == 3
        with opened(str(path)) as writing:
            step(writing, run, "a")
            assert all_of(ledger, run) == 4
        assert all_of(ledger, run) == 4


def test_a_copy_with_its_log_on_a_disk_that_may_not_be_written(folder: Path) -> None:
    """What was not moved from the log into the file yet is part of it."""
    there = folder / "there"
    there.mkdir()
    path = folder / "ledger.sqlite3"
    filled(path)
    with opened(str(path)) as ledger:
        run = ledger.begin_run(new_run("a"))
        step(ledger, run, "a")
        for name in ("ledger.sqlite3", "ledger.sqlite3-wal"):
            shutil.copy(folder / name, there / name)
            (there / name).chmod(0o444)
    before = contents(there)
    there.chmod(0o555)
    with without_rights(), opened(str(there / "ledger.sqlite3"), writable=False) as ledger:
        assert ledger.run("last").id == run
        assert len(ledger.journal(run)["a"]) == 1
        assert ledger.verify().whole
    assert contents(there) == before


def test_an_older_schema_is_read_and_stays(folder: Path) -> None:
    path = folder / "ledger.sqlite3"
    run = filled(path)
    with raw(str(path)) as sql:
        sql("DROP TABLE blobs")
        sql("UPDATE ledger_version SET version_num = '0003'")
    before = path.read_bytes()
    with opened(str(path), writable=False) as ledger:
        assert all_of(ledger, run) == 1
    assert path.read_bytes() == before
    assert [found.name for found in folder.iterdir()] == ["ledger.sqlite3"]


def test_what_cannot_be_read_says_so(folder: Path) -> None:
    path = folder / "ledger.sqlite3"
    assert "cannot be read: " in refused(path)
    assert not path.exists()
    path.write_bytes(b"hello, this is no database at all")
    assert "is no SQLite database" in refused(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE other (x)")
    assert "another program's database" in refused(path)
    path.unlink()
    path.touch()
    assert "there is no ledger in" in refused(path)
    path.unlink()
    filled(path, 20)
    with raw(str(path)) as sql:
        sql("UPDATE ledger_version SET version_num = '0999'")
    assert f"(schema 0999; this one knows {schema.REVISION})" in refused(path)
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    assert "is damaged: " in refused(path)
    path.chmod(0o000)
    if os.geteuid() == 0:
        with without_rights():
            assert "must be readable" in refused(path)


def refused(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        opened(str(path), writable=False)
    assert caught.value.hint
    return str(caught.value)


def test_nothing_is_written_by_mistake(url: str) -> None:
    opened(url).close()
    with opened(url, writable=False) as ledger:
        for call in (lambda: ledger.begin_run(new_run("a")), lambda: ledger.beat("x"), lambda: ledger.keep([b"x"])):
            with pytest.raises(ValueError, match="opened for reading"):
                call()
        assert ledger.lost is None


def test_a_role_that_may_only_select(server: postgres.Server, database: str) -> None:
    url, role = server.url(database), f"r{database}"
    with opened(url) as ledger:
        run = ledger.begin_run(new_run("a"))
        step(ledger, run, "a")
    server.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'short'")
    reading = server.url(database, user=role, password="short")
    with pytest.raises(UserError, match="cannot be read: ") as caught:
        opened(reading, writable=False)
    assert "GRANT SELECT" in caught.value.hint
    server.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", database)
    server.sql(f"ALTER ROLE {role} SET default_transaction_read_only = on")
    with opened(reading, writable=False) as ledger:
        assert all_of(ledger, run) == 1
    server.sql("UPDATE ledger_version SET version_num = '0003'", database)
    with pytest.raises(UserError, match=r"is of an older remediate \(schema 0003") as older:
        opened(reading, writable=False)
    assert "may write" in older.value.hint
    server.sql(f"DROP OWNED BY {role}", database)
    server.sql(f"DROP ROLE {role}")


def test_a_server_without_a_ledger(server: postgres.Server, database: str) -> None:
    with pytest.raises(UserError, match="there is no ledger in"):
        opened(server.url(database), writable=False)
