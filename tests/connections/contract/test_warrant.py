"""Nothing leaves for a host that whoever watches over the change forbids at the last moment, on every road."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from remediate.connections.steady import SteadySession
from remediate.connections.warrant import Warrant
from remediate.errors import Deferred
from tests.connections.contract.roads import Ground

MARK = "C:\\mark.txt"
DEEDS: dict[str, Callable[[SteadySession, Path], object]] = {
    "run": lambda session, _: session.run(f"echo x> {MARK}"),
    "call": lambda session, _: session.call("probe", "say", {"text": "x"}),
    "put": lambda session, local: session.put(local, MARK),
    "detach": lambda session, _: session.detach("mark", f"echo x> {MARK}", guard={}, record={}),
}


def closed(deed: bool) -> None:
    if deed:
        raise Deferred("the window has closed")


def warranted(ground: Ground, warrant: Warrant) -> SteadySession:
    session = ground.session()
    assert isinstance(session, SteadySession)
    session.run("echo connected")
    session.warrant = warrant
    return session


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_that_is_forbidden_does_not_leave(ground: Ground, tmp_path: Path, deed: str) -> None:
    (tmp_path / "mark.txt").write_text("x")
    session = warranted(ground, Warrant(closed))
    executions = session.executions
    with pytest.raises(Deferred, match="the window has closed"):
        DEEDS[deed](session, tmp_path / "mark.txt")
    assert session.executions == executions
    assert not ground.machine.files.exists(MARK)
    session.warrant = None
    assert session.run("echo alive").stdout == "alive\r\n"


@pytest.mark.parametrize("deed", ["put", "detach"])
def test_files_and_programs_are_deeds_also_later(ground: Ground, tmp_path: Path, deed: str) -> None:
    """What follows up the first deed is let through, but nothing that starts anew."""
    (tmp_path / "mark.txt").write_text("x")
    open_still = [True]
    asked: list[bool] = []

    def prove(deed: bool) -> None:
        asked.append(deed)
        if not open_still:
            closed(deed)

    session = warranted(ground, Warrant(prove))
    session.call("probe", "say", {"text": "first"})
    open_still.clear()
    session.call("probe", "say", {"text": "looking after it"})
    assert (asked[0], asked[-1]) == (True, False)
    with pytest.raises(Deferred):
        DEEDS[deed](session, tmp_path / "mark.txt")
    assert not ground.machine.files.exists(MARK)


@pytest.mark.parametrize("deed", DEEDS)
def test_who_watches_is_told_once_that_it_has_left(ground: Ground, tmp_path: Path, deed: str) -> None:
    """Not before it was let go."""
    (tmp_path / "mark.txt").write_text("x")
    told: list[str] = []
    session = warranted(ground, Warrant(lambda _: told.append("asked"), lambda: told.append("left")))
    DEEDS[deed](session, tmp_path / "mark.txt")
    assert (told[0], told.count("left")) == ("asked", 1)
    ground.machine.files.remove(MARK) if ground.machine.files.exists(MARK) else None


@pytest.mark.parametrize("deed", DEEDS)
def test_what_is_kept_here_has_not_left(ground: Ground, tmp_path: Path, deed: str) -> None:
    (tmp_path / "mark.txt").write_text("x")
    told: list[str] = []
    session = warranted(ground, Warrant(closed, lambda: told.append("left")))
    with pytest.raises(Deferred):
        DEEDS[deed](session, tmp_path / "mark.txt")
    assert told == []
