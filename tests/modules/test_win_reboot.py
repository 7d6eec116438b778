"""When a restart counts as done: another boot time, then readiness; and every way in which it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from modules import win_reboot
from modules.win_reboot import Params
from remediate.errors import Failed, RemoteFailed, Unreachable
from remediate.model import Json, Output, State
from tests.modules.scripted import ScriptedSession

OLD: dict[str, Json] = {"source": "wmi", "value": "2004-10-01T08:00:00Z"}
NEW: dict[str, Json] = {"source": "wmi", "value": "2004-10-05T20:10:00Z"}
AWAY = Unreachable("nobody answers", kind="timeout")


def host(
    looks: Sequence[object], *, services: Sequence[Mapping[str, str]] = (), ordered: bool = True
) -> ScriptedSession:
    """A host that shows these boot times, or raises these errors, one per look; the last one for ever."""
    shown, states = list(looks), list(services)

    def answer(function: str, args: Mapping[str, Json]) -> State:
        if function == "reboot":
            return {"ok": ordered, "text": "access denied"}
        if function == "states":
            return dict(states.pop(0) if len(states) > 1 else states[0])
        now = shown.pop(0) if len(shown) > 1 else shown[0]
        if isinstance(now, Exception):
            raise now
        return {"boot": now}  # type: ignore[dict-item]

    return ScriptedSession(answer)


def reboot(session: ScriptedSession, boot: Mapping[str, Json] = OLD, **params: Any) -> State:
    wanted = Params(**params)
    [change] = win_reboot.diff({"boot": dict(boot)}, wanted)
    return win_reboot.apply(session, change, wanted)


def test_back_with_another_boot_time() -> None:
    session = host([OLD, AWAY, AWAY, RemoteFailed("WMI is not up yet"), NEW])
    done = reboot(session)
    assert (done["rebooted"], done["boot_time"], done["boot_time_source"]) == (True, NEW["value"], "wmi")
    assert session.log.count("reboot") == 1
    assert session.log.count("reconnect") == session.log.count("look") == 5
    assert min(session.waits[1:-1]) >= 1, "no busy loop"


def test_a_dropped_connection_is_no_restart() -> None:
    with pytest.raises(Failed, match="has not restarted within 60 s: up since 2004-10-01") as failed:
        reboot(host([AWAY, OLD]), reboot_timeout=60)
    assert "shutdown -a" in failed.value.hint


def test_a_clock_that_was_set_is_no_restart() -> None:
    with pytest.raises(Failed, match="has not restarted"):
        reboot(host([{"source": "wmi", "value": "2004-10-01T08:00:04Z"}]), reboot_timeout=30)


def test_another_source_proves_nothing() -> None:
    with pytest.raises(Failed, match="has not restarted"):
        reboot(host([{"source": "pagefile", "value": NEW["value"]}, {"source": "wmi", "value": ""}]), reboot_timeout=30)


def test_a_text_as_boot_time() -> None:
    boot: dict[str, Json] = {"source": "net statistics", "value": "Statistik seit 01.10.2004 10:00"}
    now = {"source": "net statistics", "value": "Statistik seit 05.10.2004 22:11"}
    assert reboot(host([boot, now]), boot)["boot_time"] == now["value"]


def test_never_back() -> None:
    with pytest.raises(Unreachable, match="was not back 90 s after the order to restart: nobody answers") as lost:
        reboot(host([OLD, AWAY]), reboot_timeout=90)
    assert lost.value.kind == "timeout"


def test_another_machine_answers() -> None:
    session = host([AWAY, Unreachable("host key changed", kind="host_key")])
    with pytest.raises(Unreachable, match="host key changed"):
        reboot(session)
    assert session.clock < 60


def test_order_refused() -> None:
    session = host([OLD], ordered=False)
    with pytest.raises(Failed, match="takes no order to restart: access denied"):
        reboot(session)
    assert session.log == ["reboot"]


def test_no_waiting() -> None:
    session = host([OLD])
    assert reboot(session, wait=False) == {"rebooted": True, "waited": False, "elapsed": 0}
    assert session.log == ["reboot"]


def test_services_come_late() -> None:
    late = [
        {"IIS": "start pending", "IS": "stopped"},
        {"IIS": "running", "IS": "start pending"},
        {"IIS": "running", "IS": "running"},
    ]
    session = host([NEW], services=late)
    reboot(session, services=["IIS", "IS"], post_reboot_delay=7)
    assert session.log.count("states ['IIS', 'IS']") == 3
    assert session.waits[-1] == 7


def test_services_that_stay_away_are_named() -> None:
    session = host([NEW], services=[{"IIS": "running", "IS": "stopped", "MTA": "absent"}])
    with pytest.raises(Failed, match="the host restarted, but after 120 s: IS stopped, MTA absent"):
        reboot(session, services=["IIS", "IS", "MTA"], services_timeout=120)


def test_the_test_command_must_succeed() -> None:
    session = host([NEW])
    session.outputs = [Output("", "not yet", 1), Output("ok", "", 0)]
    reboot(session, test_command="ready.cmd")
    assert session.log[-2:] == ["run ready.cmd", "run ready.cmd"]
