"""Wait for installers that an earlier run started and did not see the end of. Starts nothing.

Says in words how each of them ended, also when it was lost or never started. Follow it with services_restored, which
brings back what they stopped and marks them as dealt with.

Examples:

```yaml
- name: Wait for what an earlier run left going
  job_finished:
    timeout: 3600
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remediate.connections.base import wait_until
from remediate.errors import Failed
from remediate.kb import probe
from remediate.kb.following import Watched, follow, outcome
from remediate.kb.restoring import unfinished
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
SUCCESS = {0: "installed", 3010: "installed, a restart is needed"}


@dataclass(frozen=True, kw_only=True)
class Params:
    job: str = field(default="", metadata={"help": "Name of the job; empty: every one not dealt with."})
    installers: list[str] = field(
        default_factory=lambda: ["update.exe", "hotfix.exe", "spuninst.exe"],
        metadata={"help": "Process names that show an installer outliving its job."},
    )
    timeout: float = field(default=3600.0, metadata={"help": "Seconds until it counts as hanging."})
    cancel_on_timeout: bool = field(default=False, metadata={"help": "End a hanging installer instead of leaving it."})


def inspect(session: Session, params: Params) -> State:
    args: dict[str, Json] = {"job": params.job, "installers": list(params.installers)}
    return session.call("job_finished", "inspect", args)


def diff(state: State, params: Params) -> list[Change]:
    found = []
    for job in unfinished(state):
        name = str(job.get("name"))
        seconds = probe.part(job, "record").get("seconds")
        expected = float(seconds) if isinstance(seconds, int | float) else 600.0
        if job.get("phase") == "running":
            details: dict[str, Json] = {"deed": "follow", "job": dict(job)}
            found.append(
                Change(target=f"job {name}", before="running", after="ended", seconds=expected, details=details)
            )
        elif job.get("phase") == "lost" and probe.entries(state, "installers_running"):
            running = ", ".join(str(p.get("name")) for p in probe.entries(state, "installers_running"))
            found.append(Change(target=f"job {name}", before=f"{running} outlived it", after="ended", seconds=expected,
                                details={"deed": "outwait"}))  # fmt: skip
    return found


def apply(session: Session, change: Change, params: Params) -> State | None:
    if change.details.get("deed") == "outwait":
        _outwait(session, change, params)
        return None
    seen = follow(session, _watched(probe.part(change.details, "job"), params))
    return {
        "ended": {"job": probe.part(seen, "job").get("name"), "exit_code": probe.part(seen, "job").get("exit_code")}
    }


def notes(state: State, params: Params) -> list[str]:
    """How each job ended; what follows from it is for the files to say."""
    found = []
    for job in unfinished(state):
        if job.get("phase") == "running":
            continue
        watched = _watched(job, params)
        try:
            result = outcome({"job": dict(job), "tail": job.get("output")}, watched, SUCCESS)
            found.append(f"{watched.label}: an earlier run's installer ended: {result['meaning']}")
        except Failed as error:
            found.append(f"an earlier run: {error.message}")
    return found


def _outwait(session: Session, change: Change, params: Params) -> None:
    def gone() -> bool | None:
        return None if probe.entries(inspect(session, params), "installers_running") else True

    if not wait_until(session, gone, timeout=params.timeout, text=f"{change.target}: {change.before}"):
        raise Failed(
            f"{change.target}: {change.before}, and it is not done after {params.timeout:.0f} s",
            remedy="look at the server's screen; run again when it has ended",
        )


def _watched(job: Mapping[str, Json], params: Params) -> Watched:
    record = probe.part(job, "record")
    logs, seconds = record.get("logs"), record.get("seconds")
    return Watched(
        job=str(job.get("name")),
        label=str(record.get("kb") or job.get("name")),
        logs=tuple(map(str, logs)) if isinstance(logs, list) else (),
        logs_before=probe.part(record, "logs_before"),
        expected=float(seconds) if isinstance(seconds, int | float) else 0.0,
        timeout=params.timeout,
        cancel=params.cancel_on_timeout,
    )
