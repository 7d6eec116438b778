"""WQL: conditions decide as WMI decides, and no text whatever is more than a bad query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.lab.com.wql import BadQueryError, parse

ROW: dict[str, object] = {
    "name": "MSExchangeIS",
    "state": "Running",
    "pid": 56,
    "size": "5132800",
    "started": True,
    "note": None,
    "path": "C:\\a",
    "when": "20041115070000.000000-300",
}
TEXT = st.text(st.sampled_from("abSELCTFROMWHEANDOR '\"\\()=<>!*,%_.[]0129-"), max_size=60)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("Name = 'msexchangeis'", True),
        ('NAME="MSExchangeIS" AND pid = 56', True),
        ("Name <> 'x' AND NOT State = 'Stopped'", True),
        ("Name LIKE 'MS%IS' AND Name LIKE 'MSExchang_IS'", True),
        ("Name LIKE '[A-L]%'", False),
        ("pid > 9 AND pid < 100 AND pid >= 56 AND pid <= 56 AND pid != 57", True),
        ("size > 999999", True),
        ("started = TRUE AND started <> false", True),
        ("note IS NULL AND name IS NOT NULL", True),
        ("note = 'x' OR note LIKE '%'", False),
        ("note = NULL", True),
        ("path = 'C:\\\\a'", True),
        ("(pid = 1 OR pid = 56) AND (state = 'running')", True),
        ("pid = 1 OR pid = 2 AND state = 'running'", False),
        ("when > '20041115115900.000000+000' AND when <= '20041115120000.000000+000'", True),
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    assert parse(f"SELECT * FROM X WHERE {condition}").matches(ROW) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT * FROM",
        "SELECT a b FROM X",
        "SELECT * FROM X WHERE",
        "SELECT * FROM X WHERE a",
        "DELETE FROM X",
        "SELECT * FROM X WHERE a = ",
        "SELECT * FROM X WHERE (a = 1",
        "SELECT * FROM X WHERE a = 'x",
        "SELECT * FROM X y",
        "SELECT * FROM X WHERE a LIKE 1",
        "SELECT * FROM X WHERE a = b",
        "ASSOCIATORS OF {X}",
        "SELECT , FROM X",
    ],
)
def test_bad_queries(text: str) -> None:
    with pytest.raises(BadQueryError):
        parse(text)


def test_only_what_must_be_equal_counts_as_equal() -> None:
    assert parse("SELECT * FROM X WHERE Name = 'a' AND b = 'c'").equal == {"name": "a", "b": "c"}
    assert parse("SELECT * FROM X WHERE Name = 'a' OR b = 'c'").equal == {}
    assert parse("SELECT * FROM X WHERE NOT Name = 'a'").equal == {}


@given(TEXT)
def test_any_text_is_a_query_or_a_bad_one(text: str) -> None:
    for words in (text, f"SELECT * FROM X WHERE {text}"):
        try:
            query = parse(words)
            query.matches(ROW)
        except BadQueryError:
            continue


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_quoted_text_comes_back_whole(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    assert parse(f"SELECT * FROM X WHERE a = '{quoted}'").matches({"a": text})
