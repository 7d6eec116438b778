"""Time that goes backwards along the chain is told, and is no damage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from remediate.ledger import backwards
from tests.ledger.world import Clock, new_run, opened, step

HOUR = timedelta(hours=1)


def test_where_it_goes_backwards(url: str) -> None:
    clock = Clock()
    with opened(url, clock) as ledger:
        first = ledger.begin_run(new_run("ex1"))
        step(ledger, first, "ex1")
        head = max(event.number for event in ledger.events())
        newest = ledger.newest()
        clock.time -= 3 * HOUR
        step(ledger, first, "ex1")
        clock.time += 30 * HOUR
        second = ledger.begin_run(new_run("ex1"))
        clock.time -= timedelta(seconds=119)
        step(ledger, second, "ex1")
        clock.time -= timedelta(seconds=130)
        step(ledger, second, "ex1")
        found = list(ledger.backwards())
        assert ledger.verify().whole
    assert [(one.run_before, one.run) for one in found] == [(first, first), (second, second)]
    assert (found[0].event, found[0].before) == (head + 1, newest)
    assert found[0].seconds == 3 * 3600 - 1


def test_it_is_read_page_by_page(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backwards, "PAGE", 2)
    clock = Clock()
    with opened(url, clock) as ledger:
        run = ledger.begin_run(new_run("ex1"))
        for _ in range(4):
            clock.time -= HOUR
            ledger.note(run, "remark", "", {})
        assert [one.event for one in ledger.backwards()] == [2, 3, 4, 5]
