"""Batches and thresholds; and a stop that lets running work end and starts nothing new."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.engine.fleet import batches, too_many
from remediate.events import Event, StepFinished, Warned
from remediate.model import Outcome, Output, RunSummary
from tests.engine.world import World, play
from tests.patience import LIMIT


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


def stopped_at(tmp_path: Path, tasks: str, *, after: str) -> tuple[World, RunSummary]:
    """A run that is asked to stop once a task has ended; waits are for ever unless somebody ends them."""
    world, stop = World({"h1": {}}), threading.Event()
    original = world.receive

    def receive(event: Event) -> None:
        original(event)
        if isinstance(event, StepFinished) and event.result.task == after:
            stop.set()

    world.receive = receive  # type: ignore[method-assign]
    return world, play(tmp_path, f"- hosts: all\n  tasks:\n{tasks}", world, options={"stop": stop})


def test_a_stop_ends_a_pause_and_what_must_be_done_is_done(tmp_path: Path) -> None:
    tasks = """
    - block:
        - {name: t1, thing: {name: a, value: "1"}}
        - {name: t2, pause: {minutes: 600}}
        - {name: t3, thing: {name: b, value: "1"}}
      always:
        - {name: z, thing: {name: z, value: "1"}}
"""
    world, summary = stopped_at(tmp_path, tasks, after="t1")
    assert world.log == ["h1: set a 1", "h1: set z 1"]
    assert summary.exit_code == 130
    assert "waited" not in "".join(result.message for result in world.results)


def test_a_stop_ends_the_pause_between_two_tries(tmp_path: Path) -> None:
    tasks = """
    - {name: t1, thing: {name: a, value: "1"}}
    - {name: t2, deed: {say: x}, register: r, until: r.stdout == 'y', retries: 5, delay: 36000}
    - {name: t3, thing: {name: b, value: "1"}}
"""
    world, stop = World({"h1": {}}), threading.Event()
    original = world.sessions["h1"].run

    def run(command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        if command.startswith("say"):
            stop.set()
        return original(command, stdin=stdin, timeout=timeout)

    world.sessions["h1"].run = run  # type: ignore[method-assign]
    summary = play(tmp_path, f"- hosts: all\n  tasks:\n{tasks}", world, options={"stop": stop})
    assert world.log == ["h1: set a 1", "h1: say x"]
    assert summary.exit_code == 130
    assert "interrupted" in summary.hosts[0].reason


def test_a_pause_in_what_must_be_done_is_kept(tmp_path: Path) -> None:
    tasks = """
    - block:
        - {name: t1, thing: {name: a, value: "1"}}
      always:
        - {name: p, pause: {seconds: 0.05}}
        - {name: z, thing: {name: z, value: "1"}}
"""
    world, _ = stopped_at(tmp_path, tasks, after="t1")
    assert [result.message for result in world.results if result.task == "p"] == ["waited 0.05 s"]
    assert world.log == ["h1: set a 1", "h1: set z 1"]


def test_a_stop_says_what_is_waited_for(tmp_path: Path) -> None:
    tasks = """
    - {name: t1, thing: {name: a, value: "1"}}
    - {name: t2, deed: {say: x}}
"""
    world, stop = World({"h1": {}}), threading.Event()
    told = threading.Event()
    original, receive = world.sessions["h1"].run, world.receive

    def run(command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        if command.startswith("say"):
            stop.set()
            told.wait(LIMIT)
        return original(command, stdin=stdin, timeout=timeout)

    def heard(event: Event) -> None:
        receive(event)
        if isinstance(event, Warned):
            told.set()

    world.sessions["h1"].run = run  # type: ignore[method-assign]
    world.receive = heard  # type: ignore[method-assign]
    play(tmp_path, f"- hosts: all\n  tasks:\n{tasks}", world, options={"stop": stop})
    (said,) = [event.text for event in world.events if isinstance(event, Warned)]
    assert said == "stopping: waiting for the step under way: h1: t2"


def test_a_connection_is_reset_when_the_playbook_says_so(tmp_path: Path) -> None:
    world = World({"h1": {}, "h2": {}})
    book = """
- hosts: all
  tasks:
    - {name: t1, thing: {name: a, value: "1"}}
    - {meta: reset_connection, when: inventory_hostname == 'h1'}
"""
    play(tmp_path, book, world)
    assert world.resets == ["h1"]


def test_hosts_whose_errors_are_cleared_have_the_next_plays_and_stay_failed(tmp_path: Path) -> None:
    book = """
- hosts: all
  tasks:
    - {name: t1, fail: {msg: no}, when: inventory_hostname == 'h1'}
    - {name: t2, thing: {name: a, value: "1"}}
    - {meta: CLEAR}
- hosts: all
  tasks:
    - {name: t3, thing: {name: b, value: "1"}}
    - {name: t4, fail: {msg: again}, when: inventory_hostname == 'h1'}
- hosts: all
  tasks:
    - {name: t5, thing: {name: c, value: "1"}}
"""
    world = World({"h1": {}, "h2": {}})
    summary = play(tmp_path, book.replace("CLEAR", "clear_host_errors"), world)
    assert world.sessions["h1"].things == {"b": "1"}
    assert world.sessions["h2"].things == {"a": "1", "b": "1", "c": "1"}
    assert {host.host: str(host.outcome) for host in summary.hosts} == {"h1": "failed", "h2": "changed"}
    world = World({"h1": {}, "h2": {}})
    play(tmp_path, book.replace("CLEAR", "noop"), world)
    assert world.sessions["h1"].things == {}
    world = World({"h1": {}, "h2": {}})
    tolerant = book.replace("CLEAR", "clear_host_errors").replace("msg: again}", "msg: x}, ignore_errors: true")
    summary = play(tmp_path, tolerant, world)
    assert str(summary.hosts[0].outcome) == "failed", "what failed, failed"
    assert world.sessions["h1"].things == {"b": "1", "c": "1"}
