"""Which openings follow from rules, zones and freezes: cases worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from remediate.change_windows import Opening
from remediate.errors import UserError
from tests.change_windows.files import calendar, cases, readable, utc

SECOND = timedelta(seconds=1)


@cases("openings")
def test_openings(case: dict[str, Any], tmp_path: Path) -> None:
    found = calendar(tmp_path, case["window"], case.get("freezes", ()))
    after, before = map(utc, case["between"])
    openings = list(found.openings("it", after, before))
    assert [[readable(o.start), readable(o.end)] for o in openings] == case["openings"]
    for opening in openings:
        assert found.current("it", opening.start) == opening
        assert found.current("it", opening.end - SECOND) == opening
        assert found.current("it", opening.end) in (None, *openings)
        assert found.current("it", opening.start - SECOND) != opening
        assert found.upcoming("it", opening.start - SECOND) == opening
        assert opening.left(opening.start) == (opening.end - opening.start).total_seconds()


@cases("frozen")
def test_frozen(case: dict[str, Any], tmp_path: Path) -> None:
    found = calendar(tmp_path, {"start": "2026-01-01 00:00"}, case["freezes"])
    assert {str(time): found.frozen("it", utc(time)) for time in case["frozen"]} == {
        str(time): name for time, name in case["frozen"].items()
    }


def test_an_opening_knows_what_is_left(tmp_path: Path) -> None:
    opening = Opening("it", utc("2026-01-01 22:00"), utc("2026-01-02 02:00"))
    assert opening.left(utc("2026-01-02 01:59:30")) == 30.0
    assert opening.left(utc("2026-01-02 02:00:30")) == -30.0


def test_names_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    assert calendar(tmp_path, {"start": "2026-01-01 00:00"}).names() == ("it", "other")


def test_an_unknown_window_is_told_the_nearest(tmp_path: Path) -> None:
    found = calendar(tmp_path, {"start": "2026-01-01 00:00"})
    now = utc("2026-01-01 00:00")
    for question in (found.current, found.upcoming, found.frozen):
        with pytest.raises(UserError, match=r"there is no change window 'othr'\n  hint: did you mean 'other'\?"):
            question("othr", now)
    with pytest.raises(UserError, match="othr"):
        list(found.openings("othr", now, now))


def test_five_years_are_looked_ahead(tmp_path: Path) -> None:
    far = calendar(tmp_path, {"start": "2031-01-01 12:00"})
    assert far.upcoming("it", utc("2025-12-20 11:00")) is None
    found = far.upcoming("it", utc("2026-01-02 11:00"))
    assert found is not None
    assert readable(found.start) == "2031-01-01 11:00"


def test_the_end_of_an_opening_does_not_depend_on_how_far_was_looked(tmp_path: Path) -> None:
    window = {"time_zone": "UTC", "start": "2026-06-01 00:00", "also": ["2026-06-20 00:00"], "duration": "31d"}
    for days in range(1, 460, 3):
        found = calendar(tmp_path, window).upcoming("it", utc("2026-06-01 00:00") - timedelta(days=days))
        assert found is not None
        assert readable(found.end) == "2026-07-21 00:00"


def test_a_window_that_never_closes_is_open(tmp_path: Path) -> None:
    found = calendar(tmp_path, {"start": "2026-01-01 00:00", "rule": "FREQ=DAILY", "duration": "1d1h"})
    now = utc("2028-06-01 12:00")
    opening = found.current("it", now)
    assert opening is not None
    assert opening.left(now) >= 31 * 86400
    assert found.upcoming("it", now) is None
    assert found.upcoming("it", utc("2025-12-01 00:00")) is not None


@pytest.mark.parametrize("time", ["0001-01-01 00:00", "9999-12-31 23:59"])
def test_the_ends_of_time(time: str, tmp_path: Path) -> None:
    found = calendar(tmp_path, {"start": "2026-01-01 00:00", "rule": "FREQ=MONTHLY"})
    assert found.current("it", utc(time)) is None
    assert found.upcoming("it", utc(time)) is None


def test_answers_do_not_depend_on_earlier_questions(tmp_path: Path) -> None:
    window = {"start": "2026-01-03 22:00", "rule": "FREQ=WEEKLY;BYDAY=SA"}
    freezes = [{"name": "f", "from": "2026-05-02 23:00", "to": "2026-05-02 23:30"}]
    asked = calendar(tmp_path, window, freezes)
    for day in (0, 400, 3, 90, 1800, 121, 122, 30):
        now = utc("2026-01-01 23:30") + timedelta(days=day)
        fresh = calendar(tmp_path, window, freezes)
        assert asked.upcoming("it", now) == fresh.upcoming("it", now)
        assert asked.current("it", now) == fresh.current("it", now)
