"""Opens sessions and keeps them: one live session per host for the life of a worker process."""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.connections.base import Say, Session
from remediate.connections.clocks import HostClocks
from remediate.connections.scripts import Read, Scripts
from remediate.connections.shared import Shared
from remediate.connections.warrant import Warrant
from remediate.errors import UserError
from remediate.model import Endpoint

if TYPE_CHECKING:
    from remediate.connections.steady import SteadySession


class Sessions:
    """Thread-safe. ``payloads`` are the folders with ``<module>.js``, or ``read`` gives them; ``stop`` ends every wait
    with Interrupted; ``clocks`` learns what hosts say of the time."""

    def __init__(
        self,
        payloads: Sequence[Path] = (),
        stop: threading.Event | None = None,
        *,
        read: Read | None = None,
        shared: Shared | None = None,
        clocks: HostClocks | None = None,
    ) -> None:
        self._shared = shared or Shared(
            scripts=Scripts(tuple(payloads), read), stop=stop or threading.Event(), clocks=clocks or HostClocks()
        )
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[Endpoint, SteadySession]] = {}
        self._watchers: dict[str, Say] = {}
        logger = logging.getLogger("paramiko")  # it prints tracebacks of what is reported here in plain words
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())

    def __enter__(self) -> Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_all()

    def open(self, endpoint: Endpoint) -> Session:
        """The session of a host; it connects at its first use. An endpoint that has changed gets a new one."""
        road = _road(endpoint)
        with self._lock:
            known = self._sessions.get(endpoint.host)
            if known is not None and known[0] == endpoint:
                return known[1]
            session = road(endpoint, self._shared, self._watchers.get(endpoint.host, _nobody))
            self._sessions[endpoint.host] = (endpoint, session)
        if known is not None:
            known[1].close()
        return session

    def watch(self, host: str, say: Say | None) -> None:
        """Who hears what the sessions of ``host`` say from now on; None for nobody."""
        with self._lock:
            self._watchers[host] = say or _nobody
            known = self._sessions.get(host)
        if known is not None:
            known[1].watch(say or _nobody)

    def warrant(self, host: str, warrant: Warrant | None) -> None:
        """From now on nothing leaves for ``host`` but by this warrant; None: whatever is asked for."""
        with self._lock:
            known = self._sessions.get(host)
        if known is not None:
            known[1].warrant = warrant

    def reset(self, host: str) -> None:
        """Hang up on a host; the next use of its session connects anew."""
        with self._lock:
            known = self._sessions.get(host)
        if known is not None:
            known[1].reconnect()

    def close_all(self) -> None:
        """Hangs up everywhere, hosts left tidy where there is time for it; the sessions are forgotten."""
        with self._lock:
            sessions = [session for _, session in self._sessions.values()]
            self._sessions.clear()
        if sessions:
            with ThreadPoolExecutor(max_workers=min(16, len(sessions))) as pool:
                list(pool.map(self._leave, sessions))

    def _leave(self, session: SteadySession) -> None:
        if not self._shared.stop.is_set():
            session.tidy()
        session.close()


def _road(endpoint: Endpoint) -> Callable[[Endpoint, Shared, Say], SteadySession]:
    """Each loads its library, none of which is cheap, only when a host needs it."""
    if endpoint.connection == "ssh":
        _load_paramiko()
        from remediate.connections.ssh import SshSession

        return SshSession
    if endpoint.connection in ("winrm", "psrp"):
        from remediate.connections.winrm import WinrmSession

        return WinrmSession
    raise UserError(f"there is no connection {endpoint.connection!r} (host {endpoint.host})")


def _load_paramiko() -> None:
    """Without invoke, a task runner it asks for but can do without: it would run commands out of ssh_config, which
    nobody reads here, and takes as long to load as all the rest of paramiko."""
    if {"paramiko", "invoke"} & sys.modules.keys():
        return
    sys.modules["invoke"] = None  # type: ignore[assignment]  # import's own word for: not there
    try:
        importlib.import_module("paramiko")
    finally:
        sys.modules.pop("invoke", None)


def _nobody(text: str, done: float, total: float, unit: str) -> None:
    """Hears, and says nothing."""
