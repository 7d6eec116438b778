"""Whatever goes wrong for one host is that host's result: the others go on, and the end is told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.engine.control import Control, Earlier, Intent, Mark
from remediate.events import Event, RunFinished, StepFinished
from remediate.model import HostSummary, Mode, Result, RunSummary, Step
from tests.engine.world import World, play

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "escapes.yml").read_text(encoding="utf-8"))
FILES = {"more.yml": "- {name: t2, thing: {name: b, value: '{{ x }}'}}\n", "b.yml": "z: 1\n", "bad.yml": "- [\n"}


def end(summary: RunSummary, host: str) -> HostSummary:
    return next(one for one in summary.hosts if one.host == host)


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_template_that_fails_for_one_host_ends_that_host_and_no_other(case: dict[str, str], tmp_path: Path) -> None:
    world = World({"h1": {}, "h2": {}})
    summary = play(tmp_path, case["playbook"], world, files=FILES)
    assert case["where"] in end(summary, "h1").reason
    assert str(end(summary, "h1").outcome) == "failed"
    assert str(end(summary, "h2").outcome) == "changed"
    assert "h1: set a 1" in world.log
    assert world.sessions["h2"].things == {"a": "1", "b": "b"}
    assert isinstance(world.events[-1], RunFinished)


def test_such_a_failure_is_rescued_like_any_other(tmp_path: Path) -> None:
    book = """
- hosts: all
  tasks:
    - block:
        - {name: more, include_tasks: more.yml, vars: {x: "{{ nowhere }}"}}
      rescue:
        - {name: saved, thing: {name: saved, value: "{{ ansible_failed_task.name }}"}}
"""
    world = World({"h1": {}})
    summary = play(tmp_path, book, world, files=FILES)
    assert world.log == ["h1: set saved more"]
    assert summary.exit_code == 0


def test_what_is_known_after_apply_is_unknown_in_the_variables_of_an_include_too(tmp_path: Path) -> None:
    book = """
- hosts: all
  tasks:
    - {name: first, deed: {say: hello}, register: said}
    - {name: more, include_tasks: more.yml, vars: {x: "{{ said.stdout }}"}}
"""
    summary = play(tmp_path, book, World({"h1": {}}), files=FILES, mode=Mode.CHECK)
    assert str(summary.hosts[0].outcome) == "pending", summary


TWO = """
- hosts: all
  tasks:
    - block:
        - {name: t1, thing: {name: a, value: "1"}, notify: tell}
        - {name: t2, thing: {name: b, value: "1"}, ignore_errors: true}
      always:
        - {name: last, thing: {name: z, value: "1"}}
  handlers:
    - {name: tell, thing: {name: told, value: "1"}}
"""


class Faulty(Control):
    """Raises what nobody foresaw at one of its doors, for one host."""

    def __init__(self, door: str) -> None:
        self.door = door

    def fault(self, door: str, host: str) -> None:
        if door == self.door and host == "h1":
            raise KeyError("no such luck")

    def enter(self, host: str, window: str) -> None:
        self.fault("enter", host)

    def earlier(self, host: str) -> Earlier:
        self.fault("earlier", host)
        return Earlier()

    def recall(self, step: Step, module: object) -> Result | None:
        self.fault("recall", step.host)
        return None

    def recalling(self, host: str) -> bool:
        self.fault("recalling", host)
        return False

    def nothing_left(self, step: Step, result: Result) -> Result:
        self.fault("nothing_left", step.host)
        return result

    def last_look(self, host: str) -> bool:
        self.fault("last_look", host)
        return True

    def observe(self, step: Step, inspect: Any) -> Any:
        self.fault("observe", step.host)
        return inspect()

    def permit(self, intent: Intent) -> None:
        self.fault("permit", intent.step.host)

    def mark(self, host: str, what: Mark) -> None:
        self.fault("mark", host)

    def record(self, step: Step, result: Result) -> None:
        self.fault("record", step.host)

    def judged(self, result: Result) -> None:
        self.fault("judged", result.host)


@pytest.mark.parametrize("door", ["enter", "earlier", "recall", "observe", "permit", "record", "judged"])
def test_a_fault_in_what_watches_over_the_run_ends_the_host_it_met(door: str, tmp_path: Path) -> None:
    world = World({"h1": {}, "h2": {}})
    summary = play(tmp_path, TWO.replace(", ignore_errors: true", ""), world, control=Faulty(door))
    assert str(end(summary, "h1").outcome) == "failed"
    assert "no such luck" in end(summary, "h1").reason
    assert world.sessions["h2"].things == {"a": "1", "b": "1", "z": "1", "told": "1"}
    assert str(end(summary, "h2").outcome) == "changed"
    assert summary.exit_code == 4
    assert isinstance(world.events[-1], RunFinished)


@pytest.mark.parametrize("door", ["recalling", "nothing_left", "last_look", "mark"])
def test_a_fault_at_rarer_doors_ends_no_other_host(door: str, tmp_path: Path) -> None:
    book = (
        TWO.replace('name: b, value: "1"', 'name: b, value: "1", stubborn: true')
        + """
- hosts: all
  tasks:
    - {name: look, gauge: {name: a}}
    - {name: again, thing: {name: a, value: "1"}}
    - {name: wait, pause: {seconds: 0.001}}
"""
    )
    world = World({"h1": {}, "h2": {}})
    summary = play(tmp_path, book, world, control=Faulty(door))
    assert world.sessions["h2"].things["told"] == "1"
    assert str(end(summary, "h2").outcome) == "changed"
    assert isinstance(world.events[-1], RunFinished)


class Deaf(World):
    """A sink of the run that fails at one kind of event of one host."""

    def receive(self, event: Event) -> None:
        super().receive(event)
        if isinstance(event, StepFinished) and event.result.task == "t1" and event.result.host == "h1":
            raise OSError(28, "No space left on device")


def test_a_sink_that_fails_ends_no_host_and_is_told_of_at_the_end(tmp_path: Path) -> None:
    world = Deaf({"h1": {}, "h2": {}})
    with pytest.raises(OSError, match="No space left"):
        play(tmp_path, TWO, world)
    for session in world.sessions.values():
        assert session.things == {"a": "1", "b": "1", "z": "1", "told": "1"}


def test_wrong_arguments_seen_late_are_a_result(tmp_path: Path) -> None:
    book = """
- hosts: all
  tasks:
    - {name: t1, thing: {name: a, value: "1"}}
    - {name: t2, thing: {nome: "{{ inventory_hostname }}"}}
"""
    summary = play(tmp_path, book, World({"h1": {}}))
    assert "site.yml:5:" in summary.hosts[0].reason


def test_a_system_that_gives_no_more_threads_makes_a_run_slower_and_no_worse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, given, start = World({f"h{n}": {} for n in range(5)}), [0], threading.Thread.start

    def sparing(thread: threading.Thread) -> None:
        given[0] += 1
        if given[0] > 2:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", sparing)
    summary = play(tmp_path, TWO, world)
    assert {str(host.outcome) for host in summary.hosts} == {"changed"}
    assert sorted(world.log) == sorted(
        f"{host}: set {name} 1" for host in world.sessions for name in ("a", "b", "z", "told")
    )
    assert given[0] > 2
