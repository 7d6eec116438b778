"""The SFTP subsystem of a lab host: the virtual disk under /C:/x, C:/x and c:/x paths."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from paramiko import SFTPAttributes, SFTPHandle, SFTPServerInterface
from paramiko.sftp import (
    SFTP_CONNECTION_LOST,
    SFTP_EOF,
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_OP_UNSUPPORTED,
    SFTP_PERMISSION_DENIED,
)

from remediate.lab import files as disk
from remediate.lab import paths, pe
from remediate.lab.errors import LabError, NotModelled
from remediate.lab.faults import Moment

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from remediate.lab.files import FileEntry
    from remediate.lab.ssh_server import Connection

HOME = "C:\\Documents and Settings\\Administrator"
UPLOAD_CUT = 65_536
"""Bytes of a file that have arrived when the connection is cut in the middle of an upload."""

_CODES = {2: SFTP_NO_SUCH_FILE, 3: SFTP_NO_SUCH_FILE, 5: SFTP_PERMISSION_DENIED}


def nt_path(path: str) -> str:
    """``/C:/x/y`` or ``c:/x`` as an NT path; a relative path is below the user's home; "" is the list of drives."""
    text = path.replace("/", "\\")
    if text in ("\\", ""):
        return ""
    if len(text) > 2 and text[0] == "\\" and text[2] == ":":
        text = text[1:]
    return paths.resolve(text, HOME)


def wire_path(path: str) -> str:
    """The NT path as SFTP servers on Windows spell it: ``/C:/x``."""
    return "/" + path.replace("\\", "/") if path else "/"


def attributes(entry: FileEntry, name: str = "") -> SFTPAttributes:
    """What SFTP says of a file: times are UTC seconds, read-only shows in the mode."""
    found = SFTPAttributes()
    found.filename = name
    found.st_size = entry.size
    found.st_mtime = found.st_atime = int(entry.modified.timestamp())
    writable = 0 if entry.attributes & disk.READ_ONLY else 0o222
    found.st_mode = (stat.S_IFDIR | 0o555 if entry.folder else stat.S_IFREG | 0o444) | writable
    return found


class Handle(SFTPHandle):
    """An open file. What was written reaches the disk when it is closed, also when the connection broke."""

    def __init__(self, server: Server, path: str, data: bytes, *, writes: bool) -> None:
        super().__init__()
        self._server = server
        self._path = path
        self._data = bytearray(data)
        self._writes = writes

    def read(self, offset: int, length: int) -> bytes | int:
        part = bytes(self._data[offset : offset + length])
        return part or SFTP_EOF

    def write(self, offset: int, data: Buffer) -> int:
        part = bytes(data)
        if not self._writes:
            return SFTP_PERMISSION_DENIED
        if len(self._data) < offset:
            self._data.extend(b"\0" * (offset - len(self._data)))
        self._data[offset : offset + len(part)] = part
        connection = self._server.connection
        if len(self._data) > connection.machine.files.free_bytes(self._path):
            return SFTP_FAILURE
        if len(self._data) >= UPLOAD_CUT and is_payload(self._path) and connection.drops.strike(Moment.UPLOAD):
            connection.cut()
            return SFTP_CONNECTION_LOST
        return SFTP_OK

    def stat(self) -> SFTPAttributes | int:
        return attributes(disk.FileEntry(size=len(self._data)))

    def chattr(self, attr: SFTPAttributes) -> int:
        return SFTP_OK if attr.st_size is None else SFTP_OP_UNSUPPORTED

    def close(self) -> None:
        if self._writes:
            self._writes = False
            self._server.store(self._path, bytes(self._data))


def is_payload(path: str) -> bool:
    """Whether an upload is something to install or copy, not one of the toolkit's own scripts."""
    return not path.lower().endswith((".js", ".cmd", ".txt"))


class Server(SFTPServerInterface):
    """One SFTP session of one connection."""

    def __init__(self, server: Any, *_: Any, **__: Any) -> None:
        super().__init__(server)
        self.connection: Connection = server

    def _do(self, work: Callable[[], int]) -> int:
        try:
            with self.connection.machine.lock:
                if self.connection.away():
                    return SFTP_CONNECTION_LOST
                return work()
        except NotModelled as error:
            self.connection.machine.refuse(error.text)
            return SFTP_OP_UNSUPPORTED
        except LabError as error:
            return _CODES.get(error.number, SFTP_FAILURE)

    def _change(self, work: Callable[[], None]) -> int:
        def changed() -> int:
            work()
            return SFTP_OK

        code = self._do(changed)
        self.connection.save()
        return code

    def canonicalize(self, path: str) -> str:
        try:
            return wire_path(nt_path(path))
        except LabError:
            return path

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        found: list[SFTPAttributes] = []

        def work() -> int:
            tree = self.connection.machine.files
            folder = nt_path(path)
            names = tree.listing(folder) if folder else tree.drives()
            whole = {name: paths.join(folder, name) if folder else f"{name}\\" for name in names}
            found.extend(attributes(tree.stat(path), name) for name, path in whole.items())
            return SFTP_OK

        code = self._do(work)
        return found if code == SFTP_OK else code

    def stat(self, path: str) -> SFTPAttributes | int:
        found: list[SFTPAttributes] = []

        def work() -> int:
            full = nt_path(path)
            entry = self.connection.machine.files.stat(full) if full else disk.FileEntry(attributes=disk.FOLDER)
            found.append(attributes(entry, paths.base(full)))
            return SFTP_OK

        code = self._do(work)
        return found[0] if code == SFTP_OK else code

    lstat = stat

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle | int:  # noqa: ARG002 - no POSIX modes
        opened: list[Handle] = []
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR))

        def work() -> int:
            full = nt_path(path)
            tree = self.connection.machine.files
            if writes and is_payload(full) and self.connection.drops.strike(Moment.BEFORE_STAGING):
                self.connection.cut()
                return SFTP_CONNECTION_LOST
            opened.append(Handle(self, full, _start(tree, full, flags), writes=writes))
            return SFTP_OK

        code = self._do(work)
        return opened[0] if code == SFTP_OK else code

    def store(self, path: str, data: bytes) -> None:
        """Put an upload on the disk, with the version a PE image carries; without space it is cut off there."""
        tree = self.connection.machine.files
        self._change(lambda: tree.write(path, data[: tree.free_bytes(path)], version=pe.file_version(data)))

    def remove(self, path: str) -> int:
        def work() -> None:
            if self.connection.machine.files.is_folder(nt_path(path)):
                raise LabError(5)
            self.connection.machine.files.remove(nt_path(path))

        return self._change(work)

    def rename(self, oldpath: str, newpath: str) -> int:
        return self._change(lambda: self.connection.machine.files.rename(nt_path(oldpath), nt_path(newpath)))

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """As rename, but a file in the way is replaced."""

        def work() -> None:
            tree, old, new = self.connection.machine.files, nt_path(oldpath), nt_path(newpath)
            if tree.is_file(old) and tree.is_file(new) and paths.fold(old) != paths.fold(new):
                tree.remove(new)
            tree.rename(old, new)

        return self._change(work)

    def mkdir(self, path: str, attr: SFTPAttributes) -> int:  # noqa: ARG002
        return self._change(lambda: self.connection.machine.files.make_folder(nt_path(path)))

    def rmdir(self, path: str) -> int:
        def work() -> None:
            if not self.connection.machine.files.is_folder(nt_path(path)):
                raise LabError(3)
            self.connection.machine.files.remove(nt_path(path))

        return self._change(work)

    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        """Sets the date; POSIX modes and owners mean nothing here and are accepted silently, as servers there do."""

        def work() -> None:
            moment = None if attr.st_mtime is None else datetime.fromtimestamp(attr.st_mtime, UTC)
            self.connection.machine.files.touch(nt_path(path), modified=moment)

        return self._change(work)


def _start(tree: disk.FileTree, path: str, flags: int) -> bytes:
    """The content an open file begins with; raises LabError as CreateFile would."""
    exists = tree.exists(path)
    if exists and tree.is_folder(path):
        raise LabError(5)
    if not flags & (os.O_WRONLY | os.O_RDWR):
        return tree.read(path)
    if exists and flags & os.O_EXCL:
        raise LabError(80)
    if exists and tree.stat(path).attributes & disk.READ_ONLY:
        raise LabError(5)
    if not exists and not flags & os.O_CREAT:
        raise LabError(2)
    if not tree.is_folder(paths.parent(path)):
        raise LabError(3)
    return b"" if not exists or flags & os.O_TRUNC else tree.read(path)
