"""One host asked the smallest question there is: can it be reached, logged in to, and made to run a script?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from remediate.commands import pingadvice
from remediate.connections.clocks import Skew, said
from remediate.errors import HostError, RemoteFailed, Unreachable, UserError
from remediate.model import Endpoint

if TYPE_CHECKING:
    from remediate.connections.base import Session

PATIENCE = 60.0
"""Seconds for one answer of a host that is logged in to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one host said, or why it said nothing. Texts from the host are untrusted."""

    host: str
    address: str
    connection: str
    status: str = "answers"
    """``answers``, ``unreachable`` (no log-in, or lost), or ``failed`` (logged in, and no script can be run)."""
    road: str = ""
    login: str = ""
    server: str = ""
    windows: str = ""
    script_host: str = ""
    engine: str = ""
    computer: str = ""
    account: str = ""
    skew: float | None = None
    """Seconds the host's clock is ahead of this machine's."""
    doubt: float = 0.0
    """Half the time the question took: ``skew`` cannot be known better."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    message: str = ""
    kind: str = ""
    """Of an unreachable host: the word of ``errors.Reach``."""
    remedy: str = ""

    @property
    def bad(self) -> bool:
        return self.status != "answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """``wall`` is seconds since 1970, ``monotonic`` seconds since whenever."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


def ping(endpoint: Endpoint, connect: Callable[[Endpoint], Session], clocks: Clocks) -> Answer:
    """Connect, log in, run ``ver``, run the smallest script; trouble becomes part of the Answer."""
    began = clocks.monotonic()
    where = f"{endpoint.address}:{endpoint.port}"
    answer = Answer(host=endpoint.host, address=where, connection=endpoint.connection)
    session: Session | None = None
    try:
        session = connect(endpoint)
        answer = _logged_in(answer, session)
        answer = _asked(answer, session, clocks)
    except (HostError, UserError) as error:
        answer = _bad(answer, error, endpoint, session)
    notes = answer.notes
    if session is not None:
        notes = (*notes, *session.notes)
        session.close()
    return replace(answer, seconds=clocks.monotonic() - began, notes=tuple(dict.fromkeys(notes)))


def _logged_in(answer: Answer, session: Session) -> Answer:
    """The first command a host gets does nothing but tell the version of Windows."""
    said = session.run("cmd /c ver", timeout=PATIENCE).stdout
    found = re.search(r"\d+\.\d+[.\d]*", said)
    road = session.road
    return replace(answer, windows=found.group() if found else "", road=road.name, login=road.auth, server=road.server)


def _asked(answer: Answer, session: Session, clocks: Clocks) -> Answer:
    begin = clocks.wall()
    state = session.call("hello", "hello", {}, timeout=PATIENCE)
    end = clocks.wall()
    told = {name: str(state.get(name) or "") for name in ("script_host", "engine", "computer", "account")}
    milliseconds = state.get("milliseconds")
    answer = replace(answer, **told)  # type: ignore[arg-type]  # the four are texts
    if not isinstance(milliseconds, int | float):
        return answer
    answer = replace(answer, skew=milliseconds / 1000 - (begin + end) / 2, doubt=(end - begin) / 2)
    return replace(answer, warnings=clock_warnings(answer))


def clock_warnings(answer: Answer) -> tuple[str, ...]:
    """What to say of a clock that is certainly too far away."""
    text = "" if answer.skew is None else said(Skew(answer.skew, answer.doubt))
    return (text,) if text else ()


def _bad(answer: Answer, error: HostError | UserError, endpoint: Endpoint, session: Session | None) -> Answer:
    if isinstance(error, Unreachable):
        return replace(
            answer,
            status="unreachable",
            message=error.message,
            kind=error.kind,
            remedy=pingadvice.unreachable(error, endpoint),
        )
    remedy = error.hint
    if session is not None and isinstance(error, RemoteFailed):
        remedy = pingadvice.no_script(error, session)
    text = f"{error.source}: {error.message}" if isinstance(error, UserError) and error.source else error.message
    return replace(answer, status="failed", message=text, remedy=remedy)
