"""Runs one command on a line: deadline, bounded output, and the difference between refused, failed, late and lost."""

from __future__ import annotations

from collections.abc import Callable

from paramiko import Channel, ChannelException, SSHException, Transport

from remediate.connections.order import Order, Taken, cut_off, lost
from remediate.errors import Blocked, Deferred, RemoteFailed, Unreachable
from remediate.model import Output

_STEP = 0.25
"""Seconds between two looks at the other stream, when one is silent."""
_QUIET = 8
"""So many silent looks at stderr, of a command that has ended, are its end."""


def execute(
    transport: Transport,
    order: Order,
    clock: Callable[[], float],
    sent: Callable[[], None],
    prove: Callable[[], None],
) -> Output:
    """Runs the command to its end. ``sent`` is called right before it leaves: from then on it may have run; ``prove``
    before each part of its input, and raises what keeps that here.

    Raises Unreachable(kind='lost') when the line broke, RemoteFailed when the server refuses to run commands, the
    deadline passed, or there was more output than the limit.
    """
    channel = open_channel(transport, order.open_timeout)
    try:
        sent()
        _send(transport, channel, order)
        taken = Taken.begin(order, clock)
        try:
            _feed(channel, taken, prove)
            _collect(channel, taken)
            code = _exit_code(transport, channel, taken)
        except (SSHException, EOFError, OSError) as error:
            raise lost(order.command, str(error)) from None
        except (Blocked, Deferred) as error:
            raise cut_off(order, error) from None
        return taken.output(code)
    finally:
        channel.close()


def gone(transport: Transport, timeout: float) -> bool:
    """Whether the line is broken: asks the server for a channel, since one that closed tells nothing of the line."""
    try:
        transport.open_session(timeout=timeout).close()
    except ChannelException:  # an answer, if only a refusal
        return False
    except (SSHException, EOFError, OSError):
        return True
    return False


def open_channel(transport: Transport, timeout: float) -> Channel:
    """A new channel of the line; Unreachable or RemoteFailed say why there is none."""
    try:
        return transport.open_session(timeout=timeout)
    except ChannelException as error:
        raise RemoteFailed(f"the SSH server opens no more channels: {error}", hint="does it limit sessions?") from None
    except (SSHException, EOFError, OSError) as error:
        if transport.is_active() and "timeout" in str(error).lower():
            text, hint = (
                "does not open a channel in time",
                "the SSH server may hang: lengthen connect_timeout, or restart it",
            )
            raise Unreachable(f"the host {text}", kind="timeout", hint=hint) from None
        raise Unreachable(f"the connection was lost: {error}", kind="lost", hint="run again") from None


def _send(transport: Transport, channel: Channel, order: Order) -> None:
    channel.settimeout(order.open_timeout)
    try:
        channel.exec_command(order.command)
    except (SSHException, EOFError, OSError) as error:
        if gone(transport, order.open_timeout):
            raise lost(order.command, str(error)) from None
        raise RemoteFailed(
            f"the SSH server refuses to run commands: {error}",
            hint="allow this account commands (no sftp-only shell, no ForceCommand)",
        ) from None


def _feed(channel: Channel, taken: Taken, prove: Callable[[], None]) -> None:
    fed = False
    for part in taken.order.stdin:
        rest = bytes(part)
        while rest:
            prove()
            fed = True
            channel.settimeout(min(_STEP, taken.left()))
            try:
                rest = rest[channel.send(rest) :]
            except TimeoutError:  # the host may wait for us to take its output first
                _drain(channel, taken)
    if fed:
        prove()
    channel.shutdown_write()


def _collect(channel: Channel, taken: Taken) -> None:
    while True:
        channel.settimeout(min(_STEP, taken.left()))
        try:
            data = channel.recv(65536)
        except TimeoutError:
            _drain(channel, taken)
            continue
        if not data:
            break
        taken.stdout += data
        taken.bound()
    silent = 0
    while not (channel.exit_status_ready() and silent >= _QUIET):  # what it left behind may hold the stream for ever
        channel.settimeout(min(_STEP, taken.left()))
        try:
            data = channel.recv_stderr(65536)
        except TimeoutError:
            silent += 1
            continue
        if not data:
            return
        silent = 0
        taken.stderr += data
        taken.bound()


def _drain(channel: Channel, taken: Taken) -> None:
    while channel.recv_stderr_ready():
        taken.stderr += channel.recv_stderr(65536)
        taken.bound()
    while channel.recv_ready():
        taken.stdout += channel.recv(65536)
        taken.bound()


def _exit_code(transport: Transport, channel: Channel, taken: Taken) -> int:
    """The exit code; -1 where the server tells none although it ended the command in order."""
    channel.status_event.wait(min(taken.left(), taken.order.open_timeout))
    code = channel.exit_status
    if (code == -1 or not channel.eof_received) and gone(transport, taken.order.open_timeout):
        raise lost(taken.order.command)
    return code
