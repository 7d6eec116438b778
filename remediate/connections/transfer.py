"""Files to and from a host by SFTP: temporary name, size check, rename; progress in bytes. Else through scripts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.connections import bytext
from remediate.connections.place import Place
from remediate.connections.sealed import Sealed
from remediate.connections.sftp import Sftp, SftpError
from remediate.connections.staging import make_all
from remediate.errors import HostError, RemoteFailed, UserError

if TYPE_CHECKING:
    from remediate.connections.ssh import SshSession

AGAIN = 0.5
"""Seconds before a file that is missing is looked for once more."""


def put(session: SshSession, local: Path, remote: str, nonce: str, sha256: str) -> None:
    """See ``Session.put``; ``nonce`` is part of the temporary name."""
    with session.stage.sftp(session) as files:
        if files is not None:
            _put_sftp(session, files, Sealed(local, sha256=sha256), bytext.expand(session, remote), nonce)
            return
    bytext.put(session, Sealed(local, sha256=sha256, block=bytext.PIECE), remote)


def get(session: SshSession, remote: str, limit: int) -> bytes:
    """See ``Session.get``."""
    with session.stage.sftp(session) as files:
        if files is None:
            return bytext.get(session, remote, limit)
        remote = bytext.expand(session, remote)
        wire = session.stage.place(session, files).wire(remote)
        try:
            size = files.size(wire)
            return b"".join(files.read(wire, max(0, size - limit), min(size, limit), lambda _: None))
        except SftpError as error:
            raise _failed(f"{remote} cannot be read", error) from None


def digest(session: SshSession, remote: str) -> str:
    """See ``Session.hash``."""
    with session.stage.sftp(session) as files:
        if files is not None:
            return _digest_sftp(session, files, bytext.expand(session, remote))
    return bytext.digest(session, remote)


def _put_sftp(session: SshSession, files: Sftp, sealed: Sealed, remote: str, nonce: str) -> None:
    place = session.stage.place(session, files)
    part = f"{remote}.{nonce}.part"

    def progress(done: int) -> None:
        session.say(f"copying {sealed.local.name}", done, sealed.size, "bytes")

    session.prove()
    session.leaves()
    try:
        try:
            files.upload(place.wire(part), sealed.parts(), progress)
        except SftpError as error:
            if not error.missing:
                raise
            make_all(files, place, remote)
            files.upload(place.wire(part), sealed.parts(), progress)
        arrived = files.size(place.wire(part))
        if arrived != sealed.size:
            raise RemoteFailed(
                f"{remote}: {arrived} of {sealed.size} bytes arrived", hint="is the disk full? Run again"
            )
        session.prove()
        session.leaves()
        _replace(files, place, part, remote)
    except SftpError as error:
        _forget(files, place, part)
        raise _failed(f"{remote} cannot be written", error) from None
    except (HostError, UserError):  # the file on this side, or what is not permitted any more
        _forget(files, place, part)
        raise


def _replace(files: Sftp, place: Place, part: str, remote: str) -> None:
    """Another controller may look at the file, or put the same one there, meanwhile: it is to be there always."""
    old, new = place.wire(part), place.wire(remote)
    try:
        files.rename(old, new)  # version 3 of the protocol does not replace
    except SftpError:
        try:
            files.replace(old, new)
        except SftpError:
            _forget(files, place, remote)
            files.rename(old, new)


def _forget(files: Sftp, place: Place, path: str) -> None:
    try:
        files.remove(place.wire(path))
    except SftpError:
        return


def _digest_sftp(session: SshSession, files: Sftp, remote: str) -> str:
    """A file that is not there is looked for twice: another controller may be putting the same one in its place."""
    try:
        try:
            return _read_back(session, files, remote)
        except SftpError as error:
            if not error.missing:
                raise
            session.wait(AGAIN)
            return _read_back(session, files, remote)
    except SftpError as error:
        raise _failed(f"{remote} cannot be read", error) from None


def _read_back(session: SshSession, files: Sftp, remote: str) -> str:
    wire = session.stage.place(session, files).wire(remote)
    found = hashlib.sha256()
    size = files.size(wire)
    text = f"reading {bytext.name(remote)} back"
    for part in files.read(wire, 0, size, lambda done: session.say(text, done, size, "bytes")):
        found.update(part)
    return found.hexdigest()


def _failed(text: str, error: SftpError) -> RemoteFailed:
    if error.missing:
        hint = "there is no such file or folder on the host"
    elif error.denied:
        hint = "the account may not do that there, or a program holds the file open"
    else:
        hint = "is the disk full, or does a program hold the file open?"
    return RemoteFailed(f"{text}: {error}", hint=hint)
