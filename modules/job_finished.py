"""Wait for installers that an earlier run started and did not see the end of. Starts nothing.

Says in words how each of them ended, also when it was lost or never started, and has the host keep that verdict: a
package that changed nothing is not installed again unasked. One that ended badly while nobody watched fails the task,
once: it is tried again by the next run, when somebody has heard of it. Follow it with services_restored, which brings
back what they stopped and marks them as dealt with.

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
from remediate.kb import codes, probe, verdicts
from remediate.kb.following import Watched, follow, outcome
from remediate.kb.restoring import unfinished
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
RESTORES = True
SUCCESS = {0: "installed", 3010: "installed, a restart is needed"}
HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Params:
    job: str = field(default="", metadata={"help": "Name of the job; empty: every one not dealt with."})
    installers: list[str] = field(
        default_factory=lambda: ["update.exe", "hotfix.exe", "spuninst.exe"],
        metadata={"help": "Process names that show an installer outliving its job."},
    )
    timeout: float = field(
        default=0.0, metadata={"help": "Seconds until it counts as hanging; 0: the limit of its package, else an hour."}
    )
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
                                details={"deed": "outwait", "job": dict(job)}))  # fmt: skip
        elif verdicts.due(job):
            how: dict[str, Json] = {"deed": "judge", "job": dict(job)}
            found.append(Change(target=f"job {name}", before="ended, and nobody saw it", after="judged", details=how,
                                reversible=False))  # fmt: skip
    return found


def apply(session: Session, change: Change, params: Params) -> State | None:
    job = probe.part(change.details, "job")
    watched = _watched(job, params)
    match change.details.get("deed"):
        case "judge":
            _judge(session, {"job": dict(job), "tail": job.get("output")}, watched)
            return None
        case "outwait":
            _outwait(session, change, params)
            _judge(session, {"job": dict(job), "tail": job.get("output")}, watched)
            return None
    seen = _followed(session, watched)
    return {
        "ended": {"job": probe.part(seen, "job").get("name"), "exit_code": probe.part(seen, "job").get("exit_code")}
    }


def _followed(session: Session, watched: Watched) -> State:
    try:
        seen = follow(session, watched)
    except Failed as error:
        verdicts.judge_failure(session, watched.job, error.message)
        raise
    _judge(session, seen, watched)
    return seen


def _judge(session: Session, seen: State, watched: Watched) -> None:
    """Its end is seen, and kept on the host. ``Failed`` for a bad one: nobody has heard of it yet, so it ends here.

    One that never began has done no harm, and is begun by whoever comes next.
    """
    try:
        meaning = str(outcome(seen, watched, SUCCESS)["meaning"])
    except Failed as error:
        verdicts.judge_failure(session, watched.job, error.message)
        if not probe.part(seen, "job").get("never_started"):
            raise
    else:
        verdict = verdicts.judge(session, watched.job, ok=True, meaning=meaning)
        _refuse_half(seen, watched, verdict)


def _refuse_half(seen: State, watched: Watched, verdict: verdicts.Verdict | None) -> None:
    """``Failed`` where it ended well and replaced some of its files only: nobody has heard of that yet either."""
    record = probe.part(probe.part(seen, "job"), "record")
    behind = {str(f.get("name")) for f in probe.entries(record, "files") if f.get("behind") is True}
    left = verdict.left(behind) if verdict else ()
    if verdict is not None and left and not verdict.fruitless:
        shown = ", ".join(f"{f.name} {f.now}" for f in left)
        raise Failed(
            f"{watched.label}: its installer ended with exit code {verdict.exit_code} and left {shown}",
            remedy="see its log for the reason, restart the server where that is due, and run again: one more try",
        )


def notes(state: State, params: Params) -> list[str]:
    """How each job ended; what follows from it is for the files to say."""
    found = []
    for job in unfinished(state):
        if job.get("phase") == "running":
            continue
        watched = _watched(job, params)
        try:
            result = outcome({"job": dict(job), "tail": job.get("output")}, watched, SUCCESS)
            found.append(f"{watched.label}: an earlier run's installer ended: {_told(result, job)}")
        except Failed as error:
            found.append(f"an earlier run: {error.message}")
    return found


def _told(result: State, job: Mapping[str, Json]) -> str:
    verdict = verdicts.of(job)
    nothing = f", and it changed nothing: {verdict.shown}" if verdict and verdict.fruitless else ""
    due = " (restart due)" if result.get("exit_code") in codes.RESTART else ""
    return f"{result['meaning']}{due}{nothing}"


def _outwait(session: Session, change: Change, params: Params) -> None:
    def gone() -> bool | None:
        return None if probe.entries(inspect(session, params), "installers_running") else True

    if not wait_until(session, gone, timeout=params.timeout or HOUR, text=f"{change.target}: {change.before}"):
        raise Failed(
            f"{change.target}: {change.before}, and it is not done after {params.timeout or HOUR:.0f} s",
            remedy="look at the server's screen; run again when it has ended",
        )


def _watched(job: Mapping[str, Json], params: Params) -> Watched:
    record = probe.part(job, "record")
    logs, seconds, limit = record.get("logs"), record.get("seconds"), record.get("limit")
    return Watched(
        job=str(job.get("name")),
        label=str(record.get("kb") or job.get("name")),
        logs=tuple(map(str, logs)) if isinstance(logs, list) else (),
        logs_before=probe.part(record, "logs_before"),
        expected=float(seconds) if isinstance(seconds, int | float) else 0.0,
        timeout=params.timeout or (float(limit) if isinstance(limit, int | float) and limit > 0 else HOUR),
        cancel=params.cancel_on_timeout,
    )
