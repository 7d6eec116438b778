"""Cases of the window tests, and the files of windows they describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.change_windows import Calendar, load

CASES = Path(__file__).parent / "cases"
OTHER = {"time_zone": "UTC", "start": "2026-01-01 00:00", "duration": "1h"}


def cases(name: str) -> pytest.MarkDecorator:
    """Parametrize a test by the cases of ``cases/<name>.yml``; each has a name."""
    found = yaml.safe_load((CASES / f"{name}.yml").read_text(encoding="utf-8"))
    names = [str(case["name"]) for case in found]
    assert len(set(names)) == len(names), name
    return pytest.mark.parametrize("case", found, ids=names)


def calendar(folder: Path, window: Mapping[str, Any], freezes: Sequence[Mapping[str, Any]] = ()) -> Calendar:
    """A calendar with the window ``it``, in Berlin for four hours unless it says otherwise, and another one."""
    it = {"time_zone": "Europe/Berlin", "duration": "4h", **window}
    file = folder / "windows.yml"
    file.write_text(yaml.safe_dump({"windows": {"it": it, "other": OTHER}, "freezes": [*freezes]}), encoding="utf-8")
    return load(file)


def utc(value: object) -> datetime:
    """A time of a case: UTC; a date is its first moment."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


def readable(moment: datetime) -> str:
    assert moment.utcoffset() == UTC.utcoffset(None)
    return f"{moment:%Y-%m-%d %H:%M}"
