"""Windows that have to be open together, held against each of them asked alone at every hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from remediate.change_windows import Joint, load
from remediate.errors import UserError

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE = """
windows:
  daily: {time_zone: UTC, start: 2026-01-01 20:00, rule: FREQ=DAILY, duration: 3h}
  saturday: {time_zone: UTC, start: 2026-01-03 22:00, rule: FREQ=WEEKLY;BYDAY=SA, duration: 5h}
  yearly: {time_zone: UTC, start: 2027-11-06 21:00, rule: FREQ=YEARLY, duration: 2h}
  noon: {time_zone: UTC, start: 2026-01-01 12:00, rule: FREQ=DAILY, duration: 1h}
freezes:
  - {name: spring, from: 2026-03-14, to: 2026-03-15}
"""
THERE = "windows:\n  daily: {time_zone: UTC, start: 2026-01-01 21:00, rule: FREQ=DAILY, duration: 1h}\n"


def joint(folder: Path, *texts: str) -> Joint:
    files = [folder / f"{number}.yml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return Joint([load(file) for file in files])


@pytest.mark.parametrize("names", [["daily"], ["daily", "saturday"], ["saturday", "daily"], ["daily", "noon"]])
def test_open_while_each_is(tmp_path: Path, names: Sequence[str]) -> None:
    windows, binding = joint(tmp_path, HERE), " and ".join(names)
    for hour in range(24 * 30):
        now = BEGIN + hour * HOUR
        each = [windows.current(name, now) for name in names]
        both = windows.current(binding, now)
        assert (both is not None) is all(each), now
        if both is not None:
            assert (both.start, both.end) == (max(o.start for o in each if o), min(o.end for o in each if o))


@pytest.mark.parametrize("names", [["daily", "saturday"], ["saturday", "daily"]])
def test_the_next_one_is_the_next_hour_at_which_each_is_open(tmp_path: Path, names: Sequence[str]) -> None:
    windows, binding = joint(tmp_path, HERE), " and ".join(names)
    hours = [BEGIN + hour * HOUR for hour in range(24 * 30)]
    starts = [now for now, before in zip(hours[1:], hours, strict=False)
              if windows.current(binding, now) and not windows.current(binding, before)]  # fmt: skip
    assert len(starts) == 3, "four Saturdays, one of them frozen"
    for now in hours[: 24 * 27]:
        coming = windows.upcoming(binding, now)
        assert coming is not None
        assert coming.start == next((start for start in starts if start > now), coming.start)
        assert coming.start > now


def test_a_rare_one_is_found_behind_hundreds_of_the_other(tmp_path: Path) -> None:
    coming = joint(tmp_path, HERE).upcoming("daily and yearly", BEGIN)
    assert coming is not None
    assert (coming.start, coming.end) == (datetime(2027, 11, 6, 21, tzinfo=UTC), datetime(2027, 11, 6, 23, tzinfo=UTC))


def test_those_that_never_meet(tmp_path: Path) -> None:
    windows = joint(tmp_path, HERE)
    assert windows.upcoming("daily and noon", BEGIN) is None
    assert windows.first_for("daily and noon", 60, BEGIN) is None
    assert windows.longest("daily and noon", BEGIN) == timedelta()


def test_long_enough(tmp_path: Path) -> None:
    windows = joint(tmp_path, HERE)
    for hours, fits in ((1, True), (5, True), (6, False)):
        assert (windows.first_for("saturday", hours * 3600, BEGIN) is not None) is fits
    assert windows.longest("saturday", BEGIN) == 5 * HOUR


def test_a_name_that_two_files_know_has_to_be_open_in_each(tmp_path: Path) -> None:
    windows = joint(tmp_path, HERE, THERE)
    evening = BEGIN.replace(hour=20, minute=30)
    assert windows.current("daily", evening) is None
    coming = windows.upcoming("daily", evening)
    assert coming is not None
    assert (coming.start.hour, coming.end.hour) == (21, 22)
    assert windows.current("noon", BEGIN.replace(hour=12)) is not None, "only the first knows it"


def test_a_freeze_and_a_name_nobody_knows(tmp_path: Path) -> None:
    windows = joint(tmp_path, THERE, HERE)
    assert windows.frozen("daily and saturday", datetime(2026, 3, 14, 22, tzinfo=UTC)) == "spring"
    with pytest.raises(UserError, match="there is no change window 'dayly'"):
        windows.refuse_unknown("noon and dayly")
