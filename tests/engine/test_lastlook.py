"""Hosts are read once more at the end of their walk: which, when, and what is made of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from remediate.engine.control import Control, Earlier
from remediate.engine.lastlook import is_last_look
from remediate.errors import Failed, Interrupted, Reach, Unreachable
from remediate.events import Event, StepFinished
from remediate.model import HostSummary, Mode, Outcome, Output, Result, RunSummary, Step
from remediate.reports import closing
from tests.engine.world import World, play

LOOK = "- {name: look, gauge: {name: a}}"
SET = '- {name: change, thing: {name: a, value: "2"}}'
BREAK = '- {name: break, thing: {name: b, value: "2", breaks: broken}}'


def book(*tasks: str, head: str = "hosts: all") -> str:
    return f"- {head}\n  tasks:\n" + "".join(f"    {line}\n" for task in tasks for line in task.splitlines())


class Diary(Control):
    """Writes down what a journal would be told."""

    def __init__(self, *, looks: bool = True, recalls: bool = False) -> None:
        self.steps: list[tuple[str, str]] = []
        self.looks = looks
        self.recalls = recalls

    def last_look(self, host: str) -> bool:
        return self.looks

    def recalling(self, host: str) -> bool:
        return self.recalls

    def record(self, step: Step, result: Result) -> None:
        self.steps.append((step.address, str(result.status)))


def ran(tmp_path: Path, text: str, world: World, control: Control | None = None, mode: Mode = Mode.APPLY) -> RunSummary:
    return play(tmp_path, text, world, mode=mode, control=control)


def one(summary: RunSummary) -> HostSummary:
    assert len(summary.hosts) == 1
    return summary.hosts[0]


def looks(world: World) -> list[Result]:
    return [result for result in world.results if is_last_look(result.address)]


def test_a_host_that_failed_is_read_again_and_its_cells_are_of_now(tmp_path: Path) -> None:
    world, diary = World({"h1": {"a": "1"}}), Diary()
    host = one(ran(tmp_path, book(LOOK, SET, BREAK), world, diary))
    assert host.outcome is Outcome.FAILED
    assert host.now is not None
    assert host.now.line == "MOVED: a was 1, is 2; a 2"
    assert host.now.data == {"name": "a", "moved": True}
    assert host.columns["after"] == "2"
    assert diary.steps[-1] == ("last look@h1", "ok")
    assert [result.message for result in looks(world)] == ["MOVED: a was 1, is 2; a 2"]
    assert host.counts["ok"] == 2, "a last look is no task of the playbook"


def test_what_was_first_seen_counts_not_what_was_seen_last(tmp_path: Path) -> None:
    host = one(ran(tmp_path, book(LOOK, SET, LOOK, BREAK), World({"h1": {"a": "1"}})))
    assert host.now is not None
    assert host.now.alerts == ("MOVED: a was 1, is 2",)


def test_a_changed_host_is_read_again_once_and_after_its_last_play(tmp_path: Path) -> None:
    world = World({"h1": {"a": "1"}})
    host = one(ran(tmp_path, book(LOOK, SET) + book(LOOK), world))
    assert host.outcome is Outcome.CHANGED
    assert host.now is not None
    assert host.now.alerts == ("MOVED: a was 1, is 2",)
    assert [result.address for result in world.results][-1] == "last look@h1"
    assert len(looks(world)) == 1


def test_a_compliant_host_is_not(tmp_path: Path) -> None:
    world = World({"h1": {"a": "2"}})
    host = one(ran(tmp_path, book(LOOK, SET), world))
    assert (host.outcome, host.now, looks(world)) == (Outcome.COMPLIANT, None, [])


@pytest.mark.parametrize("task", [BREAK, '- {name: refuse, gauge: {name: a, refuses: "1"}}'])
def test_a_run_without_such_a_module_or_leave_looks_at_nothing(tmp_path: Path, task: str) -> None:
    world = World({"h1": {"a": "1"}})
    assert one(ran(tmp_path, book(task), world, Diary(looks=False))).now is None
    assert looks(world) == []


def test_a_dry_run_says_it_from_what_it_saw(tmp_path: Path) -> None:
    world, diary = World({"h1": {"a": "1"}}), Diary()
    host = one(ran(tmp_path, book(LOOK, SET), world, diary, Mode.CHECK))
    assert host.outcome is Outcome.PENDING
    assert host.now is not None
    assert host.now.told == ("a 1",)
    assert looks(world) == []
    assert [address for address, _ in diary.steps] == ["all/look@h1", "all/change@h1"]


def away(world: World, when: Callable[[], bool], kind: Reach = "lost") -> list[str]:
    """The host stops answering; what was asked of it afterwards."""
    tried: list[str] = []
    session = world.sessions["h1"]
    answer = session.run

    def run(command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        if not when():
            return answer(command, stdin=stdin, timeout=timeout)
        tried.append(command)
        raise Unreachable("the line is gone", kind=kind, hint="look at the switch")

    session.run = run  # type: ignore[method-assign]
    return tried


def test_one_that_went_away_is_tried_once_and_what_it_runs_now_is_unknown(tmp_path: Path) -> None:
    world = World({"h1": {"a": "1"}})
    tried = away(world, lambda: "h1: set a 2" in world.log)
    host = one(ran(tmp_path, book(LOOK, SET), world))
    assert host.outcome is Outcome.UNREACHABLE
    assert host.now is not None
    assert host.now.line == "could not be read: the line is gone"
    assert tried == ["get a", "get a"], "the proof that failed, and one more try"
    assert host.columns == {"before": "1", "after": "unknown"}


def test_one_that_was_never_reached_is_not_logged_on_to_again(tmp_path: Path) -> None:
    world = World({"h1": {"a": "1"}})
    tried = away(world, lambda: True)
    host = one(ran(tmp_path, book(LOOK), world))
    assert host.now is not None
    assert host.now.unread == "the line is gone"
    assert len(tried) == 1


def test_one_that_refuses_the_account_is_not_logged_on_to_again(tmp_path: Path) -> None:
    world = World({"h1": {"a": "1"}})
    tried = away(world, lambda: "h1: set a 2" in world.log, kind="auth")
    host = one(ran(tmp_path, book(LOOK, SET), world))
    assert host.now is not None
    assert host.now.unread == "the log-in was refused, and not tried again"
    assert len(tried) == 1
    told = closing.reasons(RunSummary(mode=Mode.APPLY, hosts=(host,), seconds=1.0))[0]
    assert str(told.lines).count("the line is gone") == 1


def test_a_module_that_cannot_say_it_takes_nothing_else_with_it(tmp_path: Path) -> None:
    host = one(ran(tmp_path, book(LOOK, BREAK), World({"h1": {"a": "absurd"}})))
    assert host.outcome is Outcome.FAILED
    assert host.now is not None
    assert "KeyError" in host.now.unread


BLOCK = """
- block:
    - {name: change, thing: {name: a, value: "2"}}
    - {name: more, thing: {name: c, value: "2"}}
  always:
    - {name: tidy, thing: {name: d, value: "2"}}
    - {name: tidier, thing: {name: e, value: "2"}}
"""


class Stops(World):
    """Asks for a stop when a task of that name has ended on the host of that name."""

    def __init__(self, things: dict[str, dict[str, str]], task: str, host: str = "h1") -> None:
        super().__init__(things)
        self.stop, self.abort = threading.Event(), threading.Event()
        self.when = (host, task)

    def receive(self, event: Event) -> None:
        super().receive(event)
        if isinstance(event, StepFinished) and (event.result.host, event.result.task) == self.when:
            self.stop.set()


def stopped(tmp_path: Path, text: str, world: Stops, control: Control | None = None) -> RunSummary:
    return play(tmp_path, text, world, control=control, options={"stop": world.stop, "abort": world.abort})


def test_a_stop_leaves_no_block_without_what_must_always_be_done(tmp_path: Path) -> None:
    world, diary = Stops({"h1": {"a": "1"}}, "change"), Diary()
    host = one(stopped(tmp_path, book(LOOK, BLOCK, '- {name: after, thing: {name: z, value: "2"}}'), world, diary))
    assert world.log == ["h1: set a 2", "h1: set d 2", "h1: set e 2"]
    assert (host.outcome, host.reason) == (Outcome.FAILED, "interrupted before it was done")
    assert host.address == "all/more@h1", "where a resumed run goes on"
    assert ("all/more@h1", "deferred") in diary.steps
    assert host.now is not None
    assert host.now.alerts == ("MOVED: a was 1, is 2",)


@pytest.mark.parametrize("task", ["look", "tidier"])
def test_a_stop_outside_of_such_a_block_begins_nothing(tmp_path: Path, task: str) -> None:
    world = Stops({"h1": {"a": "1"}}, task)
    last = '- {name: after, thing: {name: z, value: "2"}}'
    host = one(stopped(tmp_path, book(LOOK, BLOCK, last), world))
    assert world.log == ([] if task == "look" else ["h1: set a 2", "h1: set c 2", "h1: set d 2", "h1: set e 2"])
    assert host.reason == "interrupted before it was done"


def test_what_is_recalled_is_not_forgotten_by_a_stop(tmp_path: Path) -> None:
    """A step put off would stand in the journal in place of what an earlier run did behind it."""
    world, diary = Stops({"h1": {"a": "1"}}, "change"), Diary(recalls=True)
    one(stopped(tmp_path, book(LOOK, BLOCK), world, diary))
    assert world.log == ["h1: set a 2"]
    assert not any(status == "deferred" for _, status in diary.steps)


def test_a_threshold_leaves_no_block_without_it_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World({"h1": {"a": "1"}})
    monkeypatch.setattr("remediate.engine.run.too_many", lambda *_args, **_more: "h1: set a 2" in world.log)
    host = one(ran(tmp_path, book(LOOK, BLOCK, head="hosts: all\n  any_errors_fatal: true"), world))
    assert world.log == ["h1: set a 2", "h1: set d 2", "h1: set e 2"]
    assert host.reason == "not finished: too many other hosts of the play failed"


def test_after_a_second_ctrl_c_the_host_is_read_by_a_session_of_its_own(tmp_path: Path) -> None:
    world = Stops({"h1": {"a": "1"}}, "look")
    session = world.sessions["h1"]
    answer = session.run

    def run(command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        if command == "set a 2":
            answer(command)
            world.stop.set()
            world.abort.set()
            raise Interrupted("stopped")
        return answer(command, stdin=stdin, timeout=timeout)

    session.run = run  # type: ignore[method-assign]
    world.when = ("h1", "never")
    host = one(stopped(tmp_path, book(LOOK, SET, LOOK), world))
    assert host.reason == "interrupted before it was done"
    assert host.now is not None
    assert host.now.alerts == ("MOVED: a was 1, is 2",)


def test_trouble_in_what_must_always_be_done_does_not_hide_what_was_first(tmp_path: Path) -> None:
    text = book(
        """
- block:
    - {name: break, thing: {name: b, value: "2", breaks: first}}
  always:
    - {name: tidy, thing: {name: d, value: "2", breaks: second}}
"""
    )
    host = one(ran(tmp_path, text, World({"h1": {}})))
    assert host.reason == "tidy: second\nbefore that: break: first"
    assert host.address == "all/break@h1", "a resumed run goes on where the block failed"


def test_blocked_means_untouched(tmp_path: Path) -> None:
    refuse = '- {name: refuse, gauge: {name: a, refuses: "2"}}'
    blocked = one(ran(tmp_path, book(refuse), World({"h1": {"a": "2"}})))
    assert blocked.outcome is Outcome.BLOCKED
    after = one(ran(tmp_path, book(SET, refuse), World({"h1": {"a": "1"}})))
    assert (after.outcome, after.reason, after.remedy) == (Outcome.FAILED, "refuse: a is 2", "mend it")

    class Resumed(Diary):
        def earlier(self, host: str) -> Earlier:
            return Earlier(begun=True)

    assert one(ran(tmp_path, book(refuse), World({"h1": {"a": "2"}}), Resumed())).outcome is Outcome.FAILED


def test_an_apply_that_fails_half_way_is_read_again(tmp_path: Path) -> None:
    world = World({"h1": {"a": "1"}})
    session = world.sessions["h1"]
    answer = session.run

    def run(command: str, *, stdin: bytes = b"", timeout: float = 60.0) -> Output:
        output = answer(command, stdin=stdin, timeout=timeout)
        if command.startswith("set"):
            raise Failed("it broke off", remedy="mend it")
        return output

    session.run = run  # type: ignore[method-assign]
    host = one(ran(tmp_path, book(LOOK, SET), world))
    result = world.results[1]
    assert (result.before["value"], result.after["value"], result.touched) == ("1", "2", True)
    assert host.columns == {"before": "1", "after": "2"}
