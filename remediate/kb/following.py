"""Follows a detached installer to its end, through lost connections, and says in words how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remediate.errors import Failed, RemoteFailed, Unreachable
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
    last: State | None = None
    while True:
        passed = session.now() - begin
        seen, away = _seen_or_away(session, watched)
        last = seen or last
        phase = probe.part(seen, "job").get("phase") if seen is not None else "running"
        if seen is not None and phase != "running" and (doubted or phase != "lost"):
            return seen
        doubted = phase == "lost"
        if away is not None and (away.kind in NOT_TO_BE_MENDED or passed >= watched.timeout):
            raise _lost_sight(watched, away, last) from away
        if passed >= watched.timeout:
            raise _hanging(session, watched, last, session.now() - begin)
        doing = codes.phase(str(seen.get("tail") or "")) if seen is not None else "waiting for the connection"
        session.say(f"{watched.label}: {doing}", passed, watched.expected, "seconds")
        session.wait(min(pause, 10.0, max(watched.timeout - passed, 0.1)))
        pause *= 1.3


def _seen_or_away(session: Session, watched: Watched) -> tuple[State | None, Unreachable | None]:
    """What there is, or why the host cannot be reached: a lost connection does not touch the installer."""
    try:
        return look(session, watched), None
    except Unreachable as error:
        return None, error


def _lost_sight(watched: Watched, away: Unreachable, last: State | None) -> Unreachable:
    """Nobody saw the end: nothing is known of it, and nothing may be said."""
    since = str((last or {}).get("utc") or "")
    when = f"since {since} (its clock)" if since else "since its installer was started"
    return Unreachable(
        f"{watched.label}: the host has not been reached {when}: {away.message}; how the installer ended is not known, "
        "it goes on without us",
        kind=away.kind,
        hint="see that the host comes back, then run again later: the installer is found, and its result with it",
    )


def _hanging(session: Session, watched: Watched, seen: State | None, passed: float) -> Failed:
    doing = codes.phase(str((seen or {}).get("tail") or ""))
    said = f"{watched.label}: the installer was not done after {passed:.0f} s (last seen: {doing})"
    if watched.cancel:
        return _cancelled(session, watched, seen, said)
    return Failed(
        f"{said}; it was left running",
        remedy="it may only be slow: look at the server's screen and at the log; when it has ended, run again: it is "
        "found, not repeated "
        "(cancel_on_timeout: true ends it instead)",
        output=_tail(seen, -1),
    )


def _cancelled(session: Session, watched: Watched, seen: State | None, said: str) -> Failed:
    """Ends it, and says what was ended; or why that cannot be done from here."""
    try:
        job = session.cancel(watched.job)
    except RemoteFailed as error:
        return Failed(f"{said}; {error.message}; it was left running", remedy=error.hint, output=_tail(seen, -1))
    killed = (job.details or {}).get("killed")
    names = f" ({', '.join(map(str, killed[:10]))})" if isinstance(killed, list) and killed else ""
    return Failed(f"{said}; it was ended{names}", remedy="see its log on the host and which files it left; run again "
                  "when the cause is mended", output=_tail(seen, -1))  # fmt: skip


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
        "restart_needed": code in codes.RESTART,
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
