"""On every road the clock of a host comes with the answers it gives anyhow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from remediate.connections.clocks import HostClocks
from tests.connections.contract.roads import ROADS, Ground

AHEAD = timedelta(hours=3)


def clocks_of(ground: Ground) -> HostClocks:
    return HostClocks(ground.time.now, ground.time.monotonic)


@pytest.mark.parametrize("ahead", [timedelta(), AHEAD, -AHEAD, timedelta(days=-8000)])
def test_a_script_tells_it_in_its_own_execution(ground: Ground, ahead: timedelta) -> None:
    clocks = clocks_of(ground)
    session = ground.session(ground.time.controller(ground.folder / "js", clocks=clocks))
    ground.machine.set_clock(ground.time.now() + ahead)
    try:
        session.call("probe", "say", {"text": "x"})
        before = session.executions
        session.call("probe", "say", {"text": "x"})
        assert session.executions - before == 1
    finally:
        ground.machine.set_clock(ground.time.now())
    skew = clocks.skews()["ex1"]
    assert abs(skew.seconds - ahead.total_seconds()) <= skew.doubt + 0.002  # a script tells milliseconds
    assert skew.off is (ahead != timedelta())


def test_what_takes_too_long_to_tell_is_not_believed(ground: Ground) -> None:
    clocks = clocks_of(ground)
    session = ground.session(ground.time.controller(ground.folder / "js", clocks=clocks))
    session.call("probe", "slow", {"seconds": 150}, timeout=600)
    told = clocks.skews().get("ex1")
    assert told is None or abs(told.seconds) <= told.doubt + 0.002 < 61


@pytest.fixture(scope="module", params=["winrs sealed", "winrs ntlm tls", "psrp 2.3"])
def road(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_winrm_dates_every_answer(road: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with ROADS[road](tmp_path_factory.mktemp("dated")) as ground:
        clocks = clocks_of(ground)
        session = ground.session(ground.time.controller(clocks=clocks))
        ground.machine.set_clock(ground.time.now() - AHEAD)
        assert session.run("echo x").stdout == "x\r\n"
        skew = clocks.skews()["ex1"]
        assert abs(skew.seconds + AHEAD.total_seconds()) <= skew.doubt
        assert skew.off
