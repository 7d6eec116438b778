"""What all sessions of a process share: read-only things, caches with a lock of their own, and the outer world."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from remediate.connections.clocks import HostClocks
from remediate.connections.hostkeys import HostKeys
from remediate.connections.keyring import KeyRing
from remediate.connections.scripts import Scripts
from remediate.errors import Interrupted


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One per process. Clock (monotonic seconds), random and the stop signal come in from outside."""

    scripts: Scripts
    stop: threading.Event
    clock: Callable[[], float] = time.monotonic
    random: Random = field(default_factory=Random)
    keyring: KeyRing = field(default_factory=KeyRing)
    clocks: HostClocks = field(default_factory=HostClocks)
    _files: dict[Path, HostKeys] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def host_keys(self, path: Path) -> HostKeys:
        """The keys of one known_hosts file, the same object for everybody."""
        with self._lock:
            return self._files.setdefault(path, HostKeys(path))

    def nonce(self) -> str:
        """A name nobody else uses."""
        return f"{self.random.getrandbits(64):016x}"

    def wait(self, seconds: float) -> None:
        """Sleeps; Interrupted as soon as the run is being stopped."""
        if self.stop.wait(max(0.0, seconds)):
            raise Interrupted("stopped")
