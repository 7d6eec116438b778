"""Runs one command on a line: deadline, bounded output, and the difference between refused, failed, late and lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from paramiko import Channel, SSHException, Transport

from remediate.errors import RemoteFailed, Unreachable
from remediate.model import Output

LIMIT = 1_000_000
_STEP = 0.25
"""Seconds between two looks at the other stream, when one is silent."""


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


@dataclass(slots=True)
class _Running:
    channel: Channel
    order: Order
    deadline: float
    clock: Callable[[], float]
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

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

    def output(self, code: int) -> Output:
        return Output(decode(self.stdout, self.order.encoding), decode(self.stderr, self.order.encoding), code)


def execute(transport: Transport, order: Order, clock: Callable[[], float], sent: Callable[[], None]) -> Output:
    """Runs the command to its end. ``sent`` is called right before it leaves: from then on it may have run.

    Raises Unreachable(kind='lost') when the line broke, RemoteFailed when the server refuses to run commands, the
    deadline passed, or there was more output than the limit.
    """
    channel = open_channel(transport, order.open_timeout)
    try:
        sent()
        _send(transport, channel, order)
        running = _Running(channel, order, clock() + order.timeout, clock)
        try:
            _feed(running)
            _collect(running)
            code = _exit_code(transport, running)
        except (SSHException, EOFError, OSError) as error:
            raise lost(order.command, str(error)) from None
        return running.output(code)
    finally:
        channel.close()


def gone(transport: Transport) -> bool:
    """Whether the line is broken; gives its thread a moment to find out."""
    if transport.is_active():
        transport.join(0.1)
    return not transport.is_active()


def lost(command: str, reason: str = "") -> Unreachable:
    """The error for a line that broke while a command ran."""
    return Unreachable(
        f"the connection was lost while `{brief(command)}` ran{': ' + reason if reason else ''}",
        kind="lost",
        hint="the command may have run: look at the host before you repeat it",
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


def open_channel(transport: Transport, timeout: float) -> Channel:
    """A new channel of the line; Unreachable or RemoteFailed say why there is none."""
    try:
        return transport.open_session(timeout=timeout)
    except (SSHException, EOFError, OSError) as error:
        if gone(transport):
            raise Unreachable(f"the connection was lost: {error}", kind="lost", hint="run again") from None
        if "timeout" in str(error).lower():
            text, hint = (
                "does not open a channel in time",
                "the SSH server may hang: lengthen connect_timeout, or restart it",
            )
            raise Unreachable(f"the host {text}", kind="timeout", hint=hint) from None
        raise RemoteFailed(f"the SSH server opens no more channels: {error}", hint="does it limit sessions?") from None


def _send(transport: Transport, channel: Channel, order: Order) -> None:
    channel.settimeout(order.open_timeout)
    try:
        channel.exec_command(order.command)
    except (SSHException, EOFError, OSError) as error:
        if gone(transport):
            raise lost(order.command, str(error)) from None
        raise RemoteFailed(
            f"the SSH server refuses to run commands: {error}",
            hint="allow this account commands (no sftp-only shell, no ForceCommand)",
        ) from None


def _feed(running: _Running) -> None:
    channel = running.channel
    for part in running.order.stdin:
        rest = bytes(part)
        while rest:
            channel.settimeout(min(_STEP, running.left()))
            try:
                rest = rest[channel.send(rest) :]
            except TimeoutError:  # the host may wait for us to take its output first
                _drain(running)
    channel.shutdown_write()


def _collect(running: _Running) -> None:
    channel = running.channel
    while True:
        channel.settimeout(min(_STEP, running.left()))
        try:
            data = channel.recv(65536)
        except TimeoutError:
            _drain(running)
            continue
        if not data:
            break
        running.stdout += data
        _bound(running)
    while True:
        channel.settimeout(running.left())
        data = channel.recv_stderr(65536)
        if not data:
            return
        running.stderr += data
        _bound(running)


def _drain(running: _Running) -> None:
    channel = running.channel
    while channel.recv_stderr_ready():
        running.stderr += channel.recv_stderr(65536)
        _bound(running)
    while channel.recv_ready():
        running.stdout += channel.recv(65536)
        _bound(running)


def _bound(running: _Running) -> None:
    size = len(running.stdout) + len(running.stderr)
    if size > running.order.limit:
        raise RemoteFailed(
            f"`{brief(running.order.command)}` printed more than {running.order.limit} bytes",
            hint="write the output to a file on the host and read its end, or filter it there",
        )


def _exit_code(transport: Transport, running: _Running) -> int:
    """The exit code; -1 where the server tells none although it ended the command in order."""
    channel = running.channel
    channel.status_event.wait(min(running.left(), running.order.open_timeout))
    code = channel.exit_status
    if not channel.eof_received and gone(transport):
        raise lost(running.order.command)
    if code == -1 and gone(transport):
        raise lost(running.order.command)
    return code
