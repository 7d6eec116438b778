"""One command line for a host: its limits, what it has printed so far, and the errors every road has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from remediate.errors import Blocked, Deferred, Failed, HostError, RemoteFailed, Unreachable
from remediate.model import Output

LIMIT = 1_000_000
"""Bytes a command may print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command line and the limits it runs under."""

    command: str
    stdin: Iterable[bytes] = ()
    timeout: float = 60.0
    limit: int = LIMIT
    """Bytes of stdout and stderr together; more is an error."""
    open_timeout: float = 15.0
    encoding: str = ""
    exit_code: bool = True
    """False where nobody asks for it: some roads need another round trip to learn it."""
    inert: bool = False
    """Nothing happens on the host before all of ``stdin`` has arrived: a script, whose last line is what it does."""


@dataclass(slots=True, kw_only=True)
class Taken:
    """What has come of a command; raises when it is late or prints too much."""

    order: Order
    deadline: float
    clock: Callable[[], float]
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    @classmethod
    def begin(cls, order: Order, clock: Callable[[], float]) -> Taken:
        return cls(order=order, deadline=clock() + order.timeout, clock=clock)

    def left(self) -> float:
        """Seconds to the deadline; RemoteFailed when there are none."""
        left = self.deadline - self.clock()
        if left <= 0:
            raise RemoteFailed(
                f"`{brief(self.order.command)}` did not end within {self.order.timeout:g} seconds",
                output=self.output(-1),
                hint="raise command_timeout for this host if it is slow; the command may still be running there",
            )
        return left

    def bound(self) -> None:
        """RemoteFailed when there is more than the limit."""
        if len(self.stdout) + len(self.stderr) > self.order.limit:
            raise RemoteFailed(
                f"`{brief(self.order.command)}` printed more than {self.order.limit} bytes",
                hint="write the output to a file on the host and read its end, or filter it there",
            )

    def output(self, code: int) -> Output:
        return Output(decode(self.stdout, self.order.encoding), decode(self.stderr, self.order.encoding), code)


def lost(command: str, reason: str = "") -> Unreachable:
    """The error for a line that broke while a command ran."""
    return Unreachable(
        f"the connection was lost while `{brief(command)}` ran{': ' + reason if reason else ''}",
        kind="lost",
        hint="the command may have run: look at the host before you repeat it",
    )


def cut_off(order: Order, why: HostError) -> HostError:
    """The error for a command that is under way and may be fed no more: what has not begun is still ``why``."""
    if order.inert or not isinstance(why, Blocked | Deferred):
        return why
    return Failed(
        f"`{brief(order.command)}` was begun, and ended while it was given its input: {why.message}",
        remedy="look at the host before you run it again",
    )


def brief(command: str) -> str:
    return command if len(command) <= 80 else command[:77] + "..."


def decode(data: bytes | bytearray, encoding: str = "") -> str:
    """Text of what a Windows command printed: UTF-8 when it is that, else the console's code page."""
    for name in (encoding, "utf-8"):
        if name:
            try:
                return data.decode(name)
            except (UnicodeDecodeError, LookupError):
                continue
    return data.decode("cp850")  # likely: the console's code page west of Poland; remote_encoding overrides
