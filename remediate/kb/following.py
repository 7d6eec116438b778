"""Follows a detached installer to its end, through lost connections, and says in words how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.errors import Failed, Unreachable
from remediate.kb import codes, probe
from remediate.model import Json, Output, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

TAIL = 8192
"""Bytes of a log's end that are read."""
NOT_TO_BE_MENDED = frozenset({"name", "host_key", "auth", "algorithms"})
"""Kinds of trouble that waiting does not cure; an installer restarts services, it changes none of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One job to follow. ``logs_before``: which logs were there before the start, as ``progress`` names them."""

    job: str
    label: str
    logs: tuple[str, ...] = ()
    logs_before: Mapping[str, Json] | None = None
    expected: float = 0.0
    timeout: float = 3600.0
    cancel: bool = False


def look(session: Session, watched: Watched) -> State:
    """The job and the end of its log, in one round trip."""
    args: dict[str, Json] = {
        "job": watched.job,
        "logs": list(watched.logs),
        "logs_before": dict(watched.logs_before or {}),
        "bytes": TAIL,
    }
    return session.call("hotfix", "progress", args)


def follow(session: Session, watched: Watched) -> State:
    """The last look, taken when the job runs no more. ``Failed`` when it hangs.

    A job that looks lost is looked at twice: its exit code may still be on its way to the disk of a busy host. It hangs
    when a look that began after the limit found it running: a slow answer is no slow installer.
    """
    begin, pause, doubted = session.now(), 1.0, False
    while True:
        passed = session.now() - begin
        seen = _look_or_wait(session, watched, passed)
        phase = probe.part(seen, "job").get("phase") if seen is not None else "running"
        if seen is not None and phase != "running" and (doubted or phase != "lost"):
            return seen
        doubted = phase == "lost"
        if passed >= watched.timeout:
            raise _hanging(session, watched, seen, session.now() - begin)
        doing = codes.phase(str(seen.get("tail") or "")) if seen is not None else "waiting for the connection"
        session.say(f"{watched.label}: {doing}", passed, watched.expected, "seconds")
        session.wait(min(pause, 10.0, max(watched.timeout - passed, 0.1)))
        pause *= 1.3


def _look_or_wait(session: Session, watched: Watched, passed: float) -> State | None:
    """None while the host cannot be reached: a lost connection does not touch the installer."""
    try:
        return look(session, watched)
    except Unreachable as error:
        if error.kind in NOT_TO_BE_MENDED or passed >= watched.timeout:
            hint = "the installer goes on without us; run again later, and its result is found"
            raise Unreachable(f"{watched.label}: {error.message}", kind=error.kind, hint=hint) from error
        return None


def _hanging(session: Session, watched: Watched, seen: State | None, passed: float) -> Failed:
    doing = codes.phase(str((seen or {}).get("tail") or ""))
    said = f"{watched.label}: the installer is hanging: not done after {passed:.0f} s (last seen: {doing})"
    if watched.cancel:
        session.cancel(watched.job)
        return Failed(f"{said}; it was ended", remedy="see its log on the host; run again when the cause is mended",
                      output=_tail(seen, -1))  # fmt: skip
    return Failed(
        f"{said}; it was left running",
        remedy="look at the server's screen and at the log; when it has ended, run again: it is found, not repeated "
        "(cancel_on_timeout: true ends it instead)",
        output=_tail(seen, -1),
    )


def outcome(seen: State, watched: Watched, success: Mapping[int, str]) -> dict[str, Json]:
    """What a finished job left, for the result; ``Failed`` in words when it did not succeed."""
    job = probe.part(seen, "job")
    code, phase = job.get("exit_code"), job.get("phase")
    if phase == "absent":
        raise Failed(f"{watched.label}: the host knows nothing of job {watched.job}", remedy="somebody cleared the "
                     "toolkit's folder on the host; see the installer's log there, then run again")  # fmt: skip
    if job.get("cancelled"):
        raise Failed(f"{watched.label}: the installer was ended from outside", remedy="run again")
    if job.get("never_started"):
        raise never_started(watched, "its first command was never run")
    if phase == "lost" or not isinstance(code, int):
        raise Failed(
            f"{watched.label}: the installer is gone and left no exit code: it was killed, or Windows restarted",
            remedy="see the files and the log on the host; when nothing is half done, run again",
            output=_tail(seen, -1),
        )
    if code not in success:
        text, remedy = codes.explain(code, codes.read_log(str(seen.get("tail") or "")))
        if watched.logs and not seen.get("log"):
            raise never_started(watched, f"it wrote no log; {text}")
        raise Failed(f"{watched.label}: {text}", remedy=_with_log(remedy, seen), output=_tail(seen, code))
    return {
        "job": watched.job,
        "exit_code": code,
        "meaning": success[code],
        "restart_needed": code == 3010,
        "log": seen.get("log"),
        "adopted": False,
    }


def never_started(watched: Watched, sign: str) -> Failed:
    return Failed(
        f"{watched.label}: the installer never started: {sign}",
        remedy="log on at the server and run the package once by hand: a policy, a scanner or a missing right stops it",
    )


def _with_log(remedy: str, seen: State) -> str:
    return f"{remedy} ({seen['log']})" if seen.get("log") else remedy


def _tail(seen: State | None, code: int) -> Output | None:
    text = str((seen or {}).get("tail") or "")
    return Output(stdout=text[-4000:], stderr="", exit_code=code) if text else None
