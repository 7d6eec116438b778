"""Nothing that starts something on a host, or feeds it, leaves without being proved after the host's last answer.

However many answers a log-in takes, and however slow the host gives them: what the host sees is held against what was
asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from remediate.connections.scriptrun import Attachment
from remediate.connections.warrant import Warrant
from remediate.connections.winrm import WinrmSession
from remediate.errors import Deferred, Failed, HostError
from remediate.lab.winrm.web import WebConnection
from remediate.lab.winrm.wsman import Service
from tests.connections.contract.roads import ROADS, Ground, module

MARK = "C:\\mark.txt"
WIRES = ("winrs sealed", "winrs ntlm tls", "winrs basic tls", "psrp 2.1", "psrp 2.3")
LINES = 3000 * (b"x" * 70 + b"\n")
"""More than one message of WinRM 2.0 takes."""


@dataclass
class Seen:
    """What the host sees, and what was asked here, in order; the gate closes when the host gets request ``closes``."""

    log: list[str] = field(default_factory=list)
    requests: int = 0
    closes: int = 1_000_000

    def prove(self, deed: bool) -> None:
        self.log.append("proved")
        if deed and self.requests >= self.closes:
            raise Deferred("the window has closed")

    def unproved(self, starts: tuple[str, ...]) -> list[str]:
        """What reached the host without a question since the request before it."""
        return [this for last, this in zip(["", *self.log], self.log, strict=False)
                if this in starts and last != "proved"]  # fmt: skip


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    found = Seen()
    answer, carry_out = WebConnection._answer, Service._carry_out

    def answering(line: WebConnection, request: Any) -> bool:
        found.requests += 1
        count = len(found.log)
        done = answer(line, request)
        if len(found.log) == count:
            found.log.append("log-in")
        return done

    def carrying(service: Service, request: Any, user: str, address: str) -> Any:
        found.log.append(request.verb)
        return carry_out(service, request, user, address)

    monkeypatch.setattr(WebConnection, "_answer", answering)
    monkeypatch.setattr(Service, "_carry_out", carrying)
    return found


@contextmanager
def session_on(road: str, folder: Path, seen: Seen) -> Iterator[tuple[Ground, WinrmSession]]:
    module(folder)
    with ROADS[road](folder) as ground:
        session = ground.session()
        assert isinstance(session, WinrmSession)
        session.warrant = Warrant(seen.prove)
        yield ground, session


def new_login(session: WinrmSession) -> None:
    line = session._wire
    assert line is not None
    line.carrier.renew()


DEEDS: dict[str, Callable[[WinrmSession, Path], object]] = {
    "a command": lambda session, _: session.execute(f"echo x> {MARK}", timeout=60, exit_code=False),
    "a command that is fed": lambda session, _: session.execute(
        f'findstr "^" > {MARK}', stdin=(LINES,), timeout=60, exit_code=False
    ),
    "a script": lambda session, _: session.call("probe", "say", {"text": "x"}),
    "a script with data": lambda session, _: session.call_with(
        "probe", "say", {"text": "x"}, Attachment(data=LINES, heard=lambda _: None), timeout=60
    ),
    "a file": lambda session, local: session.put(local, MARK),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("road", WIRES)
def test_each_message_is_proved_after_the_answer_before_it(road: str, deed: str, seen: Seen, tmp_path: Path) -> None:
    """With a first log-in, with a second one on a new connection, and with a new shell after the line was dropped."""
    (tmp_path / "mark.txt").write_bytes(b"x")
    with session_on(road, tmp_path, seen) as (ground, session):
        before = (lambda _: None, new_login, WinrmSession.drop)
        for prepare in before:
            prepare(session)
            DEEDS[deed](session, tmp_path / "mark.txt")
        no_input = deed == "a command"  # the message that says so starts nothing
        assert seen.unproved(("Create", "Command") if no_input else ("Create", "Command", "Send")) == []
        assert seen.log.count("log-in") >= (0 if "basic" in road else 3)
        assert (deed in ("a script", "a script with data")) or ground.machine.files.exists(MARK)


@pytest.mark.parametrize("road", WIRES)
def test_a_window_that_closes_at_any_answer_of_a_slow_host(road: str, seen: Seen, tmp_path: Path) -> None:
    """A command that left has run and is told so; one that had not left never does."""
    for closes in range(1, 40):
        seen.__init__(closes=closes)  # type: ignore[misc]
        with session_on(road, tmp_path / str(closes), seen) as (ground, session):
            try:
                DEEDS["a command"](session, tmp_path)
                begun = True
            except Deferred:
                begun = False
            assert ground.machine.files.exists(MARK) is begun
            if seen.requests < closes:
                return
            session.warrant = None
            assert session.execute("echo alive", timeout=60).stdout == "alive\r\n"
    raise AssertionError("it never came to its end")


@pytest.mark.parametrize("road", ["winrs sealed", "psrp 2.1"])
def test_what_is_under_way_is_never_told_as_not_begun(road: str, seen: Seen, tmp_path: Path) -> None:
    """The window closes between two messages of a command's input: it is ended on the host, and told as begun."""
    with session_on(road, tmp_path, seen) as (ground, session):
        session.run("echo connected")
        session.warrant = Warrant(seen.prove)
        seen.closes = seen.requests + 1
        with pytest.raises(Failed, match="was begun, and ended while it was given its input: the window has closed"):
            DEEDS["a command that is fed"](session, tmp_path)
        session.warrant = None
        assert session.run("echo alive").stdout == "alive\r\n"
        assert not ground.machine.processes.named("findstr.exe")


@pytest.mark.parametrize("road", ["winrs sealed", "psrp 2.1", "ssh without sftp"])
def test_a_script_that_did_not_arrive_whole_has_done_nothing(road: str, seen: Seen, tmp_path: Path) -> None:
    """It is put off, as what was not begun."""
    module(tmp_path)
    with ROADS[road](tmp_path) as ground:
        session = ground.session()
        session.run("echo connected")
        fed: list[float] = []

        def prove(_deed: bool) -> None:
            if fed:
                raise Deferred("the window has closed")

        session.warrant = Warrant(prove)
        with pytest.raises(HostError, match="the window has closed") as caught:
            session.call_with("probe", "say", {"text": "x"}, Attachment(data=3 * LINES, heard=fed.append), timeout=60)
        assert isinstance(caught.value, Deferred)
        session.warrant = None
        assert session.run("echo alive").stdout == "alive\r\n"
        assert not ground.machine.files.exists("C:\\WINDOWS\\Temp\\remediate\\any")
