"""When the clocks of hosts put this machine's own one in doubt, and whom that stops."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.change.witness import Witnesses, dispute
from remediate.connections.clocks import APART, HostClocks, Skew
from remediate.engine.control import Intent
from remediate.engine.registry import Registry
from remediate.errors import Deferred
from remediate.model import Change, Mode, Step

HOUR = 3600.0
MODULE = Registry([Path(__file__).parents[2] / "modules"]).load("win_command")
NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def skews(*seconds: float) -> dict[str, Skew]:
    return {f"ex{number}": Skew(each, 1.0) for number, each in enumerate(seconds, 1)}


@pytest.mark.parametrize(
    ("seconds", "against"),
    [
        ((), ""),
        ((0,), ""),
        ((299, -299), ""),
        ((3 * HOUR,), "ex1"),  # nobody else was asked: who knows whose clock it is
        ((3 * HOUR, 10), ""),  # a host, and this machine: the other one is wrong
        ((3 * HOUR, 3 * HOUR), "ex1 ex2"),
        ((3 * HOUR, -5 * HOUR), "ex2"),  # no two of the three clocks agree
        ((3 * HOUR, 3 * HOUR, 0), "ex1 ex2"),
        ((3 * HOUR, 3 * HOUR, 0, 0), ""),
        ((3 * HOUR, 3 * HOUR + 200, 3 * HOUR - 90, 0), "ex1 ex2 ex3"),
        ((3 * HOUR, -200 * 86400, 9 * HOUR, 0), ""),  # many are wrong, each in its own way
        ((*[HOUR] * 40, *[0] * 39), " ".join(sorted(f"ex{n}" for n in range(1, 41)))),
        ((*[HOUR] * 40, *[0] * 40), ""),
    ],
)
def test_who_contradicts(seconds: tuple[float, ...], against: str) -> None:
    found = dispute(skews(*seconds))
    assert " ".join(sorted(found.against if found else ())) == against


def test_no_two_clocks_agree() -> None:
    found = dispute(skews(3 * HOUR, -5 * HOUR))
    assert found is not None
    assert [found.concerns(host) for host in ("ex1", "ex2", "not asked yet")] == [True, True, False]


def test_what_is_said() -> None:
    found = dispute(skews(*[-3 * HOUR] * 7, 0))
    assert str(found) == (
        "the clock of this machine is 3 hours ahead of that of ex1, ex2, ex3, ex4, ex5 and 2 more, and agrees with 1 "
        "of the hosts asked so far: whether a window is open, or a plan valid, cannot be told"
    )
    assert "12 minutes behind that of ex1, and agrees with none" in str(dispute(skews(720)))


SECONDS = st.floats(-1e12, 1e12)


@given(st.lists(st.floats(-APART, APART), min_size=1, max_size=6), SECONDS, st.booleans())
def test_one_host_stops_no_other_one(agreeing: list[float], lie: float, first: bool) -> None:
    """Whatever a single host says of the time, and whenever it says it."""
    others = skews(*agreeing)
    all_of_them = {"liar": Skew(lie, 0.0), **others} if first else {**others, "liar": Skew(lie, 0.0)}
    found = dispute(all_of_them)
    assert found is None or not any(found.concerns(host) for host in others)
    alone = dispute({"liar": Skew(lie, 0.0)})
    assert alone is None or not alone.concerns("not asked yet")


@given(st.lists(SECONDS, max_size=12))
def test_a_group_agrees_and_no_larger_one_does(said: list[float]) -> None:
    """Held against looking at every host as the earliest one of a group."""
    of = skews(*said)
    off = [skew.seconds for skew in of.values() if skew.off]
    largest = max((sum(0 <= other - each <= APART for other in off) for each in off), default=0)
    found = dispute(of)
    assert (found is not None) == (largest > 0 and largest >= 1 + len(of) - len(off))
    if found is not None:
        told = [of[host].seconds for host in found.against]
        assert (len(told), max(told) - min(told) <= APART) == (largest, True)


class Hall:
    """Hosts that are asked, and the control."""

    def __init__(self, *, bound: bool = True, plan: bool = False, begun: frozenset[str] = frozenset()) -> None:
        self.clocks = HostClocks(lambda: NOON, lambda: 0.0)
        self.control = Witnesses(self.clocks, begun, bound=bound, plan=plan)

    def says(self, host: str, seconds: float) -> None:
        self.clocks.heard(host, NOON.timestamp() + seconds, self.clocks.moment())

    def intent(self, host: str) -> Intent:
        step = Step(address=f"a@{host}", host=host, task="t", module="win_command", params={},
                    endpoint=None, mode=Mode.APPLY)  # fmt: skip
        change = Change(target="x", before="1", after="2")
        return Intent(step=step, module=MODULE, before={}, changes=(change,))

    def outcome(self, host: str, window: str = "night", *, late: Mapping[str, float] | None = None) -> str:
        """``late``: what is heard between the permit and the deed."""
        try:
            self.control.enter(host, window)
            self.control.permit(self.intent(host))
            for name, seconds in (late or {}).items():
                self.says(name, seconds)
            self.control.prove(self.intent(host), deed=True)
        except Deferred:
            return "put off"
        return "begun"


@pytest.mark.parametrize(
    ("how", "window", "outcome"),
    [
        ({}, "night", "put off"),
        ({}, "", "begun"),  # no time of day matters to it
        ({"bound": False}, "night", "begun"),  # the window is overridden
        ({"plan": True}, "", "put off"),  # the plan is valid for a time
        ({"bound": False, "plan": True}, "night", "put off"),
        ({"begun": frozenset({"ex1"})}, "night", "begun"),  # what was begun is finished
    ],
)
def test_whom_it_concerns(how: dict[str, bool], window: str, outcome: str) -> None:
    hall = Hall(**how)  # type: ignore[arg-type]
    hall.says("ex1", 3 * HOUR)
    assert hall.outcome("ex1", window) == outcome


def test_it_is_asked_again_before_the_deed() -> None:
    hall = Hall()
    hall.says("ex1", 0)
    assert hall.outcome("ex1", late={"ex1": 3 * HOUR}) == "put off"
    hall.says("ex1", 0)
    assert hall.outcome("ex1", late={"ex2": 3 * HOUR}) == "begun"


def test_who_was_asked_first_gets_another_turn_and_only_one() -> None:
    """A host with a broken clock is let in once others have been heard, whichever of them was asked first."""
    hall = Hall()
    hall.says("ex1", 3 * HOUR)
    assert hall.outcome("ex1") == "put off"
    assert hall.control.again(["ex1"]) == frozenset()
    hall.says("ex2", 0)
    assert hall.outcome("ex2") == "begun"
    assert hall.control.put_off == {"ex1"}
    assert hall.control.again(["ex1"]) == {"ex1"}
    assert hall.outcome("ex1") == "begun"
    assert hall.control.put_off == set()
    for host in ("ex1", "ex2", "ex3"):
        hall.says(host, -HOUR)
    assert hall.outcome("ex1") == "put off"
    hall.says("ex4", 0)
    for host in ("ex1", "ex2", "ex3"):
        hall.says(host, 0)
    assert hall.control.again(["ex1"]) == frozenset()
