"""Every State seen, kept in a folder, and a run without any host from such a folder."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from remediate import errors
from remediate.connections.base import Say, Session
from remediate.engine.control import Control
from remediate.errors import Blocked, HostError, NotApplicable, RemoteFailed, Unreachable, UserError
from remediate.model import Endpoint, Result, Source, State, Status, Step
from remediate.secrets import files

SUFFIX = ".seen.json"


class Recorder(Control):
    """Keeps what is seen; ``save`` writes one file per host. ``mask`` takes secrets out."""

    def __init__(self, folder: Path, mask: Callable[[Any], Any]) -> None:
        self._folder = folder
        self._mask = mask
        self._seen: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        try:
            files.own_folder(folder)
        except OSError as error:
            raise UserError(f"--record: {error.strerror}", source=Source(str(folder))) from None

    def observe(self, step: Step, inspect: Callable[[], State]) -> State:
        try:
            state = inspect()
        except HostError as error:
            self._keep(step, _error(error, hidden=step.no_log))
            raise
        self._keep(step, {"state": {} if step.no_log else dict(state)})
        return state

    def record(self, step: Step, result: Result) -> None:
        with self._lock:
            met = step.address in self._seen.get(step.host, {})
        if not met and result.status is Status.UNREACHABLE:
            lost = Unreachable(result.message, kind="unknown", hint=result.remedy)
            self._keep(step, _error(lost, hidden=step.no_log))

    def _keep(self, step: Step, what: dict[str, Any]) -> None:
        with self._lock:
            self._seen.setdefault(step.host, {})[step.address] = self._mask(what)

    def save(self) -> None:
        for host, seen in self._seen.items():
            path = file_of(self._folder, host)
            try:
                files.write(
                    path, json.dumps(self._mask({"host": host, "seen": seen}), indent=1, sort_keys=True).encode()
                )
            except OSError as error:
                raise UserError(f"--record: {error.strerror}", source=Source(str(path))) from None


def _error(error: HostError, *, hidden: bool) -> dict[str, Any]:
    said = ("hidden by no_log", "") if hidden else (error.message, error.hint)
    return {"error": type(error).__name__, "message": said[0], "hint": said[1]}


class Replay(Control):
    """Answers from a folder that ``Recorder`` wrote."""

    def __init__(self, folder: Path) -> None:
        if not os.path.isdir(folder):  # noqa: PTH112 - answers for every text
            raise UserError("there is no such folder", source=Source(str(folder)),
                            hint="`remediate plan PLAYBOOK --record DIR` makes one")  # fmt: skip
        self._folder = folder
        self._hosts: dict[str, Mapping[str, Any]] = {}

    def observe(self, step: Step, inspect: Callable[[], State]) -> State:
        if step.endpoint is None:
            return inspect()  # a pure module: it looks at no host
        seen = self._of(step.host).get(step.address)
        if not isinstance(seen, Mapping):
            raise Blocked("the record says nothing of this step", "record again: remediate plan PLAYBOOK --record DIR")
        if "error" in seen:
            raise _again(str(seen["error"]), str(seen.get("message", "")), str(seen.get("hint", "")))
        return cast("State", seen.get("state") or {})

    def _of(self, host: str) -> Mapping[str, Any]:
        if host not in self._hosts:
            self._hosts[host] = _read(file_of(self._folder, host))
        return self._hosts[host]


def _read(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        seen = document["seen"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"not a record: {error}", source=Source(str(path)), hint="record again") from None
    return seen if isinstance(seen, Mapping) else {}


def _again(name: str, message: str, hint: str) -> HostError:
    if name == "Unreachable":
        return Unreachable(message, kind="unknown", hint=hint)
    if name == "Blocked":
        return Blocked(message, hint)
    if name == "NotApplicable":
        return NotApplicable(message)
    return errors.Failed(message, remedy=hint) if name == "Failed" else RemoteFailed(message, hint=hint)


def file_of(folder: Path, host: str) -> Path:
    """The file of one host; its name is safe whatever the host is called."""
    return folder / (quote(host, safe="") + SUFFIX)


class Offline:
    """Sessions for a replay: they can be had, and nothing can be done with them."""

    def open(self, endpoint: Endpoint) -> Session:
        return cast("Session", _Nothing(endpoint.host))

    def warrant(self, host: str, warrant: object) -> None:
        """Nothing is changed here."""

    def reset(self, host: str) -> None:
        """There is no connection."""

    def watch(self, host: str, say: Say) -> None:
        """Nothing is said of hosts that are not there."""


class _Nothing:
    notes: tuple[str, ...] = ()

    def __init__(self, host: str) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Any:
        raise Blocked(f"{name} would contact {self._host}, and this is a replay", "leave out --replay")
