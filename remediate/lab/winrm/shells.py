"""What wsman.py asks of a shell, what a shell has of its host, and the output that waits for a Receive."""

from __future__ import annotations

import base64
import re
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from xml.sax.saxutils import escape

from remediate.lab.winrm.soap import NS, SHELL_URI, TIMED_OUT, Fault, Request

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

    from remediate.lab.machine import Machine

STATE_URI = f"{SHELL_URI}/CommandState/"
ENVELOPE_OVERHEAD = 2048
"""Bytes of a ReceiveResponse that are no data."""


class Cut(Exception):
    """The TCP connection ends without an answer, as a lost network does."""


class Input:
    """A command's standard input while it arrives. Calling it gives all of it, and waits for that."""

    def __init__(self, condition: threading.Condition) -> None:
        self._condition = condition
        self._parts: list[bytes] = []
        self._ended = False
        self.size = 0

    def feed(self, data: bytes, *, end: bool = False) -> None:
        """More of it; with ``end`` the last."""
        with self._condition:
            self._parts.append(data)
            self.size += len(data)
            self._ended = self._ended or end
            self._condition.notify_all()

    def ready(self) -> bool:
        """Whether calling would not wait."""
        with self._condition:
            return self._ended

    def __call__(self) -> bytes:
        with self._condition:
            self._condition.wait_for(lambda: self._ended)
            return b"".join(self._parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a shell has of its host."""

    machine: Machine
    version: tuple[int, int]
    """The PSRP version: (2, 1) is WinRM 2.0 with PowerShell 2.0, (2, 3) what came with PowerShell 5."""
    max_envelope: int
    idle_seconds: int
    run: Callable[[str, Callable[[], bytes], str, Mapping[str, str]], tuple[bytes, bytes, int]]
    """Command line for cmd.exe, its input (an ``Input``, or what else waits and then gives all), folder ("": the user's
    home), additional environment -> stdout, stderr, exit code. Counts as one execution, saves the host's state, and may
    cut the client's connections; never raises."""
    took: Callable[[int], None]
    """To be told the total of input bytes a command has been sent, with every Send; may raise Cut."""
    save: Callable[[], None] = lambda: None
    """Write the host's state down: to be called after a change that was made without ``run``."""

    def refuse(self, what: str) -> None:
        """Write what the lab does not know into the host's refusal log."""
        self.machine.refuse(f"winrm: {what}")


class Shell(Protocol):
    """One remote shell. Its methods are called from many threads at once, never under a lock of the service."""

    id: str
    """Upper case GUID, or what the client chose."""
    user: str
    idle_seconds: int
    """After so long without use the shell ends."""

    def command(self, request: Request, line: ET.Element) -> str:
        """Begin what rsp:CommandLine says; the command's id. Must not wait for its end."""
        ...

    def send(self, stream: str, command_id: str, data: bytes, *, end: bool) -> None:
        """Input for a command, or with command_id "" for the shell itself."""
        ...

    def receive(self, request: Request, command_id: str, limit: int) -> str:
        """XML inside rsp:ReceiveResponse, at most ``limit`` bytes of data before base64; Fault TIMED_OUT for none."""
        ...

    def signal(self, command_id: str, code: str) -> None:
        """Terminate, Ctrl+C ...: the code's URI."""
        ...

    def describe(self) -> str:
        """The rsp:Shell element."""
        ...

    def close(self) -> None:
        """End everything; called once."""
        ...


NewShell = Callable[[Desk, Request, str, str], Shell]
"""Makes a shell of Desk, Create request, user and client's address; Fault when the request cannot be met.

winrs.CmdShell and psrp.PsShell have this signature."""


@dataclass(slots=True)
class Pipe:
    """Output of one command that waits for a Receive; every access is under ``condition``."""

    condition: threading.Condition
    chunks: deque[tuple[str, bytes]] = field(default_factory=deque)
    done: bool = False
    exit_code: int = 0
    turn: int = 0
    """Counts Receives: a later one takes the place of one that still waits."""

    def put(self, stream: str, data: bytes) -> None:
        if data:
            with self.condition:
                self.chunks.append((stream, data))
                self.condition.notify_all()

    def finish(self, exit_code: int = 0) -> None:
        """No more comes; what is there can still be taken."""
        with self.condition:
            if not self.done:
                self.done, self.exit_code = True, exit_code
                self.condition.notify_all()

    def take(self, request: Request, limit: int, *, split: bool) -> tuple[list[tuple[str, bytes]], bool]:
        """Data of at most ``limit`` bytes, and whether that was the last. Without ``split`` chunks stay whole.

        Raises Fault TIMED_OUT when there is nothing in time, Cut when the client has gone or asked again meanwhile.
        """
        with self.condition:
            self.turn += 1
            mine = self.turn
            self.condition.notify_all()
            found_any = self.condition.wait_for(
                lambda: self.chunks or self.done or self.turn != mine or request.gone(), request.timeout
            )
            if self.turn != mine or request.gone():
                raise Cut
            if not found_any:
                raise timed_out()
            found: list[tuple[str, bytes]] = []
            room = limit
            while self.chunks and room > 0:
                stream, data = self.chunks.popleft()
                if len(data) > room and (split or found):
                    self.chunks.appendleft((stream, data[room:] if split else data))
                    if not split:
                        break
                    data = data[:room]
                found.append((stream, data))
                room -= len(data)
            return found, self.done and not self.chunks


def timed_out() -> Fault:
    text = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout."
    return Fault(TIMED_OUT, text, "w:TimedOut")


class ShellBase:
    """What the cmd shell and the PowerShell shell have in common."""

    streams = ("stdin", "stdout stderr")
    """Names of input and output streams."""

    def __init__(self, desk: Desk, request: Request, user: str, address: str) -> None:
        element = request.child("rsp:Shell")
        chosen = element.get("ShellId") if desk.version >= (2, 2) else None
        self.desk = desk
        self.user = user
        self.id = chosen or str(uuid.uuid4()).upper()
        self.condition = threading.Condition(threading.RLock())
        self.environ = {
            v.get("Name", ""): v.text or "" for v in element.findall("rsp:Environment/rsp:Variable", dict(NS))
        }
        self.folder = element.findtext("rsp:WorkingDirectory", "", dict(NS))
        self.idle_seconds = _seconds(element.findtext("rsp:IdleTimeOut", "", dict(NS)), desk)
        self._uri = request.resource
        self._address = address
        self._created = desk.machine.monotonic()

    def describe(self) -> str:
        """See ``Shell.describe``."""
        age = f"P0DT0H0M{self.desk.machine.monotonic() - self._created:.0f}S"
        return (
            f"<rsp:Shell><rsp:ShellId>{escape(self.id)}</rsp:ShellId><rsp:ResourceUri>{escape(self._uri)}"
            f"</rsp:ResourceUri><rsp:Owner>{escape(self.user)}</rsp:Owner><rsp:ClientIP>{self._address}</rsp:ClientIP>"
            f"<rsp:IdleTimeOut>PT{self.idle_seconds}.000S</rsp:IdleTimeOut>"
            f"<rsp:InputStreams>{self.streams[0]}</rsp:InputStreams>"
            f"<rsp:OutputStreams>{self.streams[1]}</rsp:OutputStreams><rsp:State>Connected</rsp:State>"
            f"<rsp:ShellRunTime>{age}</rsp:ShellRunTime><rsp:ShellInactivity>{age}</rsp:ShellInactivity></rsp:Shell>"
        )


def _seconds(asked: str, desk: Desk) -> int:
    """The idle time-out a client asks for, at most the host's own; what cannot be read is refused loudly."""
    if not asked:
        return desk.idle_seconds
    found = re.fullmatch(r"PT(\d+)(?:\.\d+)?S", asked)
    if not found:
        desk.refuse(f"IdleTimeOut {asked}")
        return desk.idle_seconds
    return min(int(found[1]), desk.idle_seconds)


def stream_xml(name: str, command_id: str, data: bytes, *, end: bool = False) -> str:
    """One rsp:Stream; ``command_id`` "" for the shell's own."""
    whose = f' CommandId="{escape(command_id)}"' if command_id else ""
    if end:
        return f'<rsp:Stream Name="{name}"{whose} End="true"/>'
    return f'<rsp:Stream Name="{name}"{whose}>{base64.b64encode(data).decode()}</rsp:Stream>'


def state_xml(command_id: str, *, done: bool, exit_code: int | None = None) -> str:
    """rsp:CommandState, with the exit code where there is one to tell."""
    state = f'CommandId="{escape(command_id)}" State="{STATE_URI}{"Done" if done else "Running"}"'
    if not done or exit_code is None:
        return f"<rsp:CommandState {state}/>"
    return f"<rsp:CommandState {state}><rsp:ExitCode>{exit_code}</rsp:ExitCode></rsp:CommandState>"
