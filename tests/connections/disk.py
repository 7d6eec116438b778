"""SFTP on a folder that plays drive C, without regard to case, with the errors a test orders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, sftp


class DiskServer(paramiko.SFTPServerInterface):
    """Shows ``root`` as ``C:/``; a file ``root/full`` makes every write fail, as a full disk does."""

    def __init__(self, server: Any, *, root: Path) -> None:
        super().__init__(server)
        self._root = root

    def _path(self, wire: str) -> Path | None:
        parts = wire.strip("/").split("/")
        if not parts or parts[0].lower() != "c:":
            return None
        path = self._root
        for part in parts[1:]:
            found = [p for p in path.iterdir() if p.name.lower() == part.lower()] if path.is_dir() else []
            path = found[0] if found else path / part
        return path

    def stat(self, path: str) -> SFTPAttributes | int:
        local = self._path(path)
        if local is None or not local.exists():
            return sftp.SFTP_NO_SUCH_FILE
        return SFTPAttributes.from_stat(local.stat())

    def mkdir(self, path: str, attr: Any) -> int:
        local = self._path(path)
        if local is None or not local.parent.is_dir():
            return sftp.SFTP_NO_SUCH_FILE
        if local.exists():
            return sftp.SFTP_FAILURE
        local.mkdir()
        return sftp.SFTP_OK

    def remove(self, path: str) -> int:
        local = self._path(path)
        if local is None or not local.is_file():
            return sftp.SFTP_NO_SUCH_FILE
        local.unlink()
        return sftp.SFTP_OK

    def rename(self, oldpath: str, newpath: str) -> int:
        old, new = self._path(oldpath), self._path(newpath)
        if old is None or new is None or not old.exists():
            return sftp.SFTP_NO_SUCH_FILE
        if new.exists():
            return sftp.SFTP_FAILURE  # as Windows servers do in version 3
        old.rename(new)
        return sftp.SFTP_OK

    def open(self, path: str, flags: int, attr: Any) -> SFTPHandle | int:
        local = self._path(path)
        if local is None or not local.parent.is_dir() or (not flags & os.O_CREAT and not local.exists()):
            return sftp.SFTP_NO_SUCH_FILE
        if local.is_dir():
            return sftp.SFTP_PERMISSION_DENIED
        return _Handle(local, flags, full=(self._root / "full").exists())


class _Handle(SFTPHandle):
    def __init__(self, path: Path, flags: int, *, full: bool) -> None:
        super().__init__(flags)
        if flags & os.O_TRUNC:
            path.write_bytes(b"")
        self._stream = path.open("r+b")
        self._full = full

    def read(self, offset: int, length: int) -> bytes | int:
        self._stream.seek(offset)
        return self._stream.read(min(length, 20_000)) or sftp.SFTP_EOF  # less than asked, as servers may

    def write(self, offset: int, data: Any) -> int:
        if self._full and offset > 40_000:
            return sftp.SFTP_FAILURE
        self._stream.seek(offset)
        self._stream.write(data)
        return sftp.SFTP_OK

    def close(self) -> None:
        self._stream.close()
