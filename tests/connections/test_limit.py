"""A limit on what a session does: nothing goes on behind it, whatever it was at."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.errors import OutOfTime
from tests.connections.conftest import Bench
from tests.connections.server import Rules


def test_whoever_polls_is_ended_in_the_middle_of_a_pause(bench: Bench) -> None:
    session = bench.session(bench.serve(Rules()))
    begin = session.now()
    session.bound(10)

    def poll() -> None:
        while True:
            session.run("poll")
            session.wait(4)

    with pytest.raises(OutOfTime):
        poll()
    assert session.now() - begin == 10
    with pytest.raises(OutOfTime):
        session.run("once more")
    session.unbound()
    assert session.run("afterwards").exit_code == 0


def test_a_host_that_is_away_is_not_tried_for_longer(bench: Bench) -> None:
    server = bench.serve(Rules())
    session = bench.session(server, reconnect_timeout=600)
    session.run("ver")
    begin = session.now()
    session.bound(10)
    server.rules.cut_connections = 1_000
    server.drop_all()
    session.reconnect()
    with pytest.raises(OutOfTime):
        session.run("x")
    assert session.now() - begin <= 10


def test_a_file_is_not_sent_behind_the_limit(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * 3_000_000)
    session = bench.session(bench.serve(Rules(disk=bench.disk())))
    session.run("ver")
    session.bound(10)
    said: list[str] = []

    def heard(text: str, done: float, total: float, unit: str) -> None:
        said.append(text)
        bench.time.go_on(6)

    session.watch(heard)
    with pytest.raises(OutOfTime):
        session.put(tmp_path / "big", "C:\\WINDOWS\\Temp\\big")
    assert len(said) <= 3


@pytest.mark.parametrize("limit", [10.0, 100.0])
def test_a_command_is_given_what_is_left_and_no_more(bench: Bench, limit: float) -> None:
    session = bench.session(bench.serve(Rules()), command_timeout=50)
    session.bound(limit)
    assert session.seconds(20) == min(50, limit)
