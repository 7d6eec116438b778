"""pypsrp's client straight on a PowerShell shell of the lab: the same envelopes, without HTTP in between."""

from __future__ import annotations

import base64
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from pypsrp.client import Client
from pypsrp.exceptions import WinRMTransportError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

from remediate.lab.shell import execute
from remediate.lab.winrm import soap
from remediate.lab.winrm.psrp import PsShell
from remediate.lab.winrm.shells import ENVELOPE_OVERHEAD, Desk
from tests.lab.bare import Bare
from tests.patience import LIMIT


class Straight:
    """A bare host with one WinRM service that knows only PowerShell shells; also pypsrp's transport."""

    def __init__(self, version: tuple[int, int] = (2, 1)) -> None:
        self.host = Bare()
        self.machine = self.host.machine
        self.lines: list[str] = []
        """What cmd.exe of the host was given."""
        self.hold: Callable[[], None] = lambda: None
        """Called while a command runs."""
        self.taken: list[int] = []
        self.saved: list[int] = []
        """Counts of the machine's changes at the moments its state was written down."""
        self.waiting = threading.Event()
        """A Receive has found nothing and waits."""
        self.shells: dict[str, PsShell] = {}
        small = version < (2, 2)
        self.desk = Desk(
            machine=self.machine,
            version=version,
            max_envelope=153_600 if small else 512_000,
            idle_seconds=7200,
            run=self._run,
            took=self.taken.append,
            save=lambda: self.saved.append(self.machine.changed),
        )

    def _run(
        self, line: str, stdin: Callable[[], bytes], folder: str, environ: Mapping[str, str]
    ) -> tuple[bytes, bytes, int]:
        self.lines.append(line)
        self.hold()
        before = dict(self.machine.environ)
        self.machine.environ |= environ
        try:
            return execute(self.machine, line, stdin())
        finally:
            self.machine.environ = before

    endpoint = "http://127.0.0.1:5985/wsman"

    # the client's side

    def wsman(self) -> WSMan:
        found = WSMan("127.0.0.1", ssl=False, auth="basic", username="u", password="p", encryption="never")
        found.transport = cast(Any, self)
        return found

    def client(self) -> Client:
        found = Client("127.0.0.1", ssl=False, auth="basic", username="u", password="p", encryption="never")
        found.wsman.transport = cast(Any, self)
        return found

    def pool(self, **more: Any) -> RunspacePool:
        return RunspacePool(self.wsman(), **more)

    # pypsrp's transport

    def send(self, message: bytes, **_: object) -> bytes:
        request = replace(soap.parse(message), timeout=LIMIT, gone=self._waits)
        try:
            return soap.envelope(request, self._answer(request))
        except soap.Fault as fault:
            text = soap.fault_envelope(request, fault, "ex1").decode()
            raise WinRMTransportError("http", fault.http, text) from None

    def _waits(self) -> bool:
        self.waiting.set()
        return False

    def close(self) -> None:
        """Nothing to close."""

    def _answer(self, request: soap.Request) -> str:
        if request.verb == "Create":
            shell = PsShell(self.desk, request, "u", "127.0.0.1")
            self.shells[shell.id] = shell
            selector = f'<w:SelectorSet><w:Selector Name="ShellId">{shell.id}</w:Selector></w:SelectorSet>'
            return f"<x:ResourceCreated><a:ReferenceParameters>{selector}</a:ReferenceParameters></x:ResourceCreated>"
        return self._shell(request, self.shells[request.selectors["ShellId"]])

    def _shell(self, request: soap.Request, shell: PsShell) -> str:
        names = dict(soap.NS)
        if request.verb == "Command":
            command_id = shell.command(request, request.child("rsp:CommandLine"))
            return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"
        if request.verb == "Send":
            stream = request.child("rsp:Send/rsp:Stream")
            shell.send(
                stream.get("Name", ""), stream.get("CommandId", ""), base64.b64decode(stream.text or ""), end=False
            )
            return "<rsp:SendResponse/>"
        if request.verb == "Receive":
            wanted = request.child("rsp:Receive/rsp:DesiredStream").get("CommandId", "")
            limit = (min(request.max_envelope, self.desk.max_envelope) - ENVELOPE_OVERHEAD) * 3 // 4
            return f"<rsp:ReceiveResponse>{shell.receive(request, wanted, limit)}</rsp:ReceiveResponse>"
        if request.verb == "Signal":
            signal = request.child("rsp:Signal")
            shell.signal(signal.get("CommandId", ""), signal.findtext("rsp:Code", "", names))
            return "<rsp:SignalResponse/>"
        assert request.verb == "Delete", request.verb
        shell.close()
        del self.shells[shell.id]
        return ""


def cmdlet(pool: RunspacePool, name: str, *words: object, **named: object) -> PowerShell:
    """A pipeline of one command, carried out."""
    shell = PowerShell(pool).add_cmdlet(name)
    for word in words:
        shell.add_argument(word)
    for parameter, value in named.items():
        shell.add_parameter(parameter, value)
    shell.invoke()
    return shell


def script(pool: RunspacePool, text: str, given: Iterator[object] | None = None) -> PowerShell:
    """A pipeline of one script, carried out."""
    shell = PowerShell(pool).add_script(text)
    shell.invoke(input=given)
    return shell


def errors(shell: PowerShell) -> list[str]:
    return [str(error) for error in shell.streams.error]


def error_ids(shell: PowerShell) -> list[str | None]:
    return [error.fq_error for error in shell.streams.error]


def in_thread(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True, name=f"test-{uuid.uuid4()}")
    thread.start()
    return thread
