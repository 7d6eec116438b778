"""Files that runs worked from, kept once by their hash, compressed: what they are is proved whenever they are read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select

from remediate.ledger import schema
from remediate.ledger.rows import ChainReport
from remediate.ledger.writing import Writing


def missing(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Those of some hashes of which nothing is kept."""
    wanted, column = set(digests), schema.blobs.c.sha256
    found = connection.execute(select(column).where(column.in_(wanted))) if wanted else ()
    return wanted - {row.sha256 for row in found}


def keep(writing: Writing, blobs: Iterable[bytes]) -> None:
    """Keep these bytes; what is kept already stays as it is."""
    every = {sha256(data).hexdigest(): data for data in blobs}
    rows = [
        {"sha256": digest, "size": len(every[digest]), "data": zlib.compress(every[digest], 9), "at": writing.at}
        for digest in sorted(missing(writing.connection, every))
    ]
    if rows:
        writing.connection.execute(insert(schema.blobs), rows)


def found(connection: Connection, digest: str) -> bytes | None:
    """The bytes of this hash; None where they are not kept, or are not what they were."""
    table = schema.blobs
    row = connection.execute(select(table).where(table.c.sha256 == digest)).first()
    return None if row is None else _whole(row)


def damaged(connection: Connection) -> ChainReport | None:
    """The first file that is not what its hash says."""
    table = schema.blobs
    for row in connection.execute(select(table).order_by(table.c.sha256)).yield_per(10):
        if _whole(row) is None:
            what = f"the file {row.sha256[:12]} that runs worked from is not as it was kept"
            return ChainReport(events=0, broken=0, how="changed", what=what)
    return None


def _whole(row: Any) -> bytes | None:
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(row.data, row.size + 1)
    except zlib.error:
        return None
    whole = unpacking.eof and len(data) == row.size and sha256(data).hexdigest() == row.sha256
    return data if whole else None
