"""Freezes from .ics calendars: what they freeze, and what is refused, quickly and at its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from remediate.change_windows import Calendar, load
from remediate.errors import UserError
from tests.change_windows.files import cases, readable, utc

HEAD = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//company//calendar//EN\n"
END = "END:VCALENDAR\n"
ZONE = (
    "BEGIN:VTIMEZONE\nTZID:Head Office\nBEGIN:STANDARD\nDTSTART:20000101T000000\nTZOFFSETFROM:+0400\nTZOFFSETTO:+0400\n"
    "END:STANDARD\nEND:VTIMEZONE\n"
)
WINDOWS = """\
windows:
  it:
    time_zone: Europe/Berlin
    start: 2026-11-28 00:00
    rule: FREQ=DAILY
    duration: 1d
freezes:
  - name: company
    ics: company.ics
"""
FIRST, LAST = utc("2026-11-27 23:00"), utc("2026-12-01 23:00")


def read(folder: Path, calendar: str | bytes, zone: str = "") -> Calendar:
    data = calendar if isinstance(calendar, bytes) else calendar.replace("\n", "\r\n").encode()
    (folder / "company.ics").write_bytes(data)
    (folder / "windows.yml").write_text(WINDOWS + (f"    time_zone: {zone}\n" if zone else ""), encoding="utf-8")
    return load(folder / "windows.yml")


def vevent(body: str) -> str:
    return f"BEGIN:VEVENT\n{body}\nEND:VEVENT\n"


def frozen(calendar: Calendar) -> list[list[str]]:
    """The gaps between the openings."""
    edges = [FIRST]
    for opening in calendar.openings("it", FIRST, LAST):
        edges += [max(opening.start, FIRST), min(opening.end, LAST)]
    edges.append(LAST)
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [[readable(start), readable(end)] for start, end in pairs if start < end]


@cases("ics")
def test_what_is_frozen(case: dict[str, Any], tmp_path: Path) -> None:
    events = "".join(map(vevent, case["events"]))
    calendar = read(tmp_path, HEAD + (ZONE if case.get("zones") else "") + events + END, case.get("zone", ""))
    assert frozen(calendar) == case["frozen"]
    for start, end in case["frozen"]:
        assert calendar.frozen("it", utc(start)) == "company"
        assert calendar.frozen("it", utc(end) - timedelta(seconds=1)) == "company"
        assert calendar.frozen("it", utc(end)) == ""


@cases("ics_errors")
def test_what_is_refused(case: dict[str, Any], tmp_path: Path) -> None:
    text = case["text"] if "text" in case else HEAD + vevent(case.get("event", "")) + END
    if "missing" in case:
        (tmp_path / "windows.yml").write_text(WINDOWS, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(tmp_path / "windows.yml") if "missing" in case else read(tmp_path, text)
    expected = case["error"].replace("{ics}", str(tmp_path / "company.ics"))
    assert str(caught.value).startswith(expected.replace("{file}", str(tmp_path / "windows.yml")))


def test_the_name_is_that_of_the_event_on_one_line(tmp_path: Path) -> None:
    body = "DTSTART:20261128T080000Z\nDURATION:PT1H\nSUMMARY:Payroll\\nrun " + "x" * 200
    name = read(tmp_path, HEAD + vevent(body) + END).frozen("it", utc("2026-11-28 08:30"))
    assert name == "company: Payroll run " + "x" * 68


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not an \.ics calendar"):
        read(tmp_path, b"\x00\xff\xfe\x01" * 100)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    text = HEAD + vevent("DTSTART:20261128T080000Z\nDURATION:PT1H") + END
    assert len(frozen(read(tmp_path, b"\xef\xbb\xbf" + text.encode()))) == 1


@pytest.mark.parametrize(
    ("events", "error"),
    [
        (vevent("DTSTART:20261128T080000Z") * 100_000, "larger than 5,000,000 bytes"),
        (vevent("DTSTART:20261128T080000Z") * 6_000, "6,000 events; 5,000 are read at most"),
        (
            vevent("DTSTART:20261128T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY") * 12,
            "more than 20,000 times in five years",
        ),
    ],
    ids=["bytes", "events", "times"],
)
def test_a_huge_calendar_is_refused(events: str, error: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=error) as caught:
        read(tmp_path, HEAD + events + END)
    assert str(tmp_path / "company.ics") in str(caught.value)


def test_a_large_calendar_is_read(tmp_path: Path) -> None:
    days = "".join(vevent(f"DTSTART;VALUE=DATE:20261128\nUID:{number}") for number in range(1000))
    assert frozen(read(tmp_path, HEAD + days + END)) == [["2026-11-27 23:00", "2026-11-28 23:00"]]
