"""Files to and from a host through its script host alone: base64 in scripts, in pieces that survive a lost line."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from remediate.connections.scriptrun import LINE, Attachment
from remediate.connections.steady import SteadySession
from remediate.errors import RemoteFailed, UserError
from remediate.model import Json

PIECE = 7680 * LINE
"""Bytes that travel in one script: what at most is sent again after a lost line."""
_PART = 500_000
"""Bytes per answer when a file is read."""
_SLOWEST = 50_000
"""Bytes per second at which a host may still hash or decode."""


def put(session: SteadySession, local: Path, remote: str) -> None:
    """See ``Session.put``. Pieces that are on the host already, of whatever controller, are not sent again."""
    size = local_size(local)
    key = _digest(local)[:16]
    sizes = [min(PIECE, size - at) for at in range(0, size, PIECE)]
    ready = session.call("transfer", "prepareTarget", {"path": remote, "key": key, "sizes": list(sizes)})
    target = str(ready["path"])
    there = ready.get("there")
    missing = [n for n in range(len(sizes)) if not isinstance(there, list) or n not in there]
    needed, free = sum(sizes[n] for n in missing) + size + 2 * PIECE, ready.get("free")
    if isinstance(free, int | float) and free < needed:
        raise RemoteFailed(
            f"{remote} needs {needed} bytes on the way, {free:.0f} are free", hint="free space on the host's drive"
        )
    for number in missing:
        _send(session, local, target, number, size, key)
    args: dict[str, Json] = {"target": target, "key": key, "count": len(sizes), "size": size}
    session.call("transfer", "joinPieces", args, timeout=120 + size / _SLOWEST)


def _send(session: SteadySession, local: Path, target: str, number: int, size: int, key: str) -> None:
    data = _piece(local, number)
    done = number * PIECE

    def heard(part: float) -> None:
        session.say(f"copying {local.name}", done + int(part * len(data)), size, "bytes")

    state = session.call_with(
        "transfer",
        "takePiece",
        {"target": target, "key": key, "number": number, "size": len(data)},
        Attachment(data=data, heard=heard),
        timeout=120 + len(data) / _SLOWEST,
    )
    if state.get("size") != len(data):
        raise RemoteFailed(f"{target}: {state.get('size')} of {len(data)} bytes arrived", hint="is the disk full?")
    heard(1.0)


def get(session: SteadySession, remote: str, limit: int) -> bytes:
    """See ``Session.get``."""
    return b"".join(_parts(session, remote, limit))[-limit:]


def digest(session: SteadySession, remote: str) -> str:
    """See ``Session.hash``."""
    session.say(f"hashing {name(remote)} on the host")
    size = int(str(session.call("transfer", "fileSize", {"path": remote}).get("size") or 0))
    state = session.call("hash", "hashFile", {"path": remote}, timeout=120 + size / _SLOWEST)
    return str(state["sha256"])


def expand(session: SteadySession, path: str) -> str:
    """A path with the host's variables replaced; asks the host only for those that are not known."""
    base = session.remote_folder
    if path.lower().startswith(base.lower()):
        path = session.folder + path[len(base) :]
    if not re.search(r"%[^%\\]+%", path):
        return path
    found = session.call("transfer", "expandPaths", {"paths": [path]})["paths"]
    return str(found[0]) if isinstance(found, list) else path


def local_size(local: Path) -> int:
    """Bytes of a file here; UserError when it cannot be read."""
    try:
        return local.stat().st_size
    except OSError as error:
        raise UserError(f"{local} cannot be read: {error.strerror}") from None


def read(path: Path, size: int = 1 << 18) -> Iterator[bytes]:
    """A file here, in parts; UserError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            while part := stream.read(size):
                yield part
    except OSError as error:  # not to be taken for trouble with the wire
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def name(path: str) -> str:
    """The last part of a host's path."""
    return path.rpartition("\\")[2]


def _parts(session: SteadySession, remote: str, limit: int) -> Iterator[bytes]:
    offset, end = -limit, 0
    while True:
        state = session.call("transfer", "encodePart", {"path": remote, "offset": offset, "count": _PART})
        data = base64.b64decode(str(state["base64"]))
        yield data
        offset, size = int(str(state["offset"])) + len(data), int(str(state["size"]))
        end = end or size
        if not data or offset >= end:
            return


def _piece(local: Path, number: int) -> bytes:
    try:
        with local.open("rb") as stream:
            stream.seek(number * PIECE)
            return stream.read(PIECE)
    except OSError as error:
        raise UserError(f"{local} cannot be read: {error.strerror}") from None


def _digest(local: Path) -> str:
    found = hashlib.sha256()
    for part in read(local):
        found.update(part)
    return found.hexdigest()
