"""Programs on a host that live without the connection: start or adopt, look, end. The host's folder is the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from remediate.connections.base import Job, JobPhase
from remediate.errors import Blocked, RemoteFailed
from remediate.model import Json, State


class _Caller(Protocol):
    def call(self, module: str, function: str, args: Mapping[str, Json], *, timeout: float = 120.0) -> State: ...


def start(
    caller: _Caller, name: str, command: str, *, guard: Mapping[str, Json], record: Mapping[str, Json], token: str
) -> Job:
    """Starts the job or adopts it. A caller asks again with the same ``token``: its own job is not an adopted one."""
    args: dict[str, Json] = {
        "name": name,
        "command": command,
        "guard": dict(guard),
        "record": dict(record),
        "token": token,
    }
    state = caller.call("jobs", "jobStart", args)
    if state.get("refused"):
        raise Blocked(f"job {name} was not started: {state['refused']}", str(state.get("remedy", "")))
    return job(state)


def look(caller: _Caller, name: str) -> Job:
    """Where the job is now."""
    return job(caller.call("jobs", "jobState", {"name": name}))


def end(caller: _Caller, name: str) -> Job:
    """Ends the job's process tree; ``RemoteFailed`` where that cannot be done from here, and what to do instead."""
    state = caller.call("jobs", "jobCancel", {"name": name})
    if state.get("refused"):
        reason = f"job {name} cannot be cancelled here: {state['refused']}"
        raise RemoteFailed(reason, hint=str(state.get("remedy", "")))
    return job(state)


def settle(caller: _Caller, name: str) -> Job:
    """Marks a finished or lost job as dealt with, so that the next start is a new one."""
    return job(caller.call("jobs", "jobSettle", {"name": name}))


def job(state: State) -> Job:
    """A job as ``jobs.js`` tells it."""
    try:
        phase = JobPhase(str(state.get("phase")))
    except ValueError:
        raise RemoteFailed(f"the host tells an unknown phase of a job: {state.get('phase')!r}") from None
    code = state.get("exit_code")
    own = ("name", "phase", "exit_code", "started", "adopted", "folder")
    return Job(
        name=str(state.get("name", "")),
        phase=phase,
        exit_code=int(code) if isinstance(code, int | float) else None,
        started=str(state.get("started") or ""),
        adopted=bool(state.get("adopted")),
        folder=str(state.get("folder") or ""),
        details={key: value for key, value in state.items() if key not in own},
    )
