"""A ledger that cannot be used says so before anything is done, and what to do."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from remediate.errors import UserError
from remediate.ledger import schema
from tests.ledger import postgres
from tests.ledger.world import new_run, opened, raw, step

NOBODY = 65534


def refused(url: str) -> str:
    with pytest.raises(UserError) as caught:
        opened(url).close()
    assert caught.value.hint
    return str(caught.value)


@contextmanager
def without_rights() -> Iterator[None]:
    """As somebody who is not root: root may write everywhere."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good ledger, closed."""
    path = tmp_path / "ledger.sqlite3"
    with opened(str(path)) as ledger:
        run = ledger.begin_run(new_run("a"))
        for _ in range(20):
            step(ledger, run, "a", result={"text": "x" * 500})
    return path


def test_a_file_in_the_wrong_place(tmp_path: Path) -> None:
    assert f"there is no folder {tmp_path}/none for the ledger\n  hint: mkdir -p" in refused(f"{tmp_path}/none/x.db")
    assert "is no file" in refused(str(tmp_path))
    assert "is empty" in refused(" ")
    for memory in ("sqlite://", "sqlite:///:memory:", ":memory:"):
        assert "in memory would prove nothing" in refused(memory)


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello, this is not a database at all\n", encoding="utf-8")
    assert "is not a ledger: it is no SQLite database" in refused(str(text))
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE runs (x)")
    before = other.read_bytes()
    assert "is not a ledger: it is another program's database" in refused(f"sqlite:///{other}")
    assert other.read_bytes() == before


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "x%41?#.db").touch()
    with opened(str(tmp_path / "x%41?#.db")) as ledger:
        assert ledger.verify().whole
    assert {path.name for path in tmp_path.iterdir()} == {"x%41?#.db"}


def test_a_damaged_file(file: Path) -> None:
    good = file.read_bytes()
    for start, end in ((100, 4096), (4096, 3 * 4096), (len(good) // 2, len(good))):
        file.write_bytes(good[:start] + b"\xaa" * (end - start) + good[end:])
        assert "is damaged: " in refused(str(file)), (start, end)
    file.write_bytes(good[: len(good) // 2])
    assert "is damaged: " in refused(str(file)), "cut off"


def test_a_file_or_folder_that_may_not_be_written(file: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, copy = Path(name), Path(name) / "ledger.sqlite3"
        shutil.copy(file, copy)
        for rights, of_folder in ((0o444, 0o555), (0o444, 0o777), (0o666, 0o555), (0o000, 0o555), (0o666, 0o000)):
            copy.chmod(rights)
            folder.chmod(of_folder)
            with without_rights():
                assert "cannot be written: " in refused(str(copy)), (oct(rights), oct(of_folder))
        folder.chmod(0o555)
        with without_rights():
            assert "cannot be written: " in refused(str(folder / "new.sqlite3"))
        folder.chmod(0o755)


def test_a_full_disk(file: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        told = refused(str(file)), refused(str(file.with_name("new.sqlite3")))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert all("the disk is full" in text or "disk I/O error" in text for text in told), told
    with opened(str(file)) as ledger:
        assert ledger.verify().whole


def test_a_locked_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediate.ledger.sqlitefile.PATIENCE", 0.2)
    monkeypatch.setattr("remediate.ledger.engine.BUSY", 0.2)
    for how in ("BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"):
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute(how)
            assert "is locked by another program\n  hint: end the program" in refused(str(file))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "is locked by another program" in refused(str(file))


def test_a_newer_schema_is_left_alone(url: str) -> None:
    opened(url).close()
    with raw(url) as execute:
        execute("UPDATE ledger_version SET version_num = '0999'")
    assert f"was written by a newer remediate (schema 0999; this one knows {schema.REVISION})" in refused(url)


def test_addresses_nobody_understands() -> None:
    told = refused("mysql://root:hunter2@db/x")
    assert "cannot be kept in 'mysql'" in told
    for url in (
        "postgresql://ann:hunter2@h:port/db",
        "postgresql://ann:hun:ter2@[/db",
        "postgresql+psycopg2://a:hunter2@h/d",
    ):
        assert "hunter2" not in refused(url)
        assert "ter2" not in refused(url)


def test_without_the_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert refused("postgresql://h/d").endswith("hint: pip install 'remediate-servers[postgres]'")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url.replace(postgres.QUOTED, "hunter2"), "the password of the URL is wrong"),
        (lambda url: url.replace("//keeper:", "//nobody:"), "the password of the URL is wrong"),
        (lambda url: url + "?plugin=none", "see the URL"),
        (lambda url: url + "?no_such_option=1", "see the URL"),
        (lambda url: url + "x", "create it on the server"),
        (lambda url: re.sub(r":\d+/", ":1/", url), "nothing listens there"),
        (lambda url: url.replace("127.0.0.1:", "no-such-server.invalid:"), "see the server's name in the URL"),
        (lambda url: url.replace(f":{postgres.QUOTED}@", "@"), "put the password into the URL"),
        (lambda url: url.replace(f":{postgres.QUOTED}@", "@") + "?password=hunter2", "the password of the URL is wr"),
    ],
    ids=["password", "user", "plugin", "option", "database", "port", "name", "no password", "password in query"],
)  # fmt: skip
def test_a_server_that_cannot_be_used(
    server: postgres.Server, database: str, change: Callable[[str], str], words: str
) -> None:
    url = change(server.url(database))
    told = refused(url)
    assert words in told
    assert "hunter2" not in told
    assert postgres.PASSWORD not in told
    assert postgres.QUOTED not in told


def test_a_database_of_another_program(server: postgres.Server, database: str) -> None:
    server.sql("CREATE TABLE hosts (x int)", database)
    assert "has tables of another program: hosts" in refused(server.url(database))


def test_a_database_whose_encoding_is_too_small(server: postgres.Server, database: str) -> None:
    server.sql(f"CREATE DATABASE {database}_l ENCODING 'LATIN1' TEMPLATE template0")
    assert "has the encoding LATIN1" in refused(server.url(f"{database}_l"))
    server.sql(f"DROP DATABASE {database}_l WITH (FORCE)")


def test_a_user_who_may_not_create_tables(server: postgres.Server, database: str) -> None:
    server.sql(f"CREATE ROLE r{database} LOGIN PASSWORD 'short'")
    assert "GRANT CREATE" in refused(server.url(database, user=f"r{database}", password="short"))
    server.sql(f"DROP ROLE r{database}")


def test_a_server_that_only_reads(server: postgres.Server, database: str) -> None:
    opened(server.url(database)).close()
    server.sql(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    assert "name the primary server" in refused(server.url(database))


def test_a_ledger_is_named_without_its_password(server: postgres.Server, database: str) -> None:
    with opened(server.url(database).replace("postgresql:", "postgres:")) as ledger:
        assert ledger.place == f"postgresql://keeper@127.0.0.1:{server.port}/{database}"
