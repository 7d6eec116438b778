"""A Step for one host on another one: gates, sessions and turns are those of the host that is touched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from remediate.connections.clocks import HostClocks
from remediate.connections.warrant import Warrant
from remediate.engine.attempt import Attempt
from remediate.engine.control import Control, Intent
from remediate.engine.lastlook import LastLooks
from remediate.engine.perform import perform
from remediate.engine.registry import Registry
from remediate.engine.turn import Turn
from remediate.engine.turns import Turns
from remediate.engine.walk import Move
from remediate.engine.workbench import Workbench
from remediate.language import playbook
from remediate.language.playbook import SearchPath
from remediate.language.tree import Task
from remediate.model import Endpoint, Mode, Outcome, Result, Status, Step
from tests.engine.world import MODULES, World, play
from tests.patience import LIMIT

THERE = Endpoint(host="h2", connection="ssh", address="127.0.0.1", port=22)
STEP = Step(address="p/t@h1->h2", host="h1", on="h2", task="t", module="thing", params={"name": "a", "value": "1"},
            endpoint=THERE, mode=Mode.APPLY)  # fmt: skip


class Asked(Control):
    """Notes for whom and on whom it is asked."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []

    def permit(self, intent: Intent) -> None:
        self.said.append(("permit", intent.step.host, intent.step.on))

    def prove(self, intent: Intent, *, deed: bool) -> None:
        self.said.append(("prove", intent.step.host, intent.step.on))

    def record(self, step: Step, result: Result) -> None:
        self.said.append(("record", result.host, step.on))


class Proving(World):
    """A world whose sessions ask the warrant, as real ones do, before anything leaves."""

    def warrant(self, host: str, warrant: Warrant | None) -> None:
        super().warrant(host, warrant)
        if warrant is not None:
            with warrant.deed():
                warrant.leaving()


def test_the_host_that_is_touched_is_gated_and_the_other_one_has_the_result() -> None:
    world, control, registry = Proving({"h1": {}, "h2": {}}), Asked(), Registry([MODULES])
    result = perform(STEP, registry, Workbench(registry, world), world.receive, control)
    assert (result.status, result.host, world.log) == (Status.CHANGED, "h1", ["h2: set a 1"])
    assert list(world.warrants) == ["h2"]
    assert control.said == [(word, "h1", "h2") for word in ("permit", "prove", "record")]


def test_a_step_is_on_its_own_host_where_nobody_says_otherwise() -> None:
    own = Step(address="p/t@h1", host="h1", task="t", module="thing", params={}, endpoint=None, mode=Mode.APPLY)
    assert own.on == "h1"


def test_the_endpoint_of_one_host_is_no_way_to_another() -> None:
    with pytest.raises(ValueError, match="a step on h1 with the endpoint of h2"):
        replace(STEP, on="h1")


def test_all_of_a_play_on_one_host_is_counted_and_kept_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Attempt._step

    def elsewhere(attempt: Attempt) -> Step:
        return replace(made(attempt), on="h2", endpoint=THERE)

    monkeypatch.setattr(Attempt, "_step", elsewhere)
    book = """
- hosts: h1, h3
  tasks:
    - {name: t1, thing: {name: "{{ inventory_hostname }}", value: "1"}, register: made}
    - {name: t2, thing: {name: "{{ inventory_hostname }}-2", value: "{{ made.wrote }}"}}
"""
    world = World({"h1": {}, "h2": {}, "h3": {}})
    summary = play(tmp_path, book, world)
    ends = {host.host: (host.outcome, host.counts["changed"]) for host in summary.hosts}
    assert ends == {"h1": (Outcome.CHANGED, 2), "h3": (Outcome.CHANGED, 2)}
    assert world.sessions["h2"].things == {"h1": "1", "h3": "1", "h1-2": "1", "h3-2": "1"}
    assert {line.partition(":")[0] for line in world.log} == {"h2"}


def test_one_step_at_a_time_on_each_host() -> None:
    turns, inside, told, out = Turns(), threading.Event(), threading.Event(), list[str]()

    def first() -> None:
        with turns.of("h2"):
            inside.set()
            told.wait(LIMIT)
            out.append("first")

    def second() -> None:
        with turns.of("h2"):
            out.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(LIMIT)
    with turns.of("h3") as waited:
        assert not waited
    threads[1].start()
    told.set()
    for thread in threads:
        thread.join(LIMIT)
    assert out == ["first", "second"]


class Waited(Turns):
    """Somebody else was at every host."""

    @contextmanager
    def of(self, host: str) -> Iterator[bool]:
        yield True


@pytest.mark.parametrize("owed", [False, True])
def test_a_stop_while_a_step_waits_for_its_turn_keeps_it_from_beginning(tmp_path: Path, *, owed: bool) -> None:
    world, registry, stop = World({"h1": {}, "h2": {}}), Registry([MODULES]), threading.Event()
    worker, control = Workbench(registry, world), Control()
    looks = LastLooks(mode=Mode.APPLY, control=control, emit=world.receive, worker=worker,
                      late=lambda: nullcontext(worker), abort=threading.Event())  # fmt: skip
    turn = Turn(modules=registry, worker=worker, control=control, emit=world.receive, looks=looks,
                clocks=HostClocks(), stop=stop, abort=threading.Event(), _turns=Waited())  # fmt: skip
    stop.set()
    result = turn.take(Move(host="h1", position=(0,), task=a_task(tmp_path), step=STEP, owed=owed))
    assert result is not None
    assert (result.status, world.log) == ((Status.CHANGED, ["h2: set a 1"]) if owed else (Status.DEFERRED, []))


def a_task(folder: Path) -> Task:
    book = folder / "site.yml"
    book.write_text("- hosts: all\n  tasks:\n    - {name: t, thing: {name: a, value: x}}\n")
    task, *_ = playbook.load(book, search=SearchPath(playbook=book), modules=lambda _: True).plays[0].nodes
    assert isinstance(task, Task)
    return task
