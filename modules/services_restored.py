"""Bring services back to what they were before an installer stopped them, and mark its work as dealt with.

What ran before is kept on the host since right before the installer started, so any later run can do this. Services
that ran are started, changed start types are put back, late ones are waited for (a store that replays its logs may
take long). What was disabled or stopped stays so, and on a cluster node the cluster starts what it owns.

Examples:

```yaml
- name: Bring back what the installer stopped
  services_restored: {job: '{{ installed.job }}'}

- name: Bring back what any earlier, interrupted run left
  services_restored:
    timeout: 1800
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remediate.connections.base import wait_until
from remediate.errors import Failed
from remediate.kb import probe, restoring
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
ATTEMPTS = 2


@dataclass(frozen=True, kw_only=True)
class Params:
    job: str = field(default="", metadata={"help": "Name of the installer's job; empty: every one not dealt with."})
    timeout: float = field(default=900.0, metadata={"help": "Seconds one service may take to be running."})


def inspect(session: Session, params: Params) -> State:
    return session.call("services_restored", "inspect", {"job": params.job})


def diff(state: State, params: Params) -> list[Change]:
    return list(restoring.changes(state))


def notes(state: State, params: Params) -> list[str]:
    return list(restoring.remarks(state))


def apply(session: Session, change: Change, params: Params) -> State | None:
    name = str(change.details.get("name"))
    match change.details.get("deed"):
        case "mode":
            _set_mode(session, name, str(change.details.get("mode")))
        case "settle":
            _settle(session, str(change.details.get("job")))
        case deed:
            _bring_up(session, change, params, start=deed == "run")
    return None


def _set_mode(session: Session, name: str, mode: str) -> None:
    answer = session.call("services_restored", "mode", {"name": name, "mode": mode})
    if not answer.get("ok"):
        raise Failed(
            f"service {name}: its start type could not be set to {mode}: {answer.get('text')}",
            remedy=f"set it by hand: sc config {name} start= {'demand' if mode == 'manual' else mode}",
        )


def _settle(session: Session, job: str) -> None:
    """Nothing is marked as dealt with while a service is down again."""
    left = [c for c in restoring.changes(inspect(session, Params(job=job))) if c.details.get("deed") != "settle"]
    if left:
        raise Failed(
            f"{left[0].target} is {left[0].before} again", remedy="see the event log for the reason, then run again"
        )
    session.call("services_restored", "settle", {"job": job})


def _bring_up(session: Session, change: Change, params: Params, *, start: bool) -> None:
    name = str(change.details.get("name"))
    answers: list[str] = []

    def look() -> str | None:
        asking = start and len(answers) < ATTEMPTS
        seen = session.call("services_restored", "look", {"name": name, "start": asking})
        state, asked = probe.part(seen, "service").get("state"), probe.part(seen, "asked")
        if asked:
            answers.append("" if asked.get("ok") else str(asked.get("text")))
        if state == "running":
            return "running"
        return "stopped" if state == "stopped" and start and not asking else None

    found = wait_until(session, look, timeout=params.timeout, text=f"service {name}: waiting until it runs")
    if found != "running":
        said = next((a for a in reversed(answers) if a), "it stopped again" if found else "")
        raise _failed(session, change, said, params.timeout, owned=not start)


def _failed(session: Session, change: Change, said: str, timeout: float, *, owned: bool) -> Failed:
    name = str(change.details.get("name"))
    lines = _events(session, change)
    reason = said or f"it is not running after {timeout:.0f} s"
    remedy = f"see the event log, mend the cause, start it by hand (net start {name}), then run again"
    if owned:
        remedy = "bring its resource online in Cluster Administrator, then run again"
    heard = f"; the event log says: {' | '.join(lines)}" if lines else ""
    return Failed(
        f"service {name} ({change.details.get('display')}) does not come back: {reason}{heard}", remedy=remedy
    )


def _events(session: Session, change: Change) -> list[str]:
    words: list[Json] = [w for w in (change.details.get("name"), change.details.get("display")) if w]
    args: dict[str, Json] = {"since": change.details.get("since"), "words": words, "limit": 3}
    lines = session.call("services_restored", "events", args).get("lines")
    return [str(line) for line in lines] if isinstance(lines, list) else []
