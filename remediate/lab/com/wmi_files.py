"""CIM_DataFile by exact name, and Win32_NTLogEvent by a condition."""

from __future__ import annotations

import re
from collections.abc import Iterable

from remediate.lab import paths
from remediate.lab.com.fso_items import file_version
from remediate.lab.com.run import Run
from remediate.lab.com.wmi_objects import Values, WmiClass
from remediate.lab.com.wmi_system import cim_time
from remediate.lab.com.wql import BadQueryError, Query
from remediate.lab.errors import LabError

FILE_NAMES = ("Name", "Caption", "FileName", "Extension", "Drive", "Path", "FileSize", "Version", "LastModified")
EVENT_NAMES = ("Logfile", "RecordNumber", "EventCode", "EventIdentifier", "SourceName", "Type", "EventType", "Message")
EVENT_TIMES = ("TimeGenerated", "TimeWritten", "ComputerName", "InsertionStrings")
EVENT_TYPES = {"Error": 1, "Warning": 2, "Information": 3, "Audit Success": 4, "Audit Failure": 5}


def classes() -> tuple[WmiClass, ...]:
    return (
        WmiClass(name="CIM_DataFile", rows=_files, properties=(*FILE_NAMES, "Hidden", "System", "Writeable", "Status")),
        WmiClass(
            name="Win32_NTLogEvent",
            rows=_events,
            key=("Logfile", "RecordNumber"),
            properties=(*EVENT_NAMES, *EVENT_TIMES),
        ),
    )


def _files(run: Run, query: Query | None) -> Iterable[Values]:
    """Only an exact ``Name = '...'`` is answered: anything else would scan all disks, on Windows too."""
    name = query.equal.get("name") if query else None
    if name is None:
        raise BadQueryError
    files = run.machine.files
    if not files.is_file(name):
        return
    try:
        path = files.real_path(name).lower()
    except LabError:
        return
    entry = files.stat(name)
    stem, _, extension = paths.base(path).rpartition(".")
    yield {
        "Name": path,
        "Caption": path,
        "Description": path,
        "FileName": stem or extension,
        "Extension": extension if stem else "",
        "Drive": path[:2],
        "Path": paths.join(paths.parent(path), "")[2:],
        "FileSize": str(entry.size),
        "Version": file_version(entry) or None,
        "LastModified": cim_time(run, entry.modified),
        "Hidden": entry.hidden,
        "System": bool(entry.attributes & 4),
        "Writeable": not entry.attributes & 1,
        "Status": "OK",
    }


def _events(run: Run, query: Query | None) -> Iterable[Values]:
    if query is None or not query.names & {"logfile", "eventcode", "sourcename", "timegenerated", "timewritten"}:
        raise BadQueryError
    for entry in reversed(run.machine.eventlog.entries()):
        written = cim_time(run, entry.written, fraction=False)
        yield {
            "Logfile": entry.log,
            "RecordNumber": entry.number,
            "EventCode": entry.event_id,
            "EventIdentifier": entry.event_id,
            "SourceName": entry.source,
            "Type": entry.type.lower(),
            "EventType": EVENT_TYPES[entry.type],
            "Message": entry.message,
            "InsertionStrings": re.findall(r'"([^"]+)"', entry.message) or [entry.message],
            "TimeGenerated": written,
            "TimeWritten": written,
            "ComputerName": run.environ.get("COMPUTERNAME", ""),
        }
