"""Approvals as files beside their plan: PLAN.approval-KEY, one for each key, to be sent and copied like the plan."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from remediate.approvals.model import Statement
from remediate.errors import UserError
from remediate.model import Source
from remediate.planfile import codec
from remediate.secrets import files

MARK = ".approval-"
LARGEST = 100_000
"""Bytes of an approval."""
READ = 0o444
MOST = 100
"""Approvals looked at beside one plan."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One file: what was signed, byte for byte, and the signature; ``fault`` where it is no approval at all."""

    name: str
    signed: bytes = b""
    statement: Statement | None = None
    signature: str = ""
    fault: str = ""
    data: bytes = b""
    """The file as it is, where it is an approval."""


def signed_bytes(statement: Statement) -> bytes:
    """What the key signs: the statement as canonical JSON."""
    return codec.canonical(codec.plain(statement))


def save(plan: Path, statement: Statement, signature: str, key: str) -> Path:
    """Write an approval beside its plan, for those to read who may read the plan; one of the same key is replaced. Its
    path."""
    short = re.sub(r"[^A-Za-z0-9]", "", key.removeprefix("SHA256:"))[:12]
    path = plan.with_name(f"{plan.name}{MARK}{short}")
    document = {"statement": codec.plain(statement), "signature": signature}
    try:
        files.replace(path, json.dumps(document, indent=2, sort_keys=True).encode() + b"\n")
        _as_readable_as(plan, path)
    except OSError as error:
        hint = "copy the plan to a folder of yours and approve it there: the approval is a file that can be sent"
        raise UserError(
            f"the approval cannot be saved: {error.strerror}", source=Source(str(path)), hint=hint
        ) from None
    return path


def _as_readable_as(plan: Path, path: Path) -> None:
    """Whoever applies a plan that is shared by its group has to see the approvals of others."""
    like = plan.stat()
    with suppress(OSError):
        os.chown(path, -1, like.st_gid)
    if path.stat().st_gid == like.st_gid:
        path.chmod(files.FILE | stat.S_IMODE(like.st_mode) & READ)


def found(plan: Path, kept: Mapping[str, bytes] = MappingProxyType({})) -> list[Paper]:
    """The approvals beside a plan, by name; ``kept``: those of an earlier time (name -> content), for what is gone."""
    try:
        every = list(plan.parent.iterdir()) if plan.parent.exists() else []
    except OSError as error:
        raise UserError(f"its approvals cannot be looked for: {error.strerror}", source=Source(str(plan))) from None
    names = sorted(path for path in every if path.name.startswith(plan.name + MARK))
    there = [_read(path) for path in names[:MOST]]
    return [*there, *(_paper(name, data) for name, data in kept.items() if name not in {one.name for one in there})]


def _read(path: Path) -> Paper:
    if not path.is_file():
        return Paper(path.name, fault="it is not a file")
    try:
        with path.open("rb") as file:
            return _paper(path.name, file.read(LARGEST + 1))
    except OSError as error:
        return Paper(path.name, fault=f"it cannot be read: {error.strerror}")


def _paper(name: str, data: bytes) -> Paper:
    try:
        statement, signature = _parsed(data)
        signed = signed_bytes(statement)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return Paper(name, fault="it is not an approval")
    return Paper(name, signed, statement, signature, data=data)


def _parsed(data: bytes) -> tuple[Statement, str]:
    """``ValueError`` and its like for whatever is not the form that ``save`` writes."""
    from pydantic import TypeAdapter

    document: Any = json.loads(data) if len(data) <= LARGEST else None
    statement = TypeAdapter(Statement).validate_python(document["statement"])
    signature = document["signature"]
    signature.encode("ascii")
    if statement.until.tzinfo is None or statement.at.tzinfo is None:
        raise ValueError("a time without its zone")
    return statement, signature
