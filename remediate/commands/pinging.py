"""One host asked the smallest question there is: can it be reached, logged in to, and made to run a script?

Where it cannot, the next thing to try: what the error knows, and what a second look at the host tells.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate.connections.clocks import Skew, said
from remediate.errors import HostError, RemoteFailed, Unreachable, UserError
from remediate.model import Endpoint

if TYPE_CHECKING:
    from remediate.connections.base import Session

PATIENCE = 60.0
"""Seconds for one answer of a host that is logged in to."""

DOORS: Mapping[int, str] = MappingProxyType(
    {22: "ssh", 5985: "winrm, ansible_port: 5985", 5986: "winrm, ansible_port: 5986"}
)
"""Ports a Windows host is usually reached by, and the ``ansible_connection`` each means."""
KNOCK = 2.0
"""Seconds one such port is waited for."""

_WINRM: Mapping[str, str] = MappingProxyType(
    {
        "refused": "`winrm quickconfig` on the host sets it up; WinRM 1.1 listens on 80 and 443, 2.0 on 5985, 5986",
        "timeout": "does the host's firewall let WinRM in (`netsh firewall set portopening TCP 5985 WinRM`)?",
    }
)
_LOCKED = "is the account locked, disabled or expired (`net user NAME`)?"
_POLICY = (
    "is it denied by policy to log on from the network (`secpol.msc`, user rights: Deny access to this computer from "
    "the network)?"
)
_KERBEROS = "with Kerberos: are the clocks within 5 minutes of each other, is the host named as in its SPN?"
_DENIED = "is the account in the host's group Administrators, and is remote access denied by policy?"

_FOLDER_TEST = 'mkdir "{folder}" 2>nul & echo 1> "{folder}\\ping.tmp" && del "{folder}\\ping.tmp"'
_POLICY_TEST = 'cmd /c reg query "{root}\\SOFTWARE\\Microsoft\\Windows Script Host\\Settings" /v Enabled'


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
            remedy=unreachable(error, endpoint),
        )
    remedy = error.hint
    if session is not None and isinstance(error, RemoteFailed):
        remedy = no_script(error, session)
    text = f"{error.source}: {error.message}" if isinstance(error, UserError) and error.source else error.message
    return replace(answer, status="failed", message=text, remedy=remedy)


def open_doors(endpoint: Endpoint, doors: Mapping[int, str] = DOORS) -> list[str]:
    """Which of the usual ports answer although the one asked for does not. Nothing is sent to them."""
    found = []
    for port, road in doors.items():
        if port == endpoint.port or endpoint.options.get("ssh_jump"):
            continue
        with contextlib.suppress(OSError, UnicodeError), socket.create_connection((endpoint.address, port), KNOCK):
            found.append(f"port {port} answers: try ansible_connection: {road}")
    return found


def unreachable(error: Unreachable, endpoint: Endpoint, doors: Callable[[Endpoint], Iterable[str]] = open_doors) -> str:
    """What to try when nobody could log in."""
    said = [error.hint]
    winrm = endpoint.connection != "ssh"
    if winrm:
        said.append(_WINRM.get(error.kind, ""))
    if error.kind == "auth":
        said += [_LOCKED, _POLICY, _KERBEROS if winrm else ""]
    if error.kind in ("denied", "quota"):
        said.append(_DENIED)
    if error.kind in ("refused", "timeout", "protocol"):
        said += doors(endpoint)
    return joined(said)


def no_script(error: HostError, session: Session) -> str:
    """What to try when the host runs commands and no script; asks the host why, in two commands that change nothing."""
    said = []
    try:
        folder = session.folder
        if session.run(_FOLDER_TEST.format(folder=folder), timeout=30).exit_code:
            said.append(
                f"{folder} cannot be written to: give the account rights there, free space on its drive, or name "
                "another folder by remote_folder"
            )
        said += [_switched_off(root) for root in ("HKLM", "HKCU") if _disabled(session, root)]
    except HostError:
        return error.hint
    return joined(said or [error.hint])


def _switched_off(root: str) -> str:
    return (
        f"Windows Script Host is switched off by policy: set Enabled to 1 in {root}\\SOFTWARE\\Microsoft\\Windows "
        "Script Host\\Settings, or have the policy changed for this host"
    )


def _disabled(session: Session, root: str) -> bool:
    """Whether a registry value says that no script may run; the same words in every language of Windows."""
    output = session.run(_POLICY_TEST.format(root=root), timeout=30)
    return (
        output.exit_code == 0 and re.search(r"Enabled\s+REG_\w+\s+(0x)?0\s*$", output.stdout, re.MULTILINE) is not None
    )


def joined(said: Iterable[str]) -> str:
    """Several pieces of advice as one text, each once."""
    return "; ".join(dict.fromkeys(text.rstrip(".") for text in said if text))
