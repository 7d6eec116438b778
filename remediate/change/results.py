"""Results as JSON and back: what the journal keeps of a step, enough to give it to the walk once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from remediate import plain
from remediate.model import Fate, Json, Result, Status


def to_json(result: Result) -> dict[str, Json]:
    """Everything of a Result but its host, address, task and module, which the journal has beside it."""
    return {
        "status": result.status.value,
        "message": result.message,
        "remedy": result.remedy,
        "changes": [cast("Json", plain.change(change)) for change in result.changes],
        "fates": [fate.value for fate in result.fates],
        "before": dict(result.before),
        "after": dict(result.after),
        "extra": dict(result.extra),
        "columns": dict(result.columns),
        "notes": list(result.notes),
        "seconds": result.seconds,
        "recalled": result.recalled,
        "ignored": result.ignored,
        "touched": result.touched,
    }


def from_json(kept: Mapping[str, Any], *, address: str, host: str, task: str, module: str) -> Result:
    """The Result again; ``ValueError``, ``KeyError`` or ``TypeError`` for what ``to_json`` did not write."""
    return Result(
        address=address,
        host=host,
        task=task,
        module=module,
        status=Status(kept["status"]),
        message=str(kept["message"]),
        remedy=str(kept["remedy"]),
        changes=tuple(map(plain.restored, kept["changes"])),
        fates=tuple(map(Fate, kept.get("fates") or ())),
        before=dict(kept["before"]),
        after=dict(kept["after"]),
        extra=dict(kept["extra"]),
        columns={str(key): str(value) for key, value in kept["columns"].items()},
        notes=tuple(map(str, kept["notes"])),
        seconds=float(kept["seconds"]),
        recalled=bool(kept.get("recalled")),
        touched=bool(kept.get("touched", kept["status"] == Status.CHANGED)),
    )
