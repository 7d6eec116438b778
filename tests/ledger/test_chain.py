"""Any sequence of operations keeps the chain whole; whatever is changed behind the ledger's back is found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from remediate.errors import LockLost, UserError
from remediate.ledger import chain, schema
from remediate.ledger.address import parse
from remediate.ledger.engine import build
from remediate.ledger.rows import Approval, HostEnd, PackageSeen
from remediate.ledger.store import Ledger
from tests.ledger.world import PHASES, begun, new_run, opened, raw, step

OPERATIONS: dict[str, Callable[[Ledger, str, str], object]] = {
    "step": lambda ledger, run, host: step(ledger, run, host, result={"host": host}),
    "open step": lambda ledger, run, host: ledger.step_begun(run, begun(host)),
    "note": lambda ledger, run, host: ledger.note(run, "gate", host, {"open": True}),
    "package": lambda ledger, run, host: ledger.package(run, host, PackageSeen(sha256="ab", name=host)),
    "lock": lambda ledger, run, host: ledger.lock(run, host, "why"),
    "unlock": lambda ledger, run, host: ledger.unlock(host, who="ann", reason="gone"),
    "take over": lambda ledger, run, host: [ledger.take_over(run, held) for held in ledger.locks()],
    "beat": lambda ledger, run, host: ledger.beat(run),
    "approve": lambda ledger, run, host: ledger.approve(
        Approval(plan_hash=run, name=host, reason="", user="u", controller="c")
    ),
    "begin": lambda ledger, run, host: ledger.begin_run(new_run(host, resumes=run)),
    "end": lambda ledger, run, host: ledger.end_run(
        run, status="stopped", exit_code=4, hosts=[HostEnd(host=host, outcome="changed", notes=("n",))]
    ),
}
MOVES = st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 5), st.sampled_from("ab")), max_size=12)


def play(ledger: Ledger, moves: list[tuple[str, int, str]]) -> None:
    """The moves on a few runs; those the ledger rightly refuses write nothing."""
    ledger.begin_run(new_run("a", "b"))
    for name, which, host in moves:
        found = ledger.runs()
        try:
            OPERATIONS[name](ledger, found[which % len(found)].id, host)
        except (LockLost, UserError):
            continue


@contextmanager
def behind(url: str) -> Iterator[Connection]:
    """A connection that writes without the ledger."""
    engine = build(parse(url))
    with engine.connect() as connection, connection.begin():
        yield connection
    engine.dispose()


@contextmanager
def tampered(url: str, change: Callable[[Connection], object]) -> Iterator[None]:
    """The database with a change that is taken back afterwards."""
    with behind(url) as connection:
        kept = {table: list(connection.execute(select(table)).mappings()) for table in schema.metadata.tables.values()}
        change(connection)
    yield
    with behind(url) as connection:
        for table, rows in kept.items():
            connection.execute(delete(table))
            if rows:
                connection.execute(insert(table), [dict(row) for row in rows])


@settings(
    max_examples=12,
    phases=PHASES,
)
@given(
    moves=MOVES,
    which=st.integers(0, 99),
    field=st.sampled_from(["run", "at", "kind", "host", "data", "previous", "hash"]),
    text=st.sampled_from(["", " ", "x", '{"a":1}', "0" * 64]),
    past=st.integers(-3, 0),
)
def test_whatever_is_done_keeps_the_chain_and_whatever_is_forged_is_found(
    url: str, moves: list[tuple[str, int, str]], which: int, field: str, text: str, past: int
) -> None:
    with opened(url) as ledger:
        empty(url)
        play(ledger, moves)
        report = ledger.verify()
        assert report.whole, report
        number = which % report.events + 1
        table = schema.events
        for change in (
            lambda found: found.execute(forged(number, field, text)),
            lambda found: found.execute(delete(table).where(table.c.number == number)),
            lambda found: found.execute(update(table).where(table.c.number == number).values(number=past)),
            lambda found: found.execute(insert(table).values(stray(past))),
            lambda found: found.execute(insert(table).values(stray(report.events + 1))),
        ):
            with tampered(url, change):
                assert not ledger.verify().whole
        assert ledger.verify() == report


def empty(url: str) -> None:
    """A ledger that is like new."""
    with behind(url) as connection:
        for table in schema.metadata.tables.values():
            connection.execute(delete(table))
        connection.execute(insert(schema.head).values(id=1, number=0, hash=schema.GENESIS))


def forged(number: int, field: str, text: str) -> sqlalchemy.Update:
    column = schema.events.c[field]
    return update(schema.events).where(schema.events.c.number == number).values({field: column + text + "."})


def stray(number: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"number": number, "at": "", "run": "", "kind": "", "host": "", "data": "{}"}
    fields["previous"] = schema.GENESIS
    return {**fields, "hash": chain.link(**fields)}


@pytest.fixture
def filled(url: str) -> Iterator[Ledger]:
    """A ledger with a bit of everything: 13 events."""
    with opened(url) as ledger:
        run = ledger.begin_run(new_run("a", "b"))
        ledger.lock(run, "a", "why")
        step(ledger, run, "a", result={"changes": ["x"]})
        ledger.step_begun(run, begun("b"))
        ledger.package(run, "a", PackageSeen(sha256="ab", name="kb.exe", size=4))
        ledger.approve(Approval(plan_hash="h", name="ann", reason="", user="u", controller="c"))
        ledger.end_run(run, status="finished", exit_code=0, hosts=[HostEnd(host="a", outcome="changed", reason="r")])
        for number in range(3):
            ledger.note(run, "gate", "a", {"number": number})
        yield ledger


FORGERIES = [
    ("UPDATE events SET data = '{}' WHERE number = 4", "changed", 4, "event 4 is not as it was written"),
    ("UPDATE events SET data = '{ \"number\": 0}' WHERE number = 11", "changed", 11, "not as it was written"),
    ("UPDATE events SET data = 'no json' WHERE number = 4", "changed", 4, "not as it was written"),
    ("DELETE FROM events WHERE number = 4", "missing", 4, "event 4 is missing"),
    ("DELETE FROM events WHERE number = 13", "missing", 13, "the chain ends too early"),
    ("DELETE FROM events", "missing", 1, "event 1 is missing"),
    ("DELETE FROM head", "missing", 0, "has lost its head"),
    ("UPDATE head SET number = 12", "changed", 12, "not the one the chain ended with"),
    ("UPDATE head SET hash = 'x'", "changed", 13, "not the one the chain ended with"),
    ("UPDATE events SET number = 14 WHERE number = 13", "missing", 13, "the chain ends too early"),
    ("UPDATE events SET number = -number WHERE number IN (5, 6)", "missing", 5, "event 5 is missing"),
    (
        "INSERT INTO events SELECT 14, run, at, kind, host, data, previous, hash FROM events WHERE number = 13",
        "added",
        14,
        "event 14 was added",
    ),
    (
        "INSERT INTO events SELECT 0, run, at, kind, host, data, previous, hash FROM events WHERE number = 13",
        "added",
        0,
        "event 0 was added",
    ),
    ("UPDATE steps SET seconds = 1", "changed", 4, "step a 1 is not as event 4 says (seconds)"),
    ("UPDATE steps SET result = '{\"changes\":[]}' WHERE host = 'a'", "changed", 4, "(result)"),
    ("UPDATE steps SET status = 'ok', ended_at = begun_at WHERE host = 'b'", "changed", 5, "(ended_at, status)"),
    ("DELETE FROM steps WHERE host = 'b'", "missing", 5, "step b 1 of event 5 is missing"),
    ("UPDATE hosts SET reason = ''", "changed", 8, "host a is not as event 8 says (reason)"),
    (
        "UPDATE hosts SET outcome = 'compliant' WHERE host = 'b'",
        "changed",
        1,
        "host b is not as event 1 says (outcome)",
    ),
    ("DELETE FROM hosts WHERE host = 'b'", "missing", 1, "host b of event 1 is missing"),
    ("UPDATE hosts SET position = 1 - position", "changed", 8, "(position)"),
    ("UPDATE hosts SET locked = NOT locked WHERE host = 'b'", "changed", 1, "(locked)"),
    ("UPDATE steps SET seconds = 9, redacted = NOT redacted WHERE host = 'b'", "changed", 5, "(redacted, seconds)"),
    ("UPDATE packages SET size = 5", "changed", 6, "(size)"),
    ("DELETE FROM packages", "missing", 6, "package a ab of event 6 is missing"),
    ("UPDATE runs SET who = 'eve', exit_code = 1", "changed", 10, "(exit_code, who)"),
    ("UPDATE runs SET number = 2", "changed", 10, "(number)"),
    ("UPDATE runs SET beat = beat + 1", "changed", 10, "(beat)"),
    ("UPDATE runs SET beat_at = '2027-01-01T00:00:00.000000Z'", "changed", 10, "(beat_at)"),
    ("DELETE FROM runs", "missing", 10, "run of event 10 is missing"),
    ("UPDATE approvals SET name = 'eve'", "changed", 7, "(name)"),
    ("DELETE FROM approvals", "missing", 7, "approval 7 of event 7 is missing"),
    (
        "INSERT INTO packages SELECT 'none', host, sha256, name, version, size, at FROM packages",
        "added",
        0,
        "run none: no event tells of package a ab",
    ),
]


def test_each_forgery_is_named(filled: Ledger, url: str) -> None:
    for sql, how, number, what in FORGERIES:
        assert filled.verify().events == 13
        assert filled.verify().whole
        with tampered(url, partial(Connection.execute, statement=sqlalchemy.text(sql))):
            report = filled.verify()
            assert (report.how, report.broken) == (how, number), sql
            assert what in report.what, sql


def test_a_ledger_can_be_verified_while_others_write(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediate.ledger.chain.PAGE", 7)
    stop = threading.Event()

    def work(host: str) -> int:
        run = ledger.begin_run(new_run(host))
        while not stop.is_set():
            step(ledger, run, host)
            ledger.approve(Approval(plan_hash="h", name=host, reason="", user="u", controller="c"))
        ledger.end_run(run, status="finished", exit_code=0, hosts=[HostEnd(host=host, outcome="changed")])
        return ledger.verify().events

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(work, host) for host in "ab"]
        try:
            reports = [ledger.verify() for _ in range(8)]
        finally:
            stop.set()
    assert all(report.whole for report in reports), reports
    assert all(done.result() >= reports[-1].events for done in both)


def test_reordered_events_are_found(filled: Ledger, url: str) -> None:
    with raw(url) as execute:
        execute("UPDATE events SET number = 99 WHERE number = 12")
        execute("UPDATE events SET number = 12 WHERE number = 13")
        execute("UPDATE events SET number = 13 WHERE number = 99")
    assert (filled.verify().how, filled.verify().broken) == ("changed", 12)


def test_an_event_with_a_right_hash_of_its_own_does_not_fit(filled: Ledger, url: str) -> None:
    """Somebody who knows how hashes are made still cannot replace one event."""
    with behind(url) as connection:
        old = connection.execute(select(schema.events).where(schema.events.c.number == 5)).one()
        fields = {**old._mapping, "data": '{"number":9}'}
        del fields["hash"]
        new = {**fields, "hash": chain.link(**fields)}
        connection.execute(update(schema.events).where(schema.events.c.number == 5).values(new))
    report = filled.verify()
    assert (report.broken, report.what) == (6, "event 6 does not follow event 5")


def test_a_link_is_what_the_manual_says(tmp_path: Path) -> None:
    """Anybody can check the chain without this program."""
    import hashlib
    import json

    with opened(str(tmp_path / "x.sqlite3")) as ledger:
        ledger.begin_run(new_run("ä"))
        (event,) = ledger.events()
    fields = {name: getattr(event, name) for name in ("number", "run", "kind", "host", "data", "previous")}
    fields["at"] = event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == event.hash
    assert event.previous == "0" * 64
