"""PowerShell remoting as a way to run cmd.exe command lines; the host needs nothing newer than PowerShell 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import WinRMError
from pypsrp.powershell import PowerShell, RunspacePool

from remediate.connections.order import Order, Taken, cut_off, lost
from remediate.connections.winrmwire import Wire
from remediate.connections.winrs import SHELL_IDLE, UNSENT, end_shell
from remediate.errors import Blocked, Deferred, Failed, RemoteFailed, Unreachable
from remediate.model import Output


class PowerShellPool:
    """A runspace pool of one; see ``winrs.CmdShell``. Every program it starts is cmd.exe."""

    name = "psrp"

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._pool = RunspacePool(
            wire.wsman, configuration_name=wire.options.winrm_configuration, idle_timeout=SHELL_IDLE
        )

    def open(self) -> None:
        """Makes the pool. Raises Unreachable."""
        with self._wire.words(), self._wire.starting():
            self._pool.open()
        self.name = f"psrp {self._pool.protocol_version}"

    def close(self, wire: Wire) -> None:
        """See ``winrs.end_shell``."""
        end_shell(self._pool.shell, wire)

    def run(self, order: Order, sent: Callable[[], None]) -> Output:
        """See ``SteadySession.perform``; standard input must be text, its last line ends with a newline."""
        taken = Taken.begin(order, self._wire.outside.clock)
        self._wire.carrier.deadline = taken.deadline
        shell = PowerShell(self._pool)
        shell.add_cmdlet("cmd.exe").add_argument("/c").add_argument(_line(order.command))
        self._begin(shell, order, sent)
        try:
            self._collect(shell, taken)
            code = self._exit_code(taken) if order.exit_code else 0
        except RemoteFailed:
            self._stop(shell)
            raise
        except Unreachable as error:
            raise lost(order.command, error.message) from None
        return taken.output(code)

    def _begin(self, shell: PowerShell, order: Order, sent: Callable[[], None]) -> None:
        try:
            with self._wire.words(), self._wire.starting():
                shell.begin_invoke(_objects(order.stdin))
        except (Blocked, Deferred, Failed) as error:
            if shell.state == PSInvocationState.NOT_STARTED:
                raise
            sent()
            self._stop(shell)
            raise cut_off(order, error) from None
        except Unreachable as error:
            if shell.state == PSInvocationState.NOT_STARTED and (error.kind in UNSENT or "closed the" in error.message):
                raise
            sent()
            raise lost(order.command, error.message) from None
        sent()

    def _collect(self, shell: PowerShell, taken: Taken) -> None:
        """Text lines as they come; a program's lines on stderr arrive as error records."""
        done = failed = 0
        while shell.state == PSInvocationState.RUNNING:
            with self._wire.words():
                shell.poll_invoke(timeout=self._wire.seconds(taken.left()))
            for line in shell.output[done:]:
                taken.stdout += f"{line}\r\n".encode()
            for record in shell.streams.error[failed:]:
                taken.stderr += f"{record}\r\n".encode()
            done, failed = len(shell.output), len(shell.streams.error)
            taken.bound()
        self._close(shell)
        if shell.state == PSInvocationState.FAILED:
            raise RemoteFailed(
                f"PowerShell could not run cmd.exe: {taken.output(-1).tail(2)}",
                output=taken.output(-1),
                hint="may this account start programs in its session configuration (winrm_configuration)?",
            )

    def _exit_code(self, taken: Taken) -> int:
        shell = PowerShell(self._pool)
        shell.add_script("$LASTEXITCODE")
        with self._wire.words():
            shell.begin_invoke()
            while shell.state == PSInvocationState.RUNNING:
                shell.poll_invoke(timeout=self._wire.seconds(taken.left()))
        self._close(shell)
        return _number(shell.output)

    def _close(self, shell: PowerShell) -> None:
        with suppress(Unreachable, WinRMError), self._wire.words():
            shell.close()

    def _stop(self, shell: PowerShell) -> None:
        with suppress(Unreachable, WinRMError), self._wire.words():
            shell.stop()


def _line(command: str) -> str:
    """A command line that PowerShell 2 to 5 hand over to cmd.exe unharmed: it must not begin with a quote.

    They put quotes round an argument with blanks unless it begins with one, and never escape those inside; cmd.exe
    takes the outer ones away again. (likely: from memory of PowerShell's binders)
    """
    return f"ver>nul & {command}" if command.lstrip().startswith('"') else command


def _objects(parts: Iterable[bytes]) -> Any:
    """Standard input as PowerShell's objects, each written to the program with a line end behind it; None for none."""

    def texts() -> Iterator[str]:
        for part in parts:
            if part:
                yield part.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")

    if parts == ():
        return None
    return texts()


def _number(output: list[object]) -> int:
    try:
        return int(str(output[-1]))
    except (IndexError, ValueError):
        return -1
