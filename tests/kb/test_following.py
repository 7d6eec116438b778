"""Following an installer: through lost connections, to its end, or until it counts as hanging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from remediate.connections.base import Job, JobPhase
from remediate.errors import Failed, RemoteFailed, Unreachable
from remediate.kb.following import Watched, follow, outcome
from remediate.model import Json, State
from tests.modules.scripted import ScriptedSession

WATCHED = Watched(job="j", label="KB1", logs=("%windir%\\KB1.log",), expected=30, timeout=600)
RUNNING: State = {"job": {"phase": "running"}, "tail": "1.0: Stopping services", "log": "c:\\windows\\kb1.log"}
DONE: State = {"job": {"phase": "finished", "exit_code": 0}, "tail": "", "log": "c:\\windows\\kb1.log"}
SUCCESS = {0: "installed", 3010: "installed, a restart is needed"}


class Host(ScriptedSession):
    """Answers ``progress`` from a list, its last entry for ever; an exception in it is raised."""

    def __init__(self, *answers: State | Exception) -> None:
        super().__init__(self.next)
        self.answers = list(answers)
        self.cancelled: list[str] = []

    def next(self, function: str, _args: Mapping[str, Json]) -> State:
        assert function == "progress"
        now = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(now, Exception):
            raise now
        return now

    def cancel(self, name: str) -> Job:
        self.cancelled.append(name)
        return Job(name=name, phase=JobPhase.LOST)


def lost(kind: Any = "lost") -> Unreachable:
    return Unreachable("the line is gone", kind=kind)


def test_to_the_end_with_progress() -> None:
    host = Host(RUNNING, RUNNING, DONE)
    assert follow(host, WATCHED) == DONE
    assert host.said == ["KB1: stopping services"] * 2
    assert host.waits == pytest.approx([1.0, 1.3])


def test_a_lost_connection_does_not_matter() -> None:
    host = Host(RUNNING, lost(), lost("refused"), lost("timeout"), RUNNING, DONE)
    assert follow(host, WATCHED) == DONE
    assert host.said[1] == "KB1: waiting for the connection"


def test_lost_is_believed_only_the_second_time() -> None:
    gone: State = {"job": {"phase": "lost", "exit_code": None}, "tail": "", "log": "x"}
    assert follow(Host(RUNNING, gone, DONE), WATCHED) == DONE
    assert follow(Host(RUNNING, gone, RUNNING, gone, gone), WATCHED) == gone


@pytest.mark.parametrize("kind", ["auth", "host_key", "name", "algorithms"])
def test_what_waiting_does_not_cure_is_said_at_once(kind: str) -> None:
    host = Host(RUNNING, lost(kind))
    with pytest.raises(Unreachable) as raised:
        follow(host, WATCHED)
    assert raised.value.kind == kind
    assert "run again later" in raised.value.hint
    assert host.clock < 5


def test_a_host_that_stays_away_is_unreachable_in_the_end_and_nothing_is_said_of_its_installer() -> None:
    host = Host({**RUNNING, "utc": "2026-01-31T20:07:12Z"}, lost())
    with pytest.raises(Unreachable) as raised:
        follow(host, WATCHED)
    assert host.clock == pytest.approx(600)
    assert raised.value.message == (
        "KB1: the host has not been reached since 2026-01-31T20:07:12Z (its clock): the line is gone; how the "
        "installer ended is not known, it goes on without us"
    )
    assert "hanging" not in str(raised.value)


def test_one_that_was_away_and_is_back_at_the_limit_hangs() -> None:
    with pytest.raises(Failed, match="the installer was not done"):
        follow(Host(RUNNING, lost(), lost(), RUNNING), Watched(job="j", label="KB1", timeout=4))


def test_one_that_cannot_be_ended_goes_on_and_that_is_said() -> None:
    host = Host(RUNNING)

    def refuse(name: str) -> Job:
        raise RemoteFailed(f"job {name} cannot be cancelled here: no tool", hint="log on at the console")

    host.cancel = refuse  # type: ignore[method-assign]
    with pytest.raises(Failed, match="job j cannot be cancelled here: no tool; it was left running") as raised:
        follow(host, Watched(job="j", label="KB1", timeout=60, cancel=True))
    assert raised.value.hint == "log on at the console"


def test_what_was_ended_is_named() -> None:
    host = Host(RUNNING)

    def cancel(name: str) -> Job:
        return Job(name=name, phase=JobPhase.LOST, details={"killed": ["cmd.exe", "update.exe"]})

    host.cancel = cancel  # type: ignore[method-assign]
    with pytest.raises(Failed, match=r"it was ended \(cmd\.exe, update\.exe\)"):
        follow(host, Watched(job="j", label="KB1", timeout=60, cancel=True))


def test_hanging_is_left_running() -> None:
    host = Host(RUNNING)
    with pytest.raises(Failed) as raised:
        follow(host, WATCHED)
    assert "was not done after 600 s (last seen: stopping services); it was left running" in str(raised.value)
    assert host.cancelled == []


def test_a_slow_answer_is_no_slow_installer() -> None:
    host = Host(RUNNING, DONE)
    answer = host.next

    def slowly(function: str, args: Mapping[str, Json]) -> State:
        host.clock += 1000
        return answer(function, args)

    host.answer = slowly
    assert follow(host, WATCHED) == DONE


def test_hanging_is_ended_when_asked_for() -> None:
    host = Host(RUNNING)
    with pytest.raises(Failed, match="it was ended"):
        follow(host, Watched(job="j", label="KB1", timeout=60, cancel=True))
    assert host.cancelled == ["j"]


@pytest.mark.parametrize(("code", "restart"), [(0, False), (3010, True)])
def test_success(code: int, restart: bool) -> None:
    seen: State = {**DONE, "job": {"phase": "finished", "exit_code": code}}
    assert outcome(seen, WATCHED, SUCCESS) == {
        "job": "j", "exit_code": code, "meaning": SUCCESS[code], "restart_needed": restart, "log": DONE["log"],
        "adopted": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("job", "log", "says"),
    [
        ({"phase": "absent"}, None, "the host knows nothing of job j"),
        ({"phase": "lost", "never_started": True}, None, "never started: its first command was never run"),
        ({"phase": "lost"}, "x", "left no exit code"),
        ({"phase": "lost", "cancelled": True}, "x", "ended from outside"),
        ({"phase": "finished", "exit_code": None}, "x", "left no exit code"),
        ({"phase": "finished", "exit_code": 1603}, "x", "exit code 1603"),
        ({"phase": "finished", "exit_code": 1392}, None, "never started: it wrote no log; exit code 1392"),
    ],
)
def test_failures_have_words(job: State, log: str | None, says: str) -> None:
    with pytest.raises(Failed) as raised:
        outcome({"job": dict(job), "log": log, "tail": "t"}, WATCHED, SUCCESS)
    assert says in str(raised.value)
    assert raised.value.hint
