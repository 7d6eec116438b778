"""Every mistake in a file of windows is named, with its place and the next thing to try."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.change_windows import load
from remediate.errors import UserError
from tests.change_windows.files import OTHER, cases

WHOLE = {"time_zone": "Europe/Berlin", "start": "2026-01-03 22:00", "duration": "4h"}


def text_of(case: dict[str, Any]) -> str:
    if "text" in case:
        return str(case["text"])
    it = {**WHOLE, **case.get("window", {})}
    it.pop(case.get("drop", ""), None)
    return yaml.safe_dump({"windows": {"it": it, "other": OTHER}, "freezes": case.get("freezes", [])}, sort_keys=False)


@cases("errors")
def test_mistakes(case: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "windows.yml"
    file.write_text(text_of(case), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(file)
    message = str(caught.value).replace(str(file), "{file}")
    place = re.match(r"\{file\}:\d+:\d+: ", message)
    assert place, message
    expected = case["error"]
    assert message.startswith(expected) or message[place.end() :].startswith(expected)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"windows\.yml: no such file"):
        load(tmp_path / "windows.yml")


def test_a_rule_may_be_written_as_in_an_ics_file(tmp_path: Path) -> None:
    file = tmp_path / "windows.yml"
    it = {**WHOLE, "rule": "RRULE:freq=weekly;byday=sa;"}
    file.write_text(yaml.safe_dump({"windows": {"it": it}}), encoding="utf-8")
    assert load(file).window("it").rules[0].text == "FREQ=WEEKLY;BYDAY=SA"


def test_the_shipped_sample_is_sound() -> None:
    found = load(Path(__file__).parents[2] / "inventory" / "windows.yml")
    assert found.names() == ("saturday_night", "patch_sunday")
