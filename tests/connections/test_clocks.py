"""What is believed of a host's clock, and what is not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from remediate.connections.clocks import HostClocks, Skew, said
from remediate.connections.payload import clock, parse
from remediate.model import Output

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@dataclass
class Here:
    """This machine's clocks."""

    wall: datetime = NOON
    steady: float = 100.0
    clocks: HostClocks = field(init=False)

    def __post_init__(self) -> None:
        self.clocks = HostClocks(lambda: self.wall, lambda: self.steady)

    def go_on(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds


def test_an_answer_tells_as_much_as_it_took_to_come() -> None:
    here = Here()
    since = here.clocks.moment()
    here.go_on(10)
    here.clocks.heard("ex1", (NOON + timedelta(hours=1)).timestamp(), since)
    assert here.clocks.skews() == {"ex1": Skew(3595.0, 5.0)}


def test_a_date_is_cut_to_whole_seconds() -> None:
    here = Here()
    here.clocks.heard("ex1", NOON.timestamp(), here.clocks.ago(0), coarse=1.0)
    assert here.clocks.skews() == {"ex1": Skew(0.5, 0.5)}


@pytest.mark.parametrize("by", [timedelta(hours=-3), timedelta(minutes=2), timedelta(days=400)])
def test_what_was_heard_before_the_clock_was_set_counts_no_more(by: timedelta) -> None:
    here = Here()
    here.clocks.heard("before", NOON.timestamp(), here.clocks.moment())
    since = here.clocks.moment()
    here.wall += by
    here.clocks.heard("meanwhile", NOON.timestamp(), since)
    assert here.clocks.skews() == {}
    here.clocks.heard("after", NOON.timestamp(), here.clocks.moment())
    assert here.clocks.skews() == {"after": Skew(-by.total_seconds(), 0.0)}


@pytest.mark.parametrize(
    ("skew", "text"),
    [
        (None, ""),
        (Skew(299, 0), ""),
        (Skew(-320, 25), ""),
        (Skew(720, 1), "its clock is 12 minutes ahead of this machine's"),
        (Skew(-3 * 3600, 1), "its clock is 3 hours behind this machine's"),
        (Skew(-8000 * 86400, 1), "its clock is 8000 days behind this machine's"),
    ],
)
def test_what_is_said(skew: Skew | None, text: str) -> None:
    assert said(skew).partition(":")[0] == text


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        (',"clock":1795867200000}', NOON.timestamp()),
        (',"clock":1795867200000,"folder":"C:\\\\x"}', NOON.timestamp()),
        (',"clock":1795867200000,"folder":null}', NOON.timestamp()),
        (',"clock":-5}', None),
        (',"clock":null}', None),
        (',"clock":99999999999999999999}', None),
        (',"clock":"1795867200000"}', None),
        ("}", None),
    ],
)
def test_the_clock_in_an_answer(rest: str, told: float | None) -> None:
    """What is said within the values of a module is no clock."""
    text = '{"value":{"clock":12,"more":"\\",\\"clock\\":34}"},"notes":[]' + rest
    output = Output(f"remediate:n:{len(text)}:{text}\r\n", "", 0)
    parse(output, "n")
    assert clock(output, "n") == told
