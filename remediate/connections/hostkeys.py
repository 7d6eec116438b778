"""Known host keys: each file is parsed once for a whole process, looked up in memory, and learned into atomically."""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from remediate.errors import Unreachable, UserError


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One line of a known_hosts file."""

    names: str
    kind: str
    blob: bytes
    line: int
    marker: str = ""

    def matches(self, name: str) -> bool:
        """Whether the line is about ``name`` (``host`` or ``[host]:port``): plain, pattern, negated or hashed."""
        if self.names.startswith("|1|"):
            return _hashed(self.names, name)
        patterns = self.names.split(",")
        if any(p.startswith("!") and fnmatch.fnmatchcase(name, _glob(p[1:])) for p in patterns):
            return False
        return any(fnmatch.fnmatchcase(name, _glob(p)) for p in patterns)


class HostKeys:
    """The keys of one known_hosts file, shared by all sessions of a process. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._plain: dict[str, list[KnownKey]] = {}
        self._open: list[KnownKey] = []

    def known(self, host: str, port: int) -> tuple[KnownKey, ...]:
        """What is known of a host; the file is read again only when it has changed."""
        with self._lock:
            self._refresh()
            return self._find(entry_name(host, port))

    def learn(self, host: str, port: int, kind: str, blob: bytes) -> None:
        """Appends a key in one write, unless another thread or process has learned it meanwhile."""
        with self._lock:
            self._refresh()
            name = entry_name(host, port)
            if any(key.blob == blob for key in self._find(name)):
                return
            line = f"{name} {kind} {base64.b64encode(blob).decode()}\n"
            try:
                _append(self.path, line)
            except OSError as error:
                raise UserError(f"the new host key cannot be written to {self.path}: {error.strerror}") from None

    def _find(self, name: str) -> tuple[KnownKey, ...]:
        return (*self._plain.get(name, ()), *(key for key in self._open if key.matches(name)))

    def _refresh(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._plain, self._open, self._stamp = {}, [], None
            return
        except OSError as error:
            raise UserError(f"known hosts file {self.path} cannot be read: {error.strerror}") from None
        stamp = (found.st_mtime_ns, found.st_size)
        if stamp == self._stamp:
            return
        self._plain, self._open, self._stamp = {}, [], stamp
        for key in parse(self.path.read_text(encoding="utf-8", errors="replace").splitlines()):
            if any(sign in key.names for sign in "|*?!"):
                self._open.append(key)
                continue
            for name in key.names.split(","):
                self._plain.setdefault(name, []).append(key)


def check(keys: HostKeys, host: str, port: int, kind: str, blob: bytes, *, learn: bool) -> str:
    """Accepts the host key, or raises Unreachable(kind='host_key') that says what to do. A note when it was learned."""
    entries = keys.known(host, port)
    known = [key for key in entries if not key.marker]
    offered = f"{kind} {fingerprint(blob)}"
    where = entry_name(host, port)
    if any(key.marker == "@revoked" and key.blob == blob for key in entries):
        raise Unreachable(
            f"the host key of {where} is revoked in {keys.path}: {offered}",
            kind="host_key",
            hint="the key is known to be in wrong hands: give the host a new one before you connect",
        )
    if any(key.blob == blob for key in known):
        return ""
    if known:
        old = ", ".join(f"{key.kind} {fingerprint(key.blob)} (line {key.line})" for key in known)
        raise Unreachable(
            f"the host key of {where} has changed: known is {old}, offered is {offered}",
            kind="host_key",
            hint=f"someone may be listening in. Only if the host was set up anew: "
            f"ssh-keygen -f {keys.path} -R '{where}', then accept its new key",
        )
    if not learn:
        raise Unreachable(
            f"the host key of {where} is not known: {offered}",
            kind="host_key",
            hint=f"compare the fingerprint on the host, then: ssh-keyscan -p {port} {host} >> {keys.path} "
            "(or set ssh_host_key: accept-new to learn it)",
        )
    keys.learn(host, port, kind, blob)
    return f"learned the host key of {where}: {offered}"


def entry_name(host: str, port: int) -> str:
    """A host as known_hosts files name it."""
    return host.lower() if port == 22 else f"[{host.lower()}]:{port}"


def fingerprint(blob: bytes) -> str:
    """``SHA256:...`` of a public key, as ssh-keygen prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def parse(lines: Iterable[str]) -> Iterable[KnownKey]:
    """The keys of a known_hosts file; comments, certificate authorities and damaged lines are passed over."""
    for number, line in enumerate(lines, 1):
        words = line.split()
        marker = words.pop(0) if words and words[0].startswith("@") else ""
        if len(words) < 3 or words[0].startswith("#") or marker == "@cert-authority":
            continue
        try:
            blob = base64.b64decode(words[2], validate=True)
        except (binascii.Error, ValueError):
            continue
        names = words[0] if words[0].startswith("|") else words[0].lower()
        yield KnownKey(names, words[1], blob, number, marker)


def _glob(pattern: str) -> str:
    return pattern.replace("[", "[[]")  # brackets of [host]:port are themselves, not a set


def _hashed(names: str, name: str) -> bool:
    try:
        _, _, salt, digest = names.split("|")
        wanted = base64.b64decode(digest)
        # SHA-1 is the file format's, not a choice
        return hmac.compare_digest(hmac.new(base64.b64decode(salt), name.encode(), "sha1").digest(), wanted)
    except (ValueError, binascii.Error):
        return False


def _append(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(handle).st_size
        broken = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (("\n" if broken else "") + line).encode())
    finally:
        os.close(handle)
