"""The WS-Management service of one lab host: its shells, their quota, and the answers it repeats when asked again."""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from remediate.lab.winrm import soap
from remediate.lab.winrm.shells import ENVELOPE_OVERHEAD, Desk, NewShell, Shell
from remediate.lab.winrm.soap import NS, Fault, Request

if TYPE_CHECKING:
    from remediate.lab.winrm.strikes import Strikes

ANSWERS_KEPT = 32
"""Answers to Receive that are given again to a client that repeats the message."""
ENVELOPE_2_0, ENVELOPE_3_0 = 153_600, 512_000
SHELLS_2_0, SHELLS_3_0 = 5, 30  # likely: the defaults of MaxShellsPerUser


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an HTTP answer; ``cut_short``: only half of it arrives, and the connection ends."""

    status: int
    body: bytes
    cut_short: bool = False


class Service:
    """One host's WinRM. ``makers``: resource URI (for PowerShell its beginning) -> what makes such shells."""

    def __init__(
        self, desk: Desk, makers: Mapping[str, NewShell], strikes: Strikes, before: Callable[[], None]
    ) -> None:
        self.desk = desk
        self._makers = makers
        self._strikes = strikes
        self._before = before
        self._shells: dict[str, Shell] = {}
        self._touched: dict[str, float] = {}
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def handle(self, data: bytes, user: str, address: str, gone: Callable[[], bool]) -> Answer:
        """The answer to one envelope; ``user`` "" for nobody. Raises Cut when there shall be none."""
        request: Request | None = None
        try:
            if len(data) > self.desk.max_envelope:
                text = f"The request exceeded the maximum envelope size of {self.desk.max_envelope} bytes."
                raise Fault(soap.ENVELOPE_TOO_LARGE, text, "w:EncodingLimit", sender=True)
            request = soap.parse(data, gone)
            if request.identify:
                return Answer(200, soap.envelope(request, self._identity(known=bool(user))))
            if not user:
                raise Fault(soap.ACCESS_DENIED, "Access is denied.", "w:AccessDenied")
            return self._carry_out(request, user, address)
        except Fault as fault:
            return Answer(fault.http, soap.fault_envelope(request, fault, self.desk.machine.name.upper()))

    def _carry_out(self, request: Request, user: str, address: str) -> Answer:
        if request.verb == "Receive":
            return self._receive(request)
        work = _VERBS.get(request.verb)
        if work is None:
            self.desk.refuse(f"action {request.action}")
            raise Fault(soap.E_FAIL, f"unsupported action {request.action}", "a:ActionNotSupported", sender=True)
        return Answer(200, soap.envelope(request, work(self, request, user, address)))

    def _identity(self, *, known: bool) -> str:
        os = self.desk.machine.os
        told = f"{os.version} SP: {os.service_pack}.0" if known else "0.0.0 SP: 0.0"
        stack = "2.0" if self.desk.version < (2, 2) else "3.0"
        return (
            f'<wsmid:IdentifyResponse xmlns:wsmid="{NS["id"]}"><wsmid:ProtocolVersion>{NS["w"]}</wsmid:ProtocolVersion>'
            "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
            f"<wsmid:ProductVersion>OS: {told} Stack: {stack}</wsmid:ProductVersion></wsmid:IdentifyResponse>"
        )

    # shells

    def _shell(self, request: Request) -> Shell:
        number = request.selectors.get("ShellId", "")
        with self._lock:
            found = self._shells.get(number.upper())
            if found is not None:
                self._touched[number.upper()] = self.desk.machine.monotonic()
                return found
        text = f"The request for the Windows Remote Shell with ShellId {number} failed because the shell was not found"
        raise Fault(soap.NO_SUCH_SHELL, f"{text} on the server.", "w:InvalidSelectors", sender=True)

    def _create(self, request: Request, user: str, address: str) -> str:
        maker = next((m for uri, m in self._makers.items() if _matches(request.resource, uri)), None)
        if maker is None:
            text = f"The resource URI ({request.resource}) was not found in the WS-Management catalog."
            raise Fault(soap.BAD_RESOURCE, text, "w:InvalidResourceURI", sender=True)
        self._reap()
        most = SHELLS_2_0 if self.desk.version < (2, 2) else SHELLS_3_0
        with self._lock:
            mine = sum(shell.user == user for shell in self._shells.values())
        if mine >= most or self._strikes.quota:
            text = f"This user is allowed a maximum number of {most} concurrent shells, which has been exceeded."
            raise Fault(soap.SHELL_QUOTA, text, "w:QuotaLimit", sender=True)
        shell = maker(self.desk, request, user, address)
        with self._lock:
            self._shells[shell.id.upper()] = shell
            self._touched[shell.id.upper()] = self.desk.machine.monotonic()
        return (
            f"<x:ResourceCreated><a:Address>{escape(request.to)}</a:Address><a:ReferenceParameters>"
            f"<w:ResourceURI>{escape(request.resource)}</w:ResourceURI><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{escape(shell.id)}</w:Selector></w:SelectorSet></a:ReferenceParameters>'
            f"</x:ResourceCreated>{shell.describe()}"
        )

    def _reap(self) -> None:
        """End shells nobody has used for longer than the idle time-out, as those of a client that died."""
        with self._lock:
            now = self.desk.machine.monotonic()
            idle = [n for n, at in self._touched.items() if now - at > self._shells[n].idle_seconds]
        for number in idle:
            self._drop(number)

    def _drop(self, number: str) -> None:
        with self._lock:
            shell = self._shells.pop(number.upper(), None)
            self._touched.pop(number.upper(), None)
        if shell is not None:
            shell.close()

    def close_all(self) -> None:
        """End every shell: the host restarts or is put back."""
        for number in list(self._shells):
            self._drop(number)

    @property
    def open_shells(self) -> int:
        return len(self._shells)

    # what is done in a shell

    def _command(self, request: Request, _user: str, _address: str) -> str:
        shell = self._shell(request)
        self._before()
        number = shell.command(request, request.child("rsp:CommandLine"))
        return f"<rsp:CommandResponse><rsp:CommandId>{escape(number)}</rsp:CommandId></rsp:CommandResponse>"

    def _send(self, request: Request, _user: str, _address: str) -> str:
        shell = self._shell(request)
        for stream in request.child("rsp:Send").findall("rsp:Stream", dict(NS)):
            end = stream.get("End", "").lower() in ("true", "1")
            shell.send(stream.get("Name", ""), stream.get("CommandId", ""), _bytes(stream.text), end=end)
        return "<rsp:SendResponse/>"

    def _receive(self, request: Request) -> Answer:
        with self._lock:
            kept = self._answers.get(request.message_id)
        if kept is not None:
            return Answer(200, kept)
        shell = self._shell(request)
        self._strikes.before_receive(request.gone)
        wanted = request.child("rsp:Receive").find("rsp:DesiredStream", dict(NS))
        limit = (min(request.max_envelope, self.desk.max_envelope) - ENVELOPE_OVERHEAD) * 3 // 4
        told = shell.receive(request, wanted.get("CommandId", "") if wanted is not None else "", limit)
        body = soap.envelope(request, f"<rsp:ReceiveResponse>{told}</rsp:ReceiveResponse>")
        with self._lock:
            self._answers[request.message_id] = body
            while len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return Answer(200, body, cut_short=self._strikes.cuts_reply())

    def _signal(self, request: Request, _user: str, _address: str) -> str:
        signal = request.child("rsp:Signal")
        self._shell(request).signal(signal.get("CommandId", ""), signal.findtext("rsp:Code", "", dict(NS)))
        return "<rsp:SignalResponse/>"

    def _delete(self, request: Request, _user: str, _address: str) -> str:
        self._drop(self._shell(request).id)
        return ""

    def _get(self, request: Request, _user: str, _address: str) -> str:
        if request.resource == soap.CONFIG_URI:
            kilobytes = self.desk.max_envelope // 1024
            told = f"<cfg:MaxEnvelopeSizekb>{kilobytes}</cfg:MaxEnvelopeSizekb>"
            return f'<cfg:Config xmlns:cfg="{NS["cfg"]}">{told}</cfg:Config>'
        if request.resource == soap.SHELL_URI or request.resource.startswith((soap.CMD_URI, soap.POWERSHELL_URI)):
            return self._shell(request).describe()
        self.desk.refuse(f"Get of {request.resource}")
        raise Fault(soap.BAD_RESOURCE, f"{request.resource} was not found.", "w:InvalidResourceURI", sender=True)


def _matches(resource: str, uri: str) -> bool:
    return resource == uri or (uri.endswith("/") and resource.lower() == f"{uri}microsoft.powershell")


def _bytes(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "")
    except ValueError:
        raise Fault(soap.E_FAIL, "the stream is not base64", "w:SchemaValidationError", sender=True, http=400) from None


_VERBS: Mapping[str, Callable[[Service, Request, str, str], str]] = MappingProxyType(
    {
        "Create": Service._create,
        "Command": Service._command,
        "Send": Service._send,
        "Signal": Service._signal,
        "Delete": Service._delete,
        "Get": Service._get,
    }
)
