"""Steps worked on in another process: what is decided here is done there, and neither knows the other's objects."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediate.engine.control import Control, Intent
from remediate.engine.registry import Registry
from remediate.engine.workbench import Workbench
from remediate.errors import Blocked, Unreachable
from remediate.events import Progress
from remediate.model import Endpoint, HostSummary, Mode, Outcome, Output, RunSummary, Step
from tests.engine.elsewhere import Elsewhere
from tests.engine.world import MODULES, WATCHED, World, play

BOOK = """
- hosts: all
  tasks:
    - {name: look, gauge: {name: a}}
    - {name: t1, thing: {name: a, value: "{{ inventory_hostname }}"}, register: made}
    - {name: t2, thing: {name: b, value: "{{ made.wrote }}"}}
    - {name: t3, thing: {name: c, value: "2", stubborn: true}, when: inventory_hostname == 'h2'}
    - {name: t4, thing: {name: d, value: impossible}}
"""


@pytest.fixture(scope="module")
def there() -> Iterator[Elsewhere]:
    with Elsewhere([MODULES, WATCHED], {"h1": {}, "h2": {}, "h3": {}}) as worker:
        yield worker


def ends(summary: RunSummary) -> dict[str, HostSummary]:
    return {host.host: host for host in summary.hosts}


class Gate(Control):
    """Shuts between a permission and its deed, for one host; hears what is begun on the others."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def left(self, intent: Intent) -> None:
        self.begun.append(intent.step.on)

    def prove(self, intent: Intent, *, deed: bool) -> None:
        if intent.step.host == "h3":
            raise Blocked("the lock is gone", "see who took it")


def test_a_run_over_a_worker_in_another_process(there: Elsewhere, tmp_path: Path) -> None:
    here = World({"h1": {}, "h2": {}, "h3": {}})
    gate = Gate()
    summary = play(tmp_path, BOOK, here, control=gate, worker=there, options={"forks": 1})
    found = ends(summary)
    assert here.log == []
    assert gate.begun == ["h1", "h2", "h1", "h2", "h2"]
    assert there.log() == ["h1: set a h1", "h2: set a h2", "h1: set b h1", "h2: set b h2"]
    assert (found["h1"].outcome, found["h1"].counts["changed"]) == (Outcome.FAILED, 2)
    assert "this value is not for you" in found["h1"].reason
    assert "still shows a difference" in found["h2"].reason
    assert (found["h3"].outcome, found["h3"].remedy) == (Outcome.BLOCKED, "see who took it")
    assert {event.host for event in here.events if isinstance(event, Progress)} == {"h1", "h2", "h3"}


def test_steps_of_a_play_cross_whatever_their_arguments_are_made_of(tmp_path: Path) -> None:
    """Values of YAML files know where they were written, others were rendered: none of it is in the way."""
    crossed: list[Step] = []

    class Listening(Control):
        def observe(self, step: Step, inspect: object) -> dict[str, str]:
            crossed.append(pickle.loads(pickle.dumps(step)))
            assert crossed[-1] == step
            return {"value": "1", "needed": ""}

    book = """
- hosts: all
  vars: {deep: {list: [1, {two: "{{ 1 + 1 }}"}], text: "a{{ 'b' }}"}}
  tasks:
    - {name: t1, thing: {name: "{{ deep.text }}", value: "1"}}
    - {name: t2, thing: {name: plain, value: "1", needs: "{{ deep.list[1].two | string }}"}}
"""
    assert play(tmp_path, book, World({"h1": {}}), control=Listening()).exit_code == 0
    assert [step.params["name"] for step in crossed] == ["ab", "plain"]


def test_what_a_lost_host_leaves_crosses_as_well(tmp_path: Path) -> None:
    world = World({"h1": {}})

    def gone(command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        raise Unreachable("no route to host", kind="timeout", hint="is it up?")

    world.sessions["h1"].run = gone  # type: ignore[method-assign]
    step = Step(address="p/t@h1", host="h1", task="t", module="thing", params={"name": "a", "value": "1"},
                endpoint=Endpoint(host="h1", connection="ssh", address="x", port=22), mode=Mode.APPLY)  # fmt: skip

    class Line:
        def say(self, text: str, done: float, total: float, unit: str) -> None: ...

        def prove(self, deed: bool) -> None: ...

        def left(self) -> None:
            """Nothing is begun."""

    seen = Workbench(Registry([MODULES]), world).look(step, Line())
    again = pickle.loads(pickle.dumps(seen))
    assert again == seen
    assert (again.error, again.unread, again.result.remedy) == (seen.error, True, "is it up?")
