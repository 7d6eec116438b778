"""Waiting without a busy loop and without end; commands and their exit codes; putting registry values back."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules import win_command, win_regedit, win_wait_for
from remediate.connections.base import wait_until
from remediate.errors import Blocked, Failed
from remediate.model import Change, Json, Output, State
from tests.modules.scripted import ScriptedSession


def silent(_function: str, _args: Mapping[str, Json]) -> State:
    return {}


@given(st.floats(0, 5000), st.floats(1, 60))
def test_waiting_ends_in_time_and_never_spins(timeout: float, longest: float) -> None:
    session = ScriptedSession(silent)
    assert wait_until(session, lambda: None, timeout=timeout, text="x", longest=longest) is None
    assert session.clock == pytest.approx(timeout)
    assert all(1 <= pause <= longest for pause in session.waits[:-1])


def test_a_look_that_takes_longer_than_the_limit_proves_nothing() -> None:
    session = ScriptedSession(silent)
    answers = iter([None, "there"])

    def look() -> str | None:
        session.clock += 100
        return next(answers)

    assert wait_until(session, look, timeout=60, text="x") == "there"


def wait_for(found: list[str], **params: Any) -> tuple[ScriptedSession, State]:
    shown = chain(found, repeat(found[-1]))
    key = params.get("service", "found")
    session = ScriptedSession(lambda _function, _args: {key: next(shown)})
    wanted = win_wait_for.Params(**params)
    state = win_wait_for.inspect(session, wanted)
    changes = win_wait_for.diff(state, wanted)
    return session, win_wait_for.apply(session, changes[0], wanted) if changes else {}


def test_a_service_comes() -> None:
    session, extra = wait_for(["stopped", "start pending", "start pending", "running"], service="S", delay=5)
    assert session.waits[0] == 5
    assert extra == {"elapsed": round(session.clock, 1)}


def test_it_is_there_already() -> None:
    session, extra = wait_for(["present"], path="C:\\x")
    assert (session.waits, extra) == ([], {})


def test_only_time() -> None:
    session, extra = wait_for(["never asked"], seconds=42)
    assert (session.waits, session.log, extra) == ([42], [], {"elapsed": 42})


@pytest.mark.parametrize(
    ("msg", "says"), [("", "port 25 was absent and not listening after 30 s"), ("No mail", "No mail")]
)
def test_time_is_up(msg: str, says: str) -> None:
    with pytest.raises(Failed, match=says):
        wait_for(["absent"], port=25, timeout=30, msg=msg)


def command(output: Output, **params: Any) -> tuple[ScriptedSession, State]:
    session = ScriptedSession(lambda _function, _args: {"chdir": True}, outputs=[output])
    wanted = win_command.Params(**params)
    [change] = win_command.diff(win_command.inspect(session, wanted), wanted)
    return session, win_command.apply(session, change, wanted)


def test_a_command_hands_back_what_it_printed() -> None:
    session, extra = command(
        Output("a\r\nb\r\n", "", 3010), cmd="x", success_codes=[0, 3010], stdin="y", chdir="C:\\My T"
    )
    assert session.log == ["inspect", 'run cd /d "C:\\My T" && x < y']
    assert (extra["rc"], extra["stdout_lines"], extra["cmd"]) == (3010, ["a", "b"], "x")


def test_a_command_that_fails() -> None:
    with pytest.raises(Failed, match="exit code 5") as failed:
        command(Output("", "Access is denied.", 5), cmd="x")
    assert failed.value.output is not None
    assert failed.value.output.stderr == "Access is denied."


def test_nothing_is_asked_of_the_host_without_need() -> None:
    session, _ = command(Output("", "", 0), cmd="x")
    assert session.log == ["run x"]


def test_a_registry_value_is_put_back() -> None:
    asked: list[tuple[str, dict[str, Json]]] = []

    def answer(function: str, args: Mapping[str, Json]) -> State:
        asked.append((function, dict(args)))
        return {}

    wanted = win_regedit.Params(path="HKLM:\\SOFTWARE\\X", name="V", data="new")
    session = ScriptedSession(answer)
    for exists, value in ((True, "old"), (False, None)):
        state: State = {"exists": exists, "type": "REG_SZ" if exists else "", "value": value, "key_exists": True}
        [change] = win_regedit.diff(state, wanted)
        win_regedit.undo(session, change, wanted)
    target = {"key": "HKLM\\SOFTWARE\\X", "name": "V"}
    assert asked == [("write", {**target, "type": "REG_SZ", "value": "old"}), ("remove", target)]
    with pytest.raises(Blocked, match="cannot be put back"):
        win_regedit.undo(
            session, Change(target="x", before="present", after="absent", details={"do": "remove"}), wanted
        )
