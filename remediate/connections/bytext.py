"""Files to and from a host through its script host alone: base64 in scripts, in pieces that survive a lost line."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from remediate.connections.scriptrun import LINE, Attachment
from remediate.connections.sealed import Sealed
from remediate.connections.steady import SteadySession
from remediate.errors import RemoteFailed
from remediate.model import Json

PIECE = 7680 * LINE
"""Bytes that travel in one script: what at most is sent again after a lost line."""
_PART = 500_000
"""Bytes per answer when a file is read."""
_SLOWEST = 50_000
"""Bytes per second at which a host may still hash or decode."""


def put(session: SteadySession, sealed: Sealed, remote: str) -> None:
    """See ``Session.put``; ``sealed`` has blocks of PIECE. What is on the host already is not sent again."""
    size, key = sealed.size, sealed.sha256[:16]
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
        _send(session, sealed, target, number)
    args: dict[str, Json] = {"target": target, "key": key, "count": len(sizes), "size": size}
    session.call("transfer", "joinPieces", args, timeout=120 + size / _SLOWEST)


def _send(session: SteadySession, sealed: Sealed, target: str, number: int) -> None:
    data = sealed.part(number)
    done = number * PIECE

    def heard(part: float) -> None:
        session.say(f"copying {sealed.local.name}", done + int(part * len(data)), sealed.size, "bytes")

    state = session.call_with(
        "transfer",
        "takePiece",
        {"target": target, "key": sealed.sha256[:16], "number": number, "size": len(data)},
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
