"""SFTP version 3, as much as is needed, with all requests of a file in flight at once: paramiko's client waits for each
and loses the errors of those it does not wait for."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from paramiko import Channel, SSHException, Transport

from remediate.connections.execute import gone, open_channel
from remediate.errors import RemediateError, RemoteFailed, Unreachable

CHUNK = 32768
"""Bytes per request: what every server must take."""
_IN_FLIGHT = 64

_INIT, _VERSION, _OPEN, _CLOSE, _READ, _WRITE, _STAT = 1, 2, 3, 4, 5, 6, 17
_REMOVE, _MKDIR, _RMDIR, _RENAME, _STATUS, _HANDLE, _DATA, _ATTRS = 13, 14, 15, 18, 101, 102, 103, 105
_EXTENDED = 200
_EOF, _NO_SUCH_FILE, _DENIED = 1, 2, 3
_FOR_READING, _FOR_WRITING = 0x01, 0x02 | 0x08 | 0x10
_NO_ATTRIBUTES = struct.pack(">I", 0)

Progress = Callable[[int], None]


class SftpError(Exception):
    """The server's no to one request."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def missing(self) -> bool:
        return self.code == _NO_SUCH_FILE

    @property
    def denied(self) -> bool:
        return self.code == _DENIED


@dataclass(slots=True)
class _Reply:
    kind: int
    body: bytes


def open_sftp(transport: Transport, *, timeout: float) -> Sftp:
    """Opens the SFTP subsystem; RemoteFailed when the server has none."""
    channel = open_channel(transport, timeout)
    channel.settimeout(timeout)
    try:
        channel.invoke_subsystem("sftp")
        return Sftp(channel)
    except (SSHException, EOFError, OSError, SftpError, struct.error) as error:
        channel.close()
        if gone(transport, timeout):
            raise Unreachable("the connection was lost while SFTP was opened", kind="lost", hint="run again") from None
        raise RemoteFailed(f"the SSH server has no SFTP: {error}") from None


class Sftp:
    """One SFTP channel, for one thread at a time. Paths are the server's. Raises SftpError, EOFError and OSError."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._next = 0
        self._replies: dict[int, _Reply] = {}
        channel.sendall(struct.pack(">IBI", 5, _INIT, 3))
        kind, _ = self._packet()
        if kind != _VERSION:
            raise SftpError(0, f"unexpected answer {kind}")

    def write(self, path: str, data: bytes) -> None:
        """Writes a small file anew."""
        self.upload(path, [data], lambda _: None)

    def upload(self, path: str, parts: Iterable[bytes], progress: Progress) -> None:
        """Writes a file anew from parts of any size; ``progress`` hears the bytes written so far."""
        handle = self._open(path, _FOR_WRITING)
        waiting: list[tuple[int, int]] = []
        offset = 0
        try:
            for part in _chunks(parts):
                if len(waiting) >= _IN_FLIGHT:
                    number, end = waiting.pop(0)
                    self._done(number)
                    progress(end)
                number = self._ask(_WRITE, _text(handle) + struct.pack(">Q", offset) + _text(part))
                offset += len(part)
                waiting.append((number, offset))
        except (SftpError, RemediateError):  # the latter: the file on this side cannot be read, or is another one
            for number, _ in waiting:
                self._reply(number)
            self._done(self._ask(_CLOSE, _text(handle)))
            raise
        closing = self._ask(_CLOSE, _text(handle))
        for number, end in waiting:
            self._done(number)
            progress(end)
        self._done(closing)

    def read(self, path: str, offset: int, size: int, progress: Progress) -> Iterator[bytes]:
        """The bytes of a file from ``offset``, at most ``size``, in order; ends early where the file ends."""
        handle = self._open(path, _FOR_READING)
        end, asked, done = offset + size, offset, offset
        waiting: list[tuple[int, int, int]] = []
        try:
            while done < end:
                while asked < end and len(waiting) < _IN_FLIGHT:
                    length = min(CHUNK, end - asked)
                    waiting.append((self._ask_part(handle, asked, length), asked, length))
                    asked += length
                number, at, length = waiting.pop(0)
                data = self._part(number)
                if not data:
                    return
                if len(data) < length:  # a server may give less than asked: the rest is asked for before what follows
                    rest = at + len(data)
                    waiting.insert(0, (self._ask_part(handle, rest, length - len(data)), rest, length - len(data)))
                done = at + len(data)
                progress(done - offset)
                yield data
        finally:
            for number, _, _ in waiting:
                self._reply(number)
            self._done(self._ask(_CLOSE, _text(handle)))

    def size(self, path: str) -> int:
        """Bytes of a file."""
        reply = self._reply(self._ask(_STAT, _text(path.encode())), _ATTRS)
        flags = struct.unpack_from(">I", reply.body)[0]
        if not flags & 1:
            raise SftpError(0, "the server tells no size")
        return int(struct.unpack_from(">Q", reply.body, 4)[0])

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder of that name."""
        try:
            self._reply(self._ask(_STAT, _text(path.encode())), _ATTRS)
        except SftpError:
            return False
        return True

    def make_folder(self, path: str) -> None:
        self._done(self._ask(_MKDIR, _text(path.encode()) + _NO_ATTRIBUTES))

    def remove_folder(self, path: str) -> None:
        """Only an empty one."""
        self._done(self._ask(_RMDIR, _text(path.encode())))

    def remove(self, path: str) -> None:
        self._done(self._ask(_REMOVE, _text(path.encode())))

    def rename(self, old: str, new: str) -> None:
        self._done(self._ask(_RENAME, _text(old.encode()) + _text(new.encode())))

    def replace(self, old: str, new: str) -> None:
        """As ``rename``, over what is there, which is whole at every moment. Only servers kin to OpenSSH can."""
        body = _text(b"posix-rename@openssh.com") + _text(old.encode()) + _text(new.encode())
        self._done(self._ask(_EXTENDED, body))

    def close(self) -> None:
        self._channel.close()

    def _open(self, path: str, flags: int) -> bytes:
        body = _text(path.encode()) + struct.pack(">I", flags) + _NO_ATTRIBUTES
        return _first(self._reply(self._ask(_OPEN, body), _HANDLE).body)

    def _ask_part(self, handle: bytes, offset: int, length: int) -> int:
        return self._ask(_READ, _text(handle) + struct.pack(">QI", offset, length))

    def _part(self, number: int) -> bytes:
        try:
            return _first(self._reply(number, _DATA).body)
        except SftpError as error:
            if error.code == _EOF:
                return b""
            raise

    def _ask(self, kind: int, body: bytes) -> int:
        self._next += 1
        self._channel.sendall(struct.pack(">IBI", len(body) + 5, kind, self._next) + body)
        return self._next

    def _done(self, number: int) -> None:
        """Waits for a plain yes."""
        self._reply(number, _STATUS)

    def _reply(self, number: int, wanted: int = 0) -> _Reply:
        """The answer to a request; SftpError when it is a no, or (with ``wanted``) of another kind."""
        while number not in self._replies:
            kind, body = self._packet()
            self._replies[struct.unpack_from(">I", body)[0]] = _Reply(kind, body[4:])
        reply = self._replies.pop(number)
        if reply.kind == _STATUS and wanted:
            code = struct.unpack_from(">I", reply.body)[0]
            if code != 0:
                raise SftpError(code, _first(reply.body[4:]).decode(errors="replace") or f"code {code}")
        if wanted and reply.kind != wanted:
            raise SftpError(0, f"unexpected answer {reply.kind}")
        return reply

    def _packet(self) -> tuple[int, bytes]:
        size, kind = struct.unpack(">IB", self._exactly(5))
        if not 1 <= size <= 1 << 20:
            raise SftpError(0, f"a packet of {size} bytes")
        return kind, self._exactly(size - 1)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._channel.recv(size - len(data))
            if not more:
                raise EOFError("SFTP ended")
            data += more
        return data


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    for part in parts:
        for at in range(0, len(part), CHUNK):
            yield part[at : at + CHUNK]


def _text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _first(body: bytes) -> bytes:
    if len(body) < 4:
        return b""
    size = struct.unpack_from(">I", body)[0]
    return body[4 : 4 + size]
