"""Starting, stopping and restarting services that take their time or refuse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from modules import win_service
from modules.win_service import Params
from remediate.errors import Failed
from remediate.model import Json, State
from tests.modules.scripted import ScriptedSession

OK: dict[str, Json] = {"ok": True, "code": 0, "text": ""}


def host(answers: Mapping[str, Mapping[str, Json]] | None = None, **states: list[str]) -> ScriptedSession:
    """``states``: what each look at a service shows, the last one for ever; ``answers`` to "start S" and the like."""
    given = dict(answers or {})

    def answer(function: str, args: Mapping[str, Json]) -> State:
        if function == "state":
            row = states[str(args["name"])]
            return {"state": row.pop(0) if len(row) > 1 else row[0]}
        return given.get(f"{function} {args.get('name')}", OK)

    return ScriptedSession(answer)


def carry_out(session: ScriptedSession, seen: Mapping[str, Json], **params: Any) -> list[str]:
    wanted = Params(**params)
    state = {"exists": True, "start_mode": "auto", "dependents": [], "last_restart": "", **seen}
    for change in win_service.diff(state, wanted):
        win_service.apply(session, change, wanted)
    return [line for line in session.log if not line.startswith("state ")]


def test_a_start_is_waited_for() -> None:
    session = host(S=["start pending", "start pending", "running"])
    assert carry_out(session, {"name": "S", "state": "stopped"}, name="S", state="started") == ["start S"]
    assert len(session.waits) == 2
    assert session.said == ["waiting for S to be running"] * 2


def test_a_slow_start_is_no_failure() -> None:
    session = host(
        {"start S": {"ok": False, "code": 7, "text": "did not answer in time"}}, S=["start pending", "running"]
    )
    carry_out(session, {"name": "S", "state": "stopped"}, name="S", state="started")


@pytest.mark.parametrize(
    ("answers", "looks", "says"),
    [
        ({"start S": {"ok": False, "code": 14, "text": "S: is disabled"}}, ["stopped"], "S: is disabled"),
        ({}, ["start pending", "stopped"], "S did not start: it is stopped again"),
        ({}, ["start pending"], "S was not running after 120 s"),
    ],
)
def test_starts_that_fail(answers: dict[str, dict[str, Json]], looks: list[str], says: str) -> None:
    session = host(answers, S=looks)
    with pytest.raises(Failed, match=says):
        carry_out(session, {"name": "S", "state": "stopped"}, name="S", state="started", timeout=120)
    assert session.clock <= 120


def test_a_stop_that_hangs() -> None:
    session = host(S=["running", "stop pending"])
    with pytest.raises(Failed, match="S was not stopped after 60 s"):
        carry_out(session, {"name": "S", "state": "running"}, name="S", state="stopped", timeout=60)


def test_a_restart_takes_dependents_down_and_up_in_order() -> None:
    dependents: list[Json] = [
        {"name": "C", "state": "running", "start_mode": "auto"},
        {"name": "B", "state": "stopped", "start_mode": "auto"},
        {"name": "A", "state": "running", "start_mode": "auto"},
    ]
    session = host(S=["stopped", "running"], A=["stopped", "running"], C=["stopped", "running"])
    seen: dict[str, Json] = {"name": "S", "state": "running", "dependents": dependents}
    log = carry_out(session, seen, name="S", state="restarted", force_dependent_services=True, once="x")
    assert log == ["stop C", "stop A", "stop S", "start S", "start A", "start C", "record S"]


def test_enable_comes_before_start_and_disable_after_stop() -> None:
    session = host(S=["running"])
    log = carry_out(
        session,
        {"name": "S", "state": "stopped", "start_mode": "disabled"},
        name="S",
        state="started",
        start_mode="auto",
    )
    assert log == ["mode S", "start S"]
    session = host(S=["stopped"])
    log = carry_out(session, {"name": "S", "state": "running"}, name="S", state="stopped", start_mode="disabled")
    assert log == ["stop S", "mode S"]


def test_undo_goes_the_other_way() -> None:
    wanted = Params(name="S", state="stopped", start_mode="disabled")
    state: State = {
        "exists": True,
        "name": "S",
        "state": "running",
        "start_mode": "manual",
        "dependents": [],
        "last_restart": "",
    }
    asked: dict[str, list[Json]] = defaultdict(list)
    session = host(S=["running"])
    inner = session.answer

    def answer(function: str, args: Mapping[str, Json]) -> State:
        asked[function].append(args.get("mode"))
        return inner(function, args)

    session.answer = answer
    for change in reversed(win_service.diff(state, wanted)):
        win_service.undo(session, change, wanted)
    assert asked == {"mode": ["manual"], "start": [None], "state": [None]}


def test_dependents_are_found_through_others_and_kept_in_stopping_order() -> None:
    def row(name: str, *depends: str) -> dict[str, Json]:
        shown: dict[str, Json] = {
            "name": name,
            "display": name.title(),
            "state": "running",
            "start_mode": "auto",
            "pid": 1,
        }
        return shown | {"path": "", "depends": list(depends), "source": "wmi"}

    rows: list[Json] = [
        row("IS", "SA", "exifs"),
        row("SA", "RPC"),
        row("MTA", "SA"),
        row("RPC"),
        row("GATE", "is", "MTA"),
    ]
    session = ScriptedSession(lambda _function, _args: {"services": rows, "last_restart": ""})
    state = win_service.inspect(session, Params(name="rpc"))
    assert isinstance(state["dependents"], list)
    order = [one["name"] for one in state["dependents"] if isinstance(one, dict)]
    assert sorted(map(str, order)) == ["GATE", "IS", "MTA", "SA"]
    assert order.index("GATE") < min(order.index("IS"), order.index("MTA"))
    assert order[-1] == "SA"
    assert win_service.inspect(session, Params(name="Gate"))["dependents"] == []
