"""The Session over WinRM: a cmd shell, or PowerShell where that is refused; made anew when it breaks, always closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pypsrp.exceptions import WinRMError

from remediate.connections import bytext
from remediate.connections.base import Road, Say
from remediate.connections.order import Order
from remediate.connections.reconnect import PASSING, insist
from remediate.connections.scriptrun import ANSWER_LIMIT, Attachment, Script, by_stdin
from remediate.connections.sealed import Sealed
from remediate.connections.shared import Shared
from remediate.connections.steady import SteadySession
from remediate.connections.warrant import deed
from remediate.connections.winrmerrors import ShellRefused
from remediate.connections.winrmoptions import WinrmOptions
from remediate.connections.winrmwire import Wire, wire
from remediate.connections.winrs import CmdShell
from remediate.errors import Unreachable
from remediate.model import Endpoint, Output


class Shell(Protocol):
    """A shell on the host: ``winrs.CmdShell`` or ``psrp.PowerShellPool``."""

    name: str

    def open(self) -> None: ...

    def close(self, wire: Wire) -> None: ...

    def run(self, order: Order, sent: Callable[[], None]) -> Output: ...


class WinrmSession(SteadySession):
    """See ``base.Session``. Thread-safe: commands of one host take turns, for one WSMan client serves one thread."""

    def __init__(self, endpoint: Endpoint, shared: Shared, say: Say) -> None:
        self._options = WinrmOptions.of(endpoint)
        super().__init__(endpoint, self._options, shared, say)
        self._turn = threading.RLock()
        self._wire: Wire | None = None
        self._shell: Shell | None = None
        self._old: list[Shell] = []
        """Shells of lines that were lost: they count among the account's few until somebody ends them."""
        self._cmd_refused = self._options.winrm_shell == "powershell"
        self._envelope = 0
        if self._options.winrm_scheme == "https":
            if self._options.winrm_server_cert_validation == "ignore" and not self._options.winrm_fingerprint:
                self.note(
                    f"the certificate of {endpoint.address} is not checked (winrm_server_cert_validation: ignore)"
                )
        elif self._options.winrm_encryption == "never":
            self.note(f"messages to {endpoint.address} can be read on the way (winrm_encryption: never)")

    @property
    def folder(self) -> str:
        """Asks the host when no script has told it yet."""
        if not self.learned_folder:
            told = self.steadily(lambda: self.execute(f"echo {self.remote_folder}", timeout=60, exit_code=False))
            self.learned_folder = told.stdout.strip()
        return self.learned_folder or self.remote_folder

    @property
    def road(self) -> Road:
        options, shell, line = self._options, self._shell, self._wire
        over = options.winrm_scheme
        if (over == "http" or options.winrm_encryption == "always") and options.winrm_encryption != "never":
            over += ", sealed"
        name = shell.name if shell is not None else ("psrp" if self._cmd_refused else "winrs")
        auth = line.carrier.login if line is not None and shell is not None else ""
        return Road(name=f"{name} over {over}", auth=auth, server=line.carrier.server if line is not None else "")

    @property
    def connected(self) -> bool:
        return self._shell is not None

    def put(self, local: Path, remote: str, *, sha256: str = "") -> None:
        sealed = Sealed(local, sha256=sha256, block=bytext.PIECE)
        if sealed.size > bytext.PIECE:
            self._widen()
        with deed(self.warrant):
            bytext.put(self, sealed, remote)

    def get(self, remote: str, *, limit: int = 1_000_000) -> bytes:
        return bytext.get(self, remote, limit)

    def hash(self, remote: str) -> str:
        return bytext.digest(self, remote)

    def drop(self) -> None:
        """The shell is left behind: the next one ends it first, and whatever still runs in it."""
        with self._turn:
            shell, self._shell = self._shell, None
            line, self._wire = self._wire, None
            if shell is not None:
                self._old.append(shell)
                self._broken = True
            if line is not None:
                line.close()

    def close(self) -> None:
        """Ends the shells; a command another thread still runs in one is ended with it."""
        mine = self._turn.acquire(blocking=False)
        try:
            shells = [*self._old, *([self._shell] if self._shell is not None else [])]
            line = self._wire if mine else None
            if shells:
                line = line or wire(self._endpoint, self._options, self._shared, self.prove)
                self._end(shells, line)
            self._old, self._shell = [], None
            if line is not None:
                line.close()
            if mine:
                self._wire = None
        finally:
            if mine:
                self._turn.release()
        self._broken = False

    def _end(self, shells: list[Shell], line: Wire) -> None:
        line.carrier.hurry()
        for shell in shells:
            try:
                shell.close(line)
            except Unreachable as error:
                if error.kind != "lost":
                    return
                with suppress(Unreachable):
                    shell.close(line)

    def perform(self, order: Order) -> Output:
        with self._turn:
            if self._shell is None:
                self._shell = self._open()
            self.prove()
            return self._shell.run(order, self.count)

    def deliver(self, nonce: str, script: Script, timeout: float, attachment: Attachment | None) -> Output:
        command, stdin = by_stdin(self.remote_folder, nonce, script, attachment)
        return self.execute(command, stdin=stdin, timeout=timeout, limit=ANSWER_LIMIT, exit_code=False, inert=True)

    def _open(self) -> Shell:
        """A first connection is tried once; one that was lost, for ``reconnect_timeout``; a full host, for its time."""
        try:
            return self._connected()
        except Unreachable as error:
            limit = self._options.winrm_quota_timeout
            if error.kind != "quota" or not limit:
                raise
        self.say("every shell of the account is in use: waiting for those of earlier runs to end")
        return insist(self._connected, replace(self.patience(), limit=limit), PASSING | {"quota"})

    def _connected(self) -> Shell:
        if not self._broken:
            return self._attempt()
        self.say("connecting again")
        return insist(self._attempt, self.patience())

    def _attempt(self) -> Shell:
        line = wire(self._endpoint, self._options, self._shared, self.prove)
        if self._envelope:
            line.wsman.update_max_payload_size(self._envelope)
        try:
            for old in tuple(self._old):
                old.close(line)
                with suppress(ValueError):  # somebody who closes the session ends them all meanwhile
                    self._old.remove(old)
            shell = self._shell_on(line)
        except BaseException:
            line.close()
            raise
        self._wire = line
        return shell

    def _shell_on(self, line: Wire) -> Shell:
        if not self._cmd_refused:
            shell: Shell = CmdShell(line)
            try:
                shell.open()
            except ShellRefused as error:
                if self._options.winrm_shell != "auto":
                    raise
                refused = error
            else:
                return shell
        from remediate.connections.psrp import PowerShellPool

        shell = PowerShellPool(line)
        try:
            shell.open()
        except Unreachable:
            self._old.append(shell)  # it may be there, half made
            if self._cmd_refused:
                raise
            raise refused from None
        if self._cmd_refused:
            return shell
        self._cmd_refused = True
        self.note(f"PowerShell is used: {refused.message}")
        return shell

    def _widen(self) -> None:
        """Larger messages where the host takes them; it may not tell this account, and then they stay small."""
        with self._turn:
            if self._envelope or self._wire is None or not isinstance(self._shell, CmdShell):
                return
            with suppress(Unreachable, WinRMError, ValueError), self._wire.words():
                self._wire.wsman.update_max_payload_size()
            self._envelope = self._wire.wsman.max_envelope_size
