"""The cmd shell of WinRM: one shell for all commands of a session, standard input as a plain pipe, own deadlines."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress

from pypsrp.exceptions import WSManFaultError
from pypsrp.shell import CommandState, SignalCode, WinRS
from pypsrp.wsman import NAMESPACES, OptionSet

from remediate.connections.order import Order, Taken, cut_off, lost
from remediate.connections.winrmerrors import NO_SHELL, TIMED_OUT
from remediate.connections.winrmwire import Wire
from remediate.errors import HostError, Reach, Unreachable
from remediate.model import Output

UNSENT: frozenset[Reach] = frozenset({"name", "refused", "timeout", "auth", "denied", "quota", "tls"})
"""Troubles that come before a message has left."""
_RSP = NAMESPACES["rsp"]
SHELL_IDLE = 60
"""Seconds after which a host may end a shell nobody uses: a dead controller does not use up its quota for long."""


class CmdShell:
    """A shell on a host. For one thread at a time, but for ``close``."""

    name = "winrs"

    def __init__(self, wire: Wire) -> None:
        self._shell = WinRS(wire.wsman, idle_time_out=SHELL_IDLE)
        self._wire = wire

    def open(self) -> None:
        """Makes the shell. Raises Unreachable."""
        with self._wire.words(), self._wire.starting():
            self._shell.open()

    def close(self, wire: Wire) -> None:
        """See ``end_shell``."""
        end_shell(self._shell, wire)

    def run(self, order: Order, sent: Callable[[], None]) -> Output:
        """See ``SteadySession.perform``; ``sent`` is called when the command may have left."""
        taken = Taken.begin(order, self._wire.outside.clock)
        self._wire.carrier.deadline = taken.deadline
        command = self._begin(order, sent)
        try:
            self._feed(command, order.stdin, taken)
            code = self._collect(command, taken)
        except Unreachable as error:
            raise lost(order.command, error.message) from None
        except HostError as error:
            self._end(command)
            raise cut_off(order, error) from None
        self._end(command)
        return taken.output(code)

    def _begin(self, order: Order, sent: Callable[[], None]) -> str:
        options = OptionSet()
        options.add_option("WINRS_CONSOLEMODE_STDIN", "FALSE")  # a console would cut and change what is fed
        options.add_option("WINRS_SKIP_CMD_SHELL", "FALSE")
        line = ET.Element(f"{{{_RSP}}}CommandLine")
        ET.SubElement(line, f"{{{_RSP}}}Command").text = order.command
        shell = self._shell
        try:
            with self._wire.words(), self._wire.starting():
                try:
                    answer = shell.wsman.command(
                        shell.resource_uri, line, option_set=options, selector_set=shell._selector_set
                    )
                except WSManFaultError as error:
                    if error.code in NO_SHELL:
                        raise Unreachable("the host has closed the shell", kind="lost", hint="run again") from None
                    sent()
                    raise
        except Unreachable as error:
            if error.kind not in UNSENT and "closed the shell" not in error.message:
                sent()
                raise lost(order.command, error.message) from None
            raise
        sent()
        return str(answer.findtext("rsp:CommandResponse/rsp:CommandId", "", NAMESPACES))

    def _feed(self, command: str, parts: Iterable[bytes], taken: Taken) -> None:
        """A command that has ended takes no more; that is no trouble. The end of what was no input starts nothing."""
        size = self._shell.wsman.max_payload_size
        fed = False
        with self._wire.words(), suppress(_Ended):
            for part, end in _messages(parts, size):
                taken.left()
                fed = fed or bool(part)
                with self._wire.starting() if fed else nullcontext():
                    self._send(command, part, end)

    def _send(self, command: str, part: bytes, end: bool) -> None:
        try:
            self._shell.send("stdin", part, command, end=end)
        except WSManFaultError as error:
            if error.code == TIMED_OUT:
                raise
            raise _Ended from None

    def _collect(self, command: str, taken: Taken) -> int:
        while True:
            seconds = self._wire.seconds(taken.left())
            with self._wire.words():
                try:
                    state, code, streams = self._shell.receive("stdout stderr", command, timeout=seconds)
                except WSManFaultError as error:
                    if error.code == TIMED_OUT:
                        continue
                    raise
            taken.stdout += streams["stdout"]
            taken.stderr += streams["stderr"]
            taken.bound()
            if state == CommandState.DONE:
                return 0 if code is None else code

    def _end(self, command: str) -> None:
        """Gives the command's place in the shell free; what still runs is ended."""
        with suppress(Unreachable), self._wire.words():
            self._shell.signal(SignalCode.TERMINATE, command)


def end_shell(shell: WinRS, wire: Wire) -> None:
    """Ends a shell and all that runs in it, over any wire, while others use it; also one that is gone already."""
    if not shell.opened:
        return
    with wire.words():
        try:
            wire.wsman.delete(shell.resource_uri, selector_set=shell._selector_set)
        except WSManFaultError as error:
            if error.code not in NO_SHELL:
                raise


class _Ended(Exception):
    """The command takes no more input."""


def _messages(parts: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in messages as large as they may be; the last one says so."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        while len(waiting) > size:
            yield bytes(waiting[:size]), False
            del waiting[:size]
    yield bytes(waiting), True
