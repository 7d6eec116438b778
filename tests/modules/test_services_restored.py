"""Services that take their time, and installers that outlive their job: what a lab cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from modules import job_finished, services_restored
from remediate.errors import Failed
from remediate.model import Change, Json, State
from tests.modules.scripted import ScriptedSession


class Service:
    """Answers ``look`` with one state after the other; remembers how often it was asked to start."""

    def __init__(self, *states: str, asked: State | None = None) -> None:
        self.states = list(states)
        self.asked = asked or {"ok": True, "code": 0, "text": ""}
        self.starts = 0

    def __call__(self, function: str, args: Mapping[str, Json]) -> State:
        if function == "events":
            return {"lines": ["2026-01-31T20:00:00Z Service Control Manager 7023: it terminated"]}
        assert function == "look"
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        starting = bool(args["start"]) and state == "stopped"
        self.starts += starting
        return {"service": {"state": state}, "asked": dict(self.asked) if starting else None}


def bring_up(service: Service, *, deed: str = "run", timeout: float = 900.0) -> ScriptedSession:
    session = ScriptedSession(service)
    details: dict[str, Json] = {
        "deed": deed,
        "name": "MSExchangeIS",
        "display": "Store",
        "since": "2026-01-31T19:00:00Z",
    }
    change = Change(target="service MSExchangeIS", before="stopped", after="running", details=details)
    services_restored.apply(session, change, services_restored.Params(timeout=timeout))
    return session


def test_a_store_that_replays_its_logs_is_waited_for() -> None:
    service = Service(*["start pending"] * 40, "running")
    assert bring_up(service).clock > 300
    assert service.starts == 0


def test_one_that_is_still_stopping_is_started_afterwards() -> None:
    service = Service("stop pending", "stop pending", "stop pending", "stopped", "start pending", "running")
    bring_up(service)
    assert service.starts == 1


def test_one_that_stops_again_gets_a_second_chance_and_no_third() -> None:
    service = Service("stopped", "start pending", "stopped", "start pending", "stopped")
    with pytest.raises(
        Failed, match=r"MSExchangeIS \(Store\) does not come back: it stopped again; the event log says"
    ):
        bring_up(service)
    assert service.starts == 2


def test_the_word_of_windows_is_handed_on() -> None:
    service = Service("stopped", asked={"ok": False, "code": 15, "text": "its account could not log on"})
    with pytest.raises(Failed, match="its account could not log on"):
        bring_up(service)


def test_the_deadline() -> None:
    with pytest.raises(Failed, match="it is not running after 60 s"):
        bring_up(Service("start pending"), timeout=60)


def test_what_the_cluster_owns_is_never_started_by_us() -> None:
    service = Service("stopped", "stopped", "stopped", "running")
    bring_up(service, deed="wait")
    with pytest.raises(Failed) as raised:
        bring_up(stays := Service("stopped"), deed="wait", timeout=30)
    assert (service.starts, stays.starts) == (0, 0)
    assert "Cluster Administrator" in raised.value.hint


def test_a_start_type_that_cannot_be_set() -> None:
    session = ScriptedSession(lambda _f, _a: {"ok": False, "code": 2, "text": "access denied"})
    details: dict[str, Json] = {"deed": "mode", "name": "S", "mode": "manual"}
    change = Change(target="service S", before="start type disabled", after="start type manual", details=details)
    with pytest.raises(Failed) as raised:
        services_restored.apply(session, change, services_restored.Params())
    assert "access denied" in raised.value.message
    assert raised.value.hint == "set it by hand: sc config S start= demand"


def test_nothing_is_marked_while_a_service_is_down_again() -> None:
    before: Any = [{"name": "S", "state": "running", "start_mode": "auto"}]
    seen: State = {
        "jobs": [{"name": "j", "phase": "finished", "settled": False, "services_before": before}],
        "services": [{"name": "S", "state": "stopped", "start_mode": "auto"}],
    }
    session = ScriptedSession(lambda _f, _a: seen)
    change = Change(target="job j", before="finished", after="dealt with", details={"deed": "settle", "job": "j"})
    with pytest.raises(Failed, match="service S is stopped again"):
        services_restored.apply(session, change, services_restored.Params())
    assert session.log == ["inspect"]


@pytest.mark.parametrize(("looks", "ends"), [(4, True), (10_000, False)])
def test_an_installer_that_outlived_its_job(looks: int, ends: bool) -> None:
    left = iter(range(looks))

    def answer(_function: str, _args: Mapping[str, Json]) -> State:
        running: list[Json] = [{"name": "update.exe", "pid": 5}] if next(left, None) is not None else []
        return {"jobs": [{"name": "j", "phase": "lost", "settled": False}], "installers_running": running}

    session, params = ScriptedSession(answer), job_finished.Params(timeout=100)
    change = job_finished.diff(job_finished.inspect(session, params), params)[0]
    if ends:
        with pytest.raises(Failed, match="j: the installer is gone and left no exit code"):
            job_finished.apply(session, change, params)
        assert job_finished.diff(job_finished.inspect(session, params), params) == []
    else:
        with pytest.raises(Failed, match=r"update\.exe outlived it, and it is not done after 100 s"):
            job_finished.apply(session, change, params)
