"""File attributes against the article's tables, as data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.kb.facts import file_seen
from remediate.kb.verify import GOOD, PARTIAL, Row, rows
from tests.kb.servers import advisory, cases


def judged(case: dict[str, Any]) -> dict[str, Row]:
    branch = next(b for b in advisory().branches if b.id == case["branch"])
    seen = {name: file_seen(name, info(value)) for name, value in case["seen"].items()}
    found = rows(
        advisory(), branch, seen, language=case.get("language", "ENU"), bias_known=case.get("bias_known", True)
    )
    return {row.file: row for row in found}


def info(value: Any) -> Any:
    if value == "absent":
        return {"exists": False}
    if value is None:
        return None
    version, size, modified = value
    return {"exists": True, "version": version, "size": size, "modified": modified}


@pytest.mark.parametrize("case", cases("verify"), ids=lambda c: c["case"])
def test_rows(case: dict[str, Any]) -> None:
    found = judged(case)
    assert {name: row.verdict for name, row in found.items()} == case["rows"]
    for name, text in case.get("notes", {}).items():
        assert text in found[name].note


def test_every_verdict_is_good_or_has_a_reason() -> None:
    for case in cases("verify"):
        for row in judged(case).values():
            assert row.good is (row.verdict in GOOD)
            assert row.good or row.note
            assert not (row.good and row.verdict in PARTIAL)


def test_the_row_shows_both_sides() -> None:
    row = judged(cases("verify")[0])["Store.exe"]
    assert (row.expected_version, row.expected_size, row.expected_date) == ("6.5.7232.35", 5132800, "2004-09-16 20:42")
    assert (row.seen_version, row.seen_size, row.seen_date) == ("6.5.7232.35", 5132800, "2004-09-16 20:42")


@given(st.integers(-100_000, 100_000))
def test_only_the_very_minute_will_do(seconds: int) -> None:
    branch = next(b for b in advisory().branches if b.id == "2003-SP1")
    table = advisory().table_of(branch)[1]
    when: datetime = table.date + timedelta(seconds=seconds)
    value = [str(table.version), table.size, when.isoformat()]
    seen = {"store.exe": file_seen("store.exe", info(value))}
    row = next(r for r in rows(advisory(), branch, seen) if r.file == "Store.exe")
    assert row.good is (0 <= seconds < 60)
