"""Changes in one line, and attribute by attribute."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model import Change, Effect, Json
from remediate.reports.difference import Attribute, attributes, headline

LONG = "x" * 80


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"before": "stopped", "after": "running"}, "t: stopped -> running"),
        ({"before": None, "after": "a folder"}, "t: absent -> a folder"),
        ({"before": {"version": "1.0", "size": 3}, "after": None}, "t: 1.0 -> absent"),
        ({"before": {"a.dll": "1.0", "b.dll": "1.0"}, "after": {"a.dll": "2.0", "b.dll": "2.0"}},
         "t: 1.0 (all 2) -> 2.0 (all 2)"),
        ({"before": {"a.dll": "1.0", "b.dll": "1.1"}, "after": "x"}, "t: a.dll 1.0, b.dll 1.1 -> x"),
        ({"before": 1, "after": True, "effect": Effect.REBOOT, "seconds": 300.0}, "t: 1 -> yes (reboot, about 5 min)"),
        ({"before": LONG, "after": 0}, f"t: {'x' * 57}... -> 0"),
        ({"before": "a\nb", "after": "\x1b[0m"}, "t: a b -> \\x1b[0m"),
    ],
)  # fmt: skip
def test_headline(change: dict[str, Any], line: str) -> None:
    assert headline(Change(target="t", **change)) == line


def test_what_cannot_be_undone_is_said_in_full() -> None:
    change = Change(target="t", before=1, after=2, reversible=False)
    assert headline(change) == "t: 1 -> 2"
    assert headline(change, full=True) == "t: 1 -> 2 (not reversible)"


def test_attributes_that_differ() -> None:
    before: Json = {"version": "1.0", "size": 3, "gone": True}
    after: Json = {"version": "2.0", "size": 3, "new": [1, 2]}
    assert attributes(
        [Change(target="f", before=before, after=after), Change(target="s", before=None, after="on")]
    ) == (
        Attribute("f", "version", "1.0", "2.0"),
        Attribute("f", "gone", "yes", "-"),
        Attribute("f", "new", "-", "1, 2"),
        Attribute("s", "", "-", "on"),
    )


def test_texts_that_list_things_are_compared_thing_by_thing() -> None:
    listed = Change(target="g", before="1.0, 1,000 bytes, same", after="2.0, 2,000 bytes, same")
    assert attributes([listed]) == (Attribute("g", "", "1.0", "2.0"), Attribute("g", "", "1,000 bytes", "2,000 bytes"))
    unlike = Change(target="g", before="a, b", after="c")
    assert attributes([unlike]) == (Attribute("g", "", "a, b", "c"),)
