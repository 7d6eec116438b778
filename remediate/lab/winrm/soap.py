"""WS-Management envelopes of the lab's WinRM: a request read, an answer or a fault written."""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.sax.saxutils import escape, quoteattr

NS = MappingProxyType(
    {
        "s": "http://www.w3.org/2003/05/soap-envelope",
        "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
        "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
        "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
        "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
        "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
        "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
        "cfg": "http://schemas.microsoft.com/wbem/wsman/1/config",
        "id": "http://schemas.dmtf.org/wbem/wsman/identify/1/wsmanidentity.xsd",
        "ps": "http://schemas.microsoft.com/powershell",
    }
)
SHELL_URI = NS["rsp"]
CMD_URI = f"{SHELL_URI}/cmd"
POWERSHELL_URI = "http://schemas.microsoft.com/powershell/"
CONFIG_URI = NS["cfg"]
_DECLARED = " ".join(f'xmlns:{name}="{NS[name]}"' for name in ("s", "a", "w", "p", "rsp", "x"))
_ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
_DURATION = re.compile(r"PT(?:(\d+)M)?(?:([\d.]+)S)?")

ACCESS_DENIED = 5
TIMED_OUT = 2150858793
"""0x80338029: OperationTimeout passed; clients ask again."""
NO_SUCH_SHELL = 2150858843
"""0x8033805B."""
BAD_RESOURCE = 2150858811
ENVELOPE_TOO_LARGE = 2150858882
SHELL_QUOTA = 2150859173
"""0x803381A5: too many shells of this user."""
VERSION_MISMATCH = 2152991685
E_FAIL = 2147500037


class Fault(Exception):
    """A WSManFault: ``code`` as clients see it in decimal, ``reason`` for people."""

    def __init__(
        self, code: int, reason: str, subcode: str = "w:InternalError", *, sender: bool = False, http: int = 500
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.subcode = subcode
        self.sender = sender
        """The request was wrong, rather than the service in trouble."""
        self.http = http


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One envelope as a client sent it; ``timeout`` in seconds, ``max_envelope`` in bytes."""

    body: ET.Element
    identify: bool = False
    action: str = ""
    message_id: str = ""
    resource: str = ""
    to: str = ""
    max_envelope: int = 153_600
    timeout: float = 60.0
    selectors: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    gone: Callable[[], bool] = lambda: False
    """Whether the client's connection has been cut since: an answer would be lost."""

    @property
    def verb(self) -> str:
        """The last word of the action: Create, Command, Send, Receive, Signal, Delete, Get ..."""
        return self.action.rsplit("/", 1)[-1]

    def child(self, name: str) -> ET.Element:
        """The element ``name`` (``rsp:Shell``) of the body; Fault when there is none."""
        found = self.body.find(name, dict(NS))
        if found is None:
            raise Fault(E_FAIL, f"{name} is missing", "w:SchemaValidationError", sender=True, http=400)
        return found


def parse(data: bytes, gone: Callable[[], bool] = lambda: False) -> Request:
    """Read an envelope; Fault for what is none. Document types, and with them entities, are refused."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise _malformed("document types are not allowed")
    try:
        root = ET.fromstring(data)  # noqa: S314 - without a document type there is nothing to expand
    except ET.ParseError as error:
        raise _malformed(str(error)) from None
    body = root.find("s:Body", dict(NS))
    if body is None:
        raise _malformed("there is no body")
    if body.find("id:Identify", dict(NS)) is not None:
        return Request(body=body, identify=True)
    head = root.find("s:Header", dict(NS))
    if head is None:
        raise _malformed("there is no header")
    return Request(
        body=body,
        action=_text(head, "a:Action"),
        message_id=_text(head, "a:MessageID"),
        resource=_text(head, "w:ResourceURI"),
        to=_text(head, "a:To"),
        max_envelope=_whole(_text(head, "w:MaxEnvelopeSize"), 153_600),
        timeout=seconds(_text(head, "w:OperationTimeout"), 60.0),
        selectors=_pairs(head, "w:SelectorSet/w:Selector"),
        options=_pairs(head, "w:OptionSet/w:Option"),
        gone=gone,
    )


def _malformed(why: str) -> Fault:
    return Fault(E_FAIL, f"malformed request: {why}", "w:SchemaValidationError", sender=True, http=400)


def _text(head: ET.Element, path: str) -> str:
    return (head.findtext(path, "", dict(NS)) or "").strip()


def _whole(text: str, default: int) -> int:
    if not text.isdecimal():
        return default
    return max(8192, min(int(text), 1 << 24))


def seconds(text: str, default: float) -> float:
    """An XML duration of minutes and seconds, as clients write OperationTimeout."""
    found = _DURATION.fullmatch(text)
    if not found or not (found[1] or found[2]):
        return default
    try:
        return int(found[1] or 0) * 60 + float(found[2] or 0)
    except ValueError:
        return default


def _pairs(head: ET.Element, path: str) -> dict[str, str]:
    return {element.get("Name", ""): element.text or "" for element in head.findall(path, dict(NS))}


def envelope(request: Request | None, body: str, action: str = "") -> bytes:
    """An answer around ``body`` (XML that is already escaped)."""
    answered = request.message_id if request else ""
    named = action or (f"{request.action}Response" if request else "")
    return (
        f'<s:Envelope xml:lang="en-US" {_DECLARED}><s:Header><a:Action>{escape(named)}</a:Action>'
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{_ANONYMOUS}</a:To>"
        f"<a:RelatesTo>{escape(answered)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault_envelope(request: Request | None, fault: Fault, machine: str) -> bytes:
    """The fault as WinRM writes it, told by the host ``machine``."""
    reason = escape(fault.reason)
    body = (
        f"<s:Fault><s:Code><s:Value>s:{'Sender' if fault.sender else 'Receiver'}</s:Value>"
        f"<s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault xmlns:f="{NS["f"]}" Code="{fault.code}" Machine={quoteattr(machine)}>'
        f"<f:Message>{reason}</f:Message></f:WSManFault></s:Detail></s:Fault>"
    )
    return envelope(request, body, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault")
