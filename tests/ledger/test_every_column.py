"""Whatever is changed in any column of any row is found, and of one run as surely as of all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from remediate.ledger import schema
from remediate.ledger.rows import Approval, HostEnd, PackageSeen
from remediate.ledger.store import Ledger
from tests.ledger.test_chain import tampered
from tests.ledger.world import begun, ended, new_run, opened, raw, step

OWN = {"writers"}
"""Tables that are no history: what a writer notes for itself."""
PROVED = [table for name, table in sorted(schema.metadata.tables.items()) if name not in OWN]


@pytest.fixture
def busy(url: str) -> Iterator[tuple[Ledger, str, str]]:
    """A ledger with a row of everything, a run that ended and one that goes on."""
    with opened(url) as ledger:
        ledger.keep([b"- hosts: all\n"])
        old = ledger.begin_run(new_run("a", "b", plan_hash="h"))
        ledger.approve(Approval(plan_hash="h", name="ann", reason="", user="u", controller="c"))
        ledger.lock(old, "a", "w")
        ledger.lock(old, "b", "w")
        step(ledger, old, "a", result={"changes": ["x"]})
        ledger.step_done(old, begun("b"), ended("ok"))
        ledger.package(old, "a", PackageSeen(sha256="ab", name="kb.exe", size=4))
        ledger.beat(old)
        run = ledger.begin_run(new_run("a", "b", "c"))
        for held in ledger.locks():
            if held.host == "b":
                assert ledger.take_over(run, held)
        ledger.beat(old)
        ledger.lock(run, "late", "w")
        ledger.step_begun(run, begun("c"))
        ends = [HostEnd(host="a", outcome="changed", reason="r"), HostEnd(host="joined", outcome="failed")]
        ledger.end_run(old, status="stopped", exit_code=4, hosts=ends)
        ledger.beat(old)
        ledger.beat(run)
        yield ledger, old, run


def other(column: Column[Any], value: Any) -> Any:
    """A value that is not ``value``, and that its column takes."""
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, Text):
        return f"{value or ''}x"
    if isinstance(column.type, LargeBinary):
        return value + b"x"
    return (value or 0) + (0.5 if isinstance(column.type, Double) else 1000)


def this(table: Table, row: Row[Any]) -> Any:
    conditions = [column == row._mapping[column.name] for column in table.primary_key.columns]
    return conditions[0] if len(conditions) == 1 else conditions[0] & conditions[1] & conditions[-1]


def alive(table: Table, column: Column[Any], row: Row[Any]) -> bool:
    """How often a run that goes on gave a sign of life is no history."""
    return table.name == "runs" and column.name == "beat" and row._mapping["finished"] is None


def changes(url: str) -> Iterator[tuple[str, Any]]:
    """Every value of every row changed, and every row away, one at a time."""
    for table in PROVED:
        with raw(url) as execute:
            rows = execute(f"SELECT count(*) FROM {table.name}").scalar()
            assert rows, f"nothing is in {table.name}"
        yield from ((f"{table.name} {number}", (table, number)) for number in range(rows))


def test_every_value_of_every_row(busy: tuple[Ledger, str, str], url: str) -> None:
    ledger, old, run = busy
    assert ledger.verify().whole, ledger.verify()
    assert ledger.verify(old).whole, ledger.verify(old)
    assert ledger.verify(run).whole, ledger.verify(run)
    for _, (table, number) in changes(url):
        for column in table.columns:
            seen: list[Any] = []
            with tampered(url, partial(_alter, table, column, number, seen)):
                where = f"{table.name}.{column.name} of {seen[0]}"
                assert ledger.verify().whole == alive(table, column, seen[0]), where
                if seen[0]._mapping.get("run", seen[0]._mapping.get("id")) == run and not alive(table, column, seen[0]):
                    assert not ledger.verify(run).whole, where
        with tampered(url, partial(_remove, table, number)):
            assert not ledger.verify().whole, f"{table.name} {number}"
    assert ledger.verify().whole


def _alter(table: Table, column: Column[Any], number: int, seen: list[Any], connection: Connection) -> None:
    row = list(connection.execute(select(table).order_by(*table.primary_key.columns)))[number]
    seen.append(row)
    value = other(column, row._mapping[column.name])
    connection.execute(update(table).where(this(table, row)).values({column.name: value}))


def _remove(table: Table, number: int, connection: Connection) -> None:
    row = list(connection.execute(select(table).order_by(*table.primary_key.columns)))[number]
    connection.execute(delete(table).where(this(table, row)))


def test_signs_of_life_that_cannot_be_right(busy: tuple[Ledger, str, str], url: str) -> None:
    ledger, _, run = busy
    table, mine = schema.runs, schema.runs.c.id == run
    for values in ({"beat": -1}, {"beat": 0}, {"beat_at": "now"}):
        with tampered(url, partial(Connection.execute, statement=update(table).where(mine).values(values))):
            report = ledger.verify()
            assert (report.whole, f"run {run}: its signs of life" in report.what) == (False, True)


def test_a_lock_nobody_took(busy: tuple[Ledger, str, str], url: str) -> None:
    ledger, _, _ = busy
    with raw(url) as execute:
        row = execute("SELECT * FROM locks").first()._mapping
    for more in ({"host": "x"}, {"host": "x", "run": "none"}):
        with tampered(url, partial(Connection.execute, statement=insert(schema.locks).values({**row, **more}))):
            report = ledger.verify()
            assert (report.how, "no event tells of lock x" in report.what) == ("added", True)


def test_one_run_is_proved_from_its_first_event_on(url: str) -> None:
    """What it rests on is proved as by the walk over everything; of what is older nothing is said."""
    with opened(url) as ledger:
        old = ledger.begin_run(new_run("a"))
        step(ledger, old, "a")
        ledger.approve(Approval(plan_hash="h", name="ann", reason="", user="u", controller="c"))
        ledger.note(old, "remark", "", {})
        run = ledger.begin_run(new_run("a", plan_hash="h"))
        step(ledger, run, "a")
        ledger.note(old, "remark", "", {"late": True})
        assert (ledger.verify(run).events, ledger.verify(run).first) == (6, 4)
        assert (ledger.verify(old).events, ledger.verify(old).first) == (9, 1)
        for number in range(1, 10):
            for what in (update(schema.events).values(at="x"), delete(schema.events)):
                with tampered(url, partial(Connection.execute, statement=what.where(schema.events.c.number == number))):
                    assert not ledger.verify().whole
                    report = ledger.verify(run)
                    # The one before it is missed, too: something has to be there for it to hang on.
                    gone = number == 3 and isinstance(what, type(delete(schema.events)))
                    assert report.whole == (number < 4 and not gone), (number, report)
        with raw(url) as execute:
            execute("UPDATE runs SET who = 'eve' WHERE number = 1")
        assert ledger.verify(run).whole
        assert not ledger.verify(old).whole
