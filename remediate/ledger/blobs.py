"""Files that runs worked from, kept once by their hash, compressed: what they are is proved whenever they are read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import Connection, insert, select

from remediate.ledger import schema
from remediate.ledger.rows import ChainReport
from remediate.ledger.text import mapping
from remediate.ledger.writing import Writing


def missing(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Those of some hashes of which nothing is kept."""
    wanted, column = set(digests), schema.blobs.c.sha256
    found = connection.execute(select(column).where(column.in_(wanted))) if wanted else ()
    return wanted - {row.sha256 for row in found}


def keep(writing: Writing, blobs: Iterable[bytes]) -> None:
    """Keep these bytes; what is kept already stays as it is."""
    every = {sha256(data).hexdigest(): data for data in blobs}
    new = sorted(missing(writing.connection, every))
    rows = [
        {"sha256": digest, "size": len(every[digest]), "data": zlib.compress(every[digest], 9), "at": writing.at}
        for digest in new
    ]
    if rows:
        writing.connection.execute(insert(schema.blobs), rows)
        writing.event("kept", {"files": {digest: len(every[digest]) for digest in new}})


def found(connection: Connection, digest: str) -> bytes | None:
    """The bytes of this hash; None where they are not kept, or are not what they were."""
    table = schema.blobs
    row = connection.execute(select(table).where(table.c.sha256 == digest)).first()
    return None if row is None else _whole(row)


def untold(connection: Connection) -> ChainReport | None:
    """The first file that is gone, or not of the time and size its event says; on one snapshot of the database.

    Nothing is told of files that were kept by versions that did not tell.
    """
    table, events = schema.blobs, schema.events
    stored = {
        row.sha256: (row.at, row.size) for row in connection.execute(select(table.c.sha256, table.c.at, table.c.size))
    }
    told = {
        digest: (event.at, size, event.number)
        for event in connection.execute(select(events).where(events.c.kind == "kept").order_by(events.c.number))
        for digest, size in cast("dict[str, int]", mapping(event.data)["files"]).items()
    }
    for digest, (at, size, number) in told.items():
        if digest not in stored:
            return _report(number, "missing", f"the file {digest[:12]} of event {number} is missing")
        if stored[digest] != (at, size):
            return _report(number, "changed", f"the file {digest[:12]} is not as event {number} says")
    return None


def every(connection: Connection) -> list[str]:
    """The hashes of all files."""
    column = schema.blobs.c.sha256
    return [row.sha256 for row in connection.execute(select(column).order_by(column))]


def damaged(connection: Connection, digests: Sequence[str]) -> ChainReport | None:
    """The first of these files that is not what its hash says."""
    table = schema.blobs
    query = select(table).where(table.c.sha256.in_(digests)).order_by(table.c.sha256)
    for row in connection.execute(query):
        if _whole(row) is None:
            return _report(0, "changed", f"the file {row.sha256[:12]} that runs worked from is not as it was kept")
    return None


def _report(number: int, how: str, what: str) -> ChainReport:
    return ChainReport(events=0, broken=number, how=how, what=what)


def _whole(row: Any) -> bytes | None:
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(row.data, row.size + 1)
    except zlib.error:
        return None
    whole = (
        unpacking.eof and not unpacking.unused_data and len(data) == row.size and sha256(data).hexdigest() == row.sha256
    )
    return data if whole else None
