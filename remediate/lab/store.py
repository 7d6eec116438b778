"""Keeps the state of lab hosts on disk: one file per host, large contents beside, always whole."""

from __future__ import annotations

import hashlib
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from remediate.lab.folder import LabFolder, read_json, write_json, write_whole
from remediate.lab.machine import Machine
from remediate.model import Json

if TYPE_CHECKING:
    from pathlib import Path


class Store:
    """State files of one lab. Safe for several threads, for one process at a time."""

    def __init__(self, folder: LabFolder) -> None:
        self._folder = folder
        self._written: dict[str, tuple[int, int]] = {}
        """Host -> identity of the machine and its change count when it was last written."""
        self._locks: dict[str, threading.Lock] = {}
        self._keep = lru_cache(maxsize=64)(self._keep_new)

    def path(self, name: str) -> Path:
        return self._folder.hosts / f"{name}.json"

    def save(self, machine: Machine, fingerprint: str) -> None:
        """Write a host down unless it is unchanged since the last time."""
        with self._locks.setdefault(machine.name, threading.Lock()):
            with machine.lock:
                state = (id(machine), machine.changed)
                if self._written.get(machine.name) == state:
                    return
                saved: dict[str, Json] = {"fingerprint": fingerprint, "machine": machine.to_json(self._keep)}
            write_json(self.path(machine.name), saved)
            self._written[machine.name] = state

    def load(self, name: str, fingerprint: str) -> Machine | str:
        """The host as last saved, or a sentence saying why it has to be built anew ("" when it never was)."""
        saved = read_json(self.path(name))
        if not saved:
            return "its saved state is damaged" if self.path(name).exists() else ""
        if saved.get("fingerprint") != fingerprint:
            return "its declaration or image changed"
        try:
            state = saved["machine"]
            assert isinstance(state, dict)
            machine = Machine.from_json(state, fetch=self._fetch)
        except (AssertionError, LookupError, OSError, TypeError, ValueError) as error:
            return f"its saved state cannot be read ({error!r})"
        self._written[name] = (id(machine), machine.changed)
        return machine

    def forget(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)
        self._written.pop(name, None)

    def names(self) -> tuple[str, ...]:
        """Hosts that have state."""
        return tuple(sorted(path.stem for path in self._folder.hosts.glob("*.json")))

    def _keep_new(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        path = self._folder.blobs / name
        if not path.exists():
            write_whole(path, data)
        return name

    def _fetch(self, name: str) -> bytes:
        return (self._folder.blobs / name).read_bytes()
