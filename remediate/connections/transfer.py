"""Files to and from a host, with SFTP and without: temporary name, size check, rename; progress in bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.connections.place import Place
from remediate.connections.sftp import Sftp, SftpError
from remediate.connections.staging import make_all
from remediate.errors import RemoteFailed, UserError

if TYPE_CHECKING:
    from remediate.connections.ssh import SshSession

_LINE = 675
"""Bytes per line of base64: 900 characters, whole quadruples."""
_PART = 500_000
"""Bytes per answer when a file is read through the script host."""
_SLOWEST = 50_000
"""Bytes per second at which a host may still hash or decode."""


def put(session: SshSession, local: Path, remote: str) -> None:
    """See ``Session.put``."""
    try:
        size = local.stat().st_size
    except OSError as error:
        raise UserError(f"{local} cannot be read: {error.strerror}") from None
    remote = expand(session, remote)
    with session.stage.sftp(session) as files:
        if files is not None:
            _put_sftp(session, files, local, remote, size)
            return
    _put_text(session, local, remote, size)


def get(session: SshSession, remote: str, limit: int) -> bytes:
    """See ``Session.get``."""
    remote = expand(session, remote)
    with session.stage.sftp(session) as files:
        if files is None:
            return b"".join(_parts(session, remote, limit))
        wire = session.stage.place(session, files).wire(remote)
        try:
            size = files.size(wire)
            return b"".join(files.read(wire, max(0, size - limit), min(size, limit), lambda _: None))
        except SftpError as error:
            raise _failed(f"{remote} cannot be read", error) from None


def digest(session: SshSession, remote: str) -> str:
    """See ``Session.hash``."""
    remote = expand(session, remote)
    with session.stage.sftp(session) as files:
        if files is not None:
            return _digest_sftp(session, files, remote)
    session.say(f"hashing {_name(remote)} on the host")
    size = int(str(session.call("transfer", "fileSize", {"path": remote}).get("size") or 0))
    state = session.call("hash", "hashFile", {"path": remote}, timeout=120 + size / _SLOWEST)
    return str(state["sha256"])


def expand(session: SshSession, path: str) -> str:
    """A path with the host's variables replaced; asks the host only for those that are not known."""
    base = session.options.remote_folder
    if path.lower().startswith(base.lower()):
        path = session.folder + path[len(base) :]
    if not re.search(r"%[^%\\]+%", path):
        return path
    found = session.call("transfer", "expandPaths", {"paths": [path]})["paths"]
    return str(found[0]) if isinstance(found, list) else path


def _put_sftp(session: SshSession, files: Sftp, local: Path, remote: str, size: int) -> None:
    place = session.stage.place(session, files)
    part = f"{remote}.{session.shared.nonce()}.part"

    def progress(done: int) -> None:
        session.say(f"copying {local.name}", done, size, "bytes")

    try:
        try:
            files.upload(place.wire(part), _read(local), progress)
        except SftpError as error:
            if not error.missing:
                raise
            make_all(files, place, remote)
            files.upload(place.wire(part), _read(local), progress)
        arrived = files.size(place.wire(part))
        if arrived != size:
            raise RemoteFailed(f"{remote}: {arrived} of {size} bytes arrived", hint="is the disk full? Run again")
        _replace(files, place, part, remote)
    except SftpError as error:
        _forget(files, place, part)
        raise _failed(f"{remote} cannot be written", error) from None


def _replace(files: Sftp, place: Place, part: str, remote: str) -> None:
    try:
        files.rename(place.wire(part), place.wire(remote))
    except SftpError:  # version 3 of the protocol does not replace
        files.remove(place.wire(remote))
        files.rename(place.wire(part), place.wire(remote))


def _forget(files: Sftp, place: Place, path: str) -> None:
    try:
        files.remove(place.wire(path))
    except SftpError:
        return


def _put_text(session: SshSession, local: Path, remote: str, size: int) -> None:
    path = f"{session.options.remote_folder}\\{session.shared.nonce()}.b64"
    ready = session.call("transfer", "prepareTarget", {"path": remote})
    free = ready.get("free")
    if isinstance(free, int | float) and free < 3 * size:
        raise RemoteFailed(
            f"{remote} needs {3 * size} bytes on the way, {free:.0f} are free", hint="free space on the host's drive"
        )

    def lines() -> Iterator[bytes]:
        for done, chunk in _numbered(_read(local, _LINE * 64)):
            session.say(f"copying {local.name}", done, size, "bytes")
            rows = [chunk[at : at + _LINE] for at in range(0, len(chunk), _LINE)]
            yield b"".join(base64.b64encode(row) + b"\r\n" for row in rows)

    patience = 120 + size / _SLOWEST
    written = session.execute(f'findstr "^" > "{path}"', stdin=lines(), timeout=patience)
    if size and written.exit_code not in (0, 1):
        raise RemoteFailed(f"{remote}: the host cannot take the file: {written.tail(2)}", output=written)
    session.call("transfer", "decodeFile", {"source": path, "target": remote, "size": size}, timeout=patience)


def _numbered(parts: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    done = 0
    for part in parts:
        done += len(part)
        yield done, part


def _parts(session: SshSession, remote: str, limit: int) -> Iterator[bytes]:
    offset, end = -limit, 0
    while True:
        state = session.call("transfer", "encodePart", {"path": remote, "offset": offset, "count": _PART})
        data = base64.b64decode(str(state["base64"]))
        yield data
        offset, size = int(str(state["offset"])) + len(data), int(str(state["size"]))
        end = end or size
        if not data or offset >= end:
            return


def _digest_sftp(session: SshSession, files: Sftp, remote: str) -> str:
    wire = session.stage.place(session, files).wire(remote)
    found = hashlib.sha256()
    try:
        size = files.size(wire)
        text = f"reading {_name(remote)} back"
        for part in files.read(wire, 0, size, lambda done: session.say(text, done, size, "bytes")):
            found.update(part)
    except SftpError as error:
        raise _failed(f"{remote} cannot be read", error) from None
    return found.hexdigest()


def _read(path: Path, size: int = 1 << 18) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while part := stream.read(size):
                yield part
    except OSError as error:  # not to be taken for trouble with the wire
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _name(path: str) -> str:
    return path.rpartition("\\")[2]


def _failed(text: str, error: SftpError) -> RemoteFailed:
    if error.missing:
        hint = "there is no such file or folder on the host"
    elif error.denied:
        hint = "the account may not do that there, or a program holds the file open"
    else:
        hint = "is the disk full, or does a program hold the file open?"
    return RemoteFailed(f"{text}: {error}", hint=hint)
