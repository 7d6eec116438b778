"""The PowerShell shell of a lab host: a PSRP runspace pool, versions 2.1 and 2.3, inside a WS-Management shell."""

from __future__ import annotations

import base64
import binascii
import struct
import uuid
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, TypeAlias

import psrpcore
from psrpcore.types import PSVersion, RunspacePoolState

from remediate.lab.winrm.pipeline import Pipeline, Runspaces
from remediate.lab.winrm.runspace import version_table
from remediate.lab.winrm.shells import ENVELOPE_OVERHEAD, Desk, Pipe, ShellBase, state_xml, stream_xml
from remediate.lab.winrm.soap import E_FAIL, NS, VERSION_MISMATCH, Fault, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND_LIMIT = 50 << 20
"""Bytes a client may send for one command. (unchecked: MaximumReceivedDataSizePerCommandMB of the session)"""
OBJECT_LIMIT = 10 << 20
"""Characters one object may have. (unchecked: MaximumReceivedObjectSizeMB)"""
NO_SUCH_COMMAND = 2150858843
Event: TypeAlias = "psrpcore.PSRPEvent[Any, Any]"
_MALFORMED = (psrpcore.PSRPCoreError, ValueError, LookupError, AttributeError, TypeError, struct.error, ET.ParseError)
"""What psrpcore raises for bytes that are no PSRP."""


class PsShell(ShellBase):
    """One runspace pool. ``condition`` is the one lock of everything psrpcore holds."""

    streams = ("stdin pr", "stdout")

    def __init__(self, desk: Desk, request: Request, user: str, address: str) -> None:
        super().__init__(desk, request, user, address)
        wanted = request.options.get("protocolversion", "")
        if wanted.partition(".")[0] != "2":
            reason = f"protocolversion {wanted or 'none'}: this host speaks {desk.version[0]}.{desk.version[1]}"
            raise Fault(VERSION_MISMATCH, reason, "w:InvalidOptions", sender=True)
        self._pool = psrpcore.ServerRunspacePool({"PSVersionTable": version_table(desk)})
        self._pool.our_capability.protocolversion = PSVersion(f"{desk.version[0]}.{desk.version[1]}")
        self._pipe = Pipe(self.condition)
        self._runspaces = Runspaces(desk, dict(self.environ), self.condition)
        self._pipelines: dict[str, Pipeline] = {}
        self._fragment = desk.max_envelope * 3 // 4 - ENVELOPE_OVERHEAD
        creation = request.child("rsp:Shell").findtext("ps:creationXml", "", dict(NS))
        self._feed(_decode(creation), "")

    # the Shell protocol

    def command(self, request: Request, line: ET.Element) -> str:  # noqa: ARG002
        """See ``Shell.command``: the arguments hold the first fragments of the pipeline."""
        command_id = _guid(line.get("CommandId"))
        with self.condition:
            if command_id in self._pipelines:
                raise _no_such(f"The command {command_id} exists already")
            self._pipelines[command_id] = Pipeline(self.desk, self._pool, command_id, self.condition)
        data = _decode("".join(part.text or "" for part in line.findall("rsp:Arguments", dict(NS))))
        try:
            self._feed(data, command_id)
        except Fault:
            self._forget(command_id)
            raise
        return command_id

    def send(self, stream: str, command_id: str, data: bytes, *, end: bool) -> None:  # noqa: ARG002
        """See ``Shell.send``; the end of input is a message of PSRP's own."""
        if command_id:
            pipeline = self._need(command_id)
            pipeline.received += len(data)
            if pipeline.received > COMMAND_LIMIT:
                raise _too_much(COMMAND_LIMIT)
        self._feed(data, command_id, stream)
        if command_id:
            self.desk.took(pipeline.taken)

    def receive(self, request: Request, command_id: str, limit: int) -> str:
        """See ``Shell.receive``: whole fragments only."""
        pipe = self._need(command_id).pipe if command_id else self._pipe
        chunks, done = pipe.take(request, limit, split=False)
        data = b"".join(chunk for _, chunk in chunks)
        stream = stream_xml("stdout", command_id, data) if data else ""
        return stream + (state_xml(command_id, done=done) if command_id else "")

    def signal(self, command_id: str, code: str) -> None:
        """See ``Shell.signal``."""
        pipeline = self._need(command_id)
        with self.condition:
            pipeline.stop()
            self._flush()
            pipeline.pipe.finish()
        if code.lower().endswith("terminate"):
            self._forget(command_id)

    def close(self) -> None:
        """See ``Shell.close``."""
        with self.condition:
            for command_id in list(self._pipelines):
                self._pipelines[command_id].pipe.finish()
                self._forget(command_id)
            if self._pool.state == RunspacePoolState.Opened:
                self._pool.close()
            self._flush()
            self._pipe.finish()

    # inside

    def _need(self, command_id: str) -> Pipeline:
        found = self._pipelines.get(command_id.upper())
        if found is None:
            raise _no_such(f"The command {command_id} does not exist")
        return found

    def _forget(self, command_id: str) -> None:
        with self.condition:
            pipeline = self._pipelines.pop(command_id.upper(), None)
            if pipeline is not None:
                pipeline.close()

    def _feed(self, data: bytes, command_id: str, stream: str = "stdin") -> None:
        kind = psrpcore.StreamType.prompt_response if stream == "pr" else psrpcore.StreamType.default
        key = uuid.UUID(command_id) if command_id else None
        with self.condition:
            try:
                self._pool.receive_data(psrpcore.PSRPPayload(data, kind, key))
                for event in self._events():
                    self._meet(event)
            except _MALFORMED as error:
                raise Fault(E_FAIL, f"the data is no PSRP: {error!r}", "w:SchemaValidationError", sender=True) from None
            self._flush()

    def _events(self) -> Iterator[Event]:
        while (event := self._pool.next_event()) is not None:
            yield event

    def _flush(self) -> None:
        """Put what psrpcore has ready where a Receive finds it."""
        while (payload := self._pool.data_to_send(self._fragment)) is not None:
            if payload.pipeline_id is None:
                self._pipe.put("stdout", payload.data)
                continue
            pipeline = self._pipelines.get(str(payload.pipeline_id).upper())
            if pipeline is not None:
                pipeline.pipe.put("stdout", payload.data)

    def _meet(self, event: Event) -> None:
        if isinstance(event, psrpcore.PipelineInputEvent | psrpcore.EndOfPipelineInputEvent):
            self._input(event)
        elif isinstance(event, psrpcore.CreatePipelineEvent | psrpcore.GetCommandMetadataEvent):
            pipeline = self._need(str(event.pipeline_id))
            pipeline.start(self._runspaces, lambda: self._pool.max_runspaces, self._flush)
        elif isinstance(event, psrpcore.SetMaxRunspacesEvent | psrpcore.SetMinRunspacesEvent):
            self._pool.runspace_availability_response(event.ci, event.count > 0)
            self.condition.notify_all()
        elif isinstance(event, psrpcore.GetAvailableRunspacesEvent):
            free = max(0, self._pool.max_runspaces - self._runspaces.busy)
            self._pool.runspace_availability_response(event.ci, free)
        elif isinstance(event, psrpcore.ResetRunspaceStateEvent):
            idle = self._runspaces.busy == 0 and self.desk.version >= (2, 3)
            if idle:
                self._runspaces.forget()
            self._pool.runspace_availability_response(event.ci, idle)
        elif not isinstance(
            event, psrpcore.SessionCapabilityEvent | psrpcore.InitRunspacePoolEvent | psrpcore.PublicKeyEvent
        ):
            self.desk.refuse(f"PSRP: not modelled: {type(event).__name__}")
            raise Fault(E_FAIL, f"lab: PSRP: not modelled: {type(event).__name__}", sender=True)

    def _input(self, event: Event) -> None:
        pipeline = self._pipelines.get(str(event.pipeline_id).upper())
        if pipeline is None:
            return
        if isinstance(event, psrpcore.PipelineInputEvent):
            if isinstance(event.data, str | bytes) and len(event.data) > OBJECT_LIMIT:
                raise _too_much(OBJECT_LIMIT)
            pipeline.feed(event.data)
        else:
            pipeline.end_input()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise Fault(E_FAIL, f"the data is no base64: {error}", "w:SchemaValidationError", sender=True) from None


def _guid(text: str | None) -> str:
    try:
        return str(uuid.UUID(text) if text else uuid.uuid4()).upper()
    except ValueError:
        raise Fault(E_FAIL, f"{text} is no GUID", "w:SchemaValidationError", sender=True) from None


def _no_such(reason: str) -> Fault:
    return Fault(NO_SUCH_COMMAND, reason, "w:InvalidSelectors", sender=True)


def _too_much(limit: int) -> Fault:
    reason = f"The total data received from the remote client exceeded the allowed maximum. The maximum is {limit}."
    return Fault(E_FAIL, reason, "w:QuotaLimit", sender=True)
