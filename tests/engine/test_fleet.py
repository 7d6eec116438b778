"""Batches and thresholds; and a stop that lets running work end and starts nothing new."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.engine.fleet import batches, too_many
from remediate.events import Event, StepFinished
from remediate.model import Outcome
from tests.engine.world import World, play


@pytest.mark.parametrize(
    ("serial", "sizes"),
    [((), [10]), ((3,), [3, 3, 3, 1]), (("30%",), [3, 3, 3, 1]), ((1, 2, "50%"), [1, 2, 5, 2]), (("1%",), [1] * 10)],
)
def test_serial_cuts_hosts_as_written(serial: tuple[object, ...], sizes: list[int]) -> None:
    hosts = [f"h{n}" for n in range(10)]
    cut = batches(hosts, serial)
    assert [len(b) for b in cut] == sizes
    assert [h for b in cut for h in b] == hosts


@given(
    st.integers(0, 60), st.lists(st.one_of(st.integers(0, 70), st.integers(0, 100).map(lambda n: f"{n}%")), max_size=4)
)
def test_every_host_is_in_exactly_one_batch(total: int, serial: list[object]) -> None:
    hosts = [str(n) for n in range(total)]
    assert [h for b in batches(hosts, serial) for h in b] == hosts


def test_thresholds_are_over_all_hosts_of_the_play() -> None:
    failed = {"a": True, "b": False, "c": False, "d": False}
    assert not too_many(failed, 4, None, any_fatal=False)
    assert too_many(failed, 4, 20, any_fatal=False)
    assert not too_many(failed, 4, 25, any_fatal=False)
    assert too_many(failed, 4, None, any_fatal=True)


class Stopper:
    """A sink that asks for a stop after the first finished step."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop

    def receive(self, event: Event) -> None:
        if isinstance(event, StepFinished):
            self.stop.set()


def test_a_stop_finishes_what_runs_and_says_what_was_not_done(tmp_path: Path) -> None:
    world = World({"h1": {}, "h2": {}})
    stop = threading.Event()
    original = world.receive

    def receive(event: Event) -> None:
        original(event)
        Stopper(stop).receive(event)

    world.receive = receive  # type: ignore[method-assign]
    book = """
- hosts: all
  serial: 1
  tasks:
    - {name: t1, thing: {name: a, value: "1"}}
    - {name: t2, thing: {name: b, value: "1"}}
"""
    summary = play(tmp_path, book, world, options={"stop": stop})
    assert world.log == ["h1: set a 1"]
    assert summary.exit_code == 130
    assert {h.outcome for h in summary.hosts} == {Outcome.FAILED}
    assert all("interrupted" in h.reason for h in summary.hosts)
