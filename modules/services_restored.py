"""Bring a server back to what it was before an installer stopped its services, and mark that work as dealt with.

What ran before is kept on the host since right before the installer started, so any later run can do this. Services
that ran are started in the order of their dependencies, changed start types are put back, late ones are waited for (a
store that replays its logs may take long). What was disabled or stopped stays so, and on a cluster node the cluster
starts what it owns. Stores that were mounted before are waited for; this module mounts none.

Two things keep services down, and say so: an installer of ours that still runs (it is waited for, within
``job_timeout``), and, with ``advisory``, files that do not belong together, which would serve mail on a mixture.

Examples:

```yaml
- name: Bring back what the installer stopped
  services_restored: {job: '{{ installed.job }}', advisory: '{{ kb870585_advisory }}'}

- name: Bring back what any earlier, interrupted run left
  services_restored:
    timeout: 1800
```
"""

from __future__ import annotations

import ntpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from remediate.connections.base import wait_until
from remediate.errors import Blocked, Failed
from remediate.kb import probe, restoring, stores
from remediate.kb.advisory import Advisory, load
from remediate.kb.mixture import mixed
from remediate.model import Change, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session

NEEDS = {"session": "yes"}
RESTORES = True
VOLATILE = probe.VOLATILE
ATTEMPTS = 2
NOBODYS: dict[str, Json] = {
    "key_file": "", "files": [], "kbs": [], "uninstall_folders": [], "services": [], "installers": [],
    "install_path": "",
}  # fmt: skip
"""What is asked of a host where no article says what to look for."""


@dataclass(frozen=True, kw_only=True)
class Params:
    job: str = field(default="", metadata={"help": "Name of the installer's job; empty: every one not dealt with."})
    timeout: float = field(default=900.0, metadata={"help": "Seconds one service may take to be running."})
    job_timeout: float = field(
        default=15.0, metadata={"help": "Seconds an installer of ours that still runs is waited for."}
    )
    stores_timeout: float = field(
        default=600.0, metadata={"help": "Seconds the stores may take to be mounted again; 0: they are not compared."}
    )
    advisory: dict[str, Any] = field(
        default_factory=dict,
        metadata={"help": "The article as data: which files belong together. Empty: not looked at."},
    )
    start_mixed: bool = field(
        default=False, metadata={"help": "Start services although the files do not belong together."}
    )


def inspect(session: Session, params: Params) -> State:
    """The facts of exchange_facts, of the jobs only those meant; one round trip."""
    seen = probe.ask(session, probe.questions(load(params.advisory)) if params.advisory else NOBODYS)
    jobs: list[Json] = [dict(j) for j in restoring.unfinished(seen) if not params.job or j.get("name") == params.job]
    return {**seen, "jobs": jobs, "cluster": probe.part(seen, "exchange").get("cluster") is True}


def diff(state: State, params: Params) -> list[Change]:
    """Blocked when services would be started on files that do not belong together."""
    changes = list(restoring.changes(state, compare_stores=params.stores_timeout > 0))
    left = restoring.down(restoring.ended(state), state)
    if left and params.advisory and not params.start_mixed and not restoring.at_work(state):
        _refuse_mixture(load(params.advisory), state, left)
    return changes


def notes(state: State, params: Params) -> list[str]:
    return list(restoring.remarks(state))


def apply(session: Session, change: Change, params: Params) -> State | None:
    name = str(change.details.get("name"))
    match change.details.get("deed"):
        case "await":
            _await(session, change, params)
        case "mode":
            _set_mode(session, name, str(change.details.get("mode")))
        case "store":
            _await_stores(session, change, params)
        case "settle":
            _settle(session, str(change.details.get("job")), params)
        case _:
            _bring_up(session, change, params)
    return None


def _refuse_mixture(advisory: Advisory, state: State, left: list[str]) -> None:
    jobs = restoring.ended(state)
    files = mixed(advisory, state, jobs)
    if not files:
        return
    waiting = _waiting(state, files)
    due = f" ({', '.join(waiting)} will be replaced when Windows restarts)" if waiting else ""
    raise Blocked(
        f"the files do not belong together: {', '.join(files)}{due}; left down: {', '.join(left)}; "
        + _way_back(advisory, state, jobs),
        "restart the server and run again"
        if waiting
        else "install the package again by hand, or take it off by that "
        "command, then run again; start_mixed: true starts the services as the files are",
    )


def _waiting(state: State, files: tuple[str, ...]) -> list[str]:
    """Those of the files that wait for the next start of Windows."""
    renames = probe.entries(probe.part(state, "pending"), "renames")
    targets = {ntpath.basename(str(rename.get("to"))).lower() for rename in renames}
    return [name for name in (file.split()[0] for file in files) if name.lower() in targets]


def _way_back(advisory: Advisory, state: State, jobs: list[Any]) -> str:
    """The very command that takes the jobs' packages off, as far as the host has what it needs."""
    packages = [p for job in jobs if (p := advisory.package(str(probe.part(job, "record").get("package"))))]
    wanted = {folder.lower() for package in packages for folder in advisory.uninstall_folders(package)}
    found = state.get("uninstall_folders")
    paths = [str(p) for p in found if ntpath.basename(str(p)).lower() in wanted] if isinstance(found, list) else []
    names = ", ".join(dict.fromkeys(package.kb for package in packages)) or "it"
    if not paths:
        return f"the host has no uninstall folder of {names}: it cannot be taken off again"
    commands = (f'"{path}\\spuninst\\spuninst.exe" /u /q /z' for path in paths)
    return f"{names} can be taken off by: {' & '.join(commands)}"


def _await(session: Session, change: Change, params: Params) -> None:
    """Waits for an installer of ours, then does what its end leaves to do."""

    def done() -> State | None:
        seen = inspect(session, params)
        return None if restoring.at_work(seen) else seen

    text = f"{change.target}: waiting until its installer has ended"
    seen = wait_until(session, done, timeout=params.job_timeout, text=text)
    if seen is None:
        raise _still_running(inspect(session, params), change)
    for further in diff(seen, params):
        apply(session, further, params)


def _still_running(state: State, change: Change) -> Failed:
    left = restoring.down(restoring.unfinished(state), state)
    return Failed(
        f"an installer still runs: {change.target} since {change.details.get('started')}; services down now: "
        f"{', '.join(left) or 'none'}",
        remedy="see the server's screen and the installer's log; when it has ended, run again: it is found, and what "
        "it stopped is brought back (cancel_on_timeout: true ends one that hangs)",
    )


def _set_mode(session: Session, name: str, mode: str) -> None:
    answer = session.call("services_restored", "mode", {"name": name, "mode": mode})
    if not answer.get("ok"):
        raise Failed(
            f"service {name}: its start type could not be set to {mode}: {answer.get('text')}",
            remedy=f"set it by hand: sc config {name} start= {'demand' if mode == 'manual' else mode}",
        )


def _settle(session: Session, job: str, params: Params) -> None:
    """Nothing is marked as dealt with while a service is down again."""
    asked = Params(job=job, advisory=params.advisory, stores_timeout=params.stores_timeout)
    compared = restoring.changes(inspect(session, asked), compare_stores=asked.stores_timeout > 0)
    left = [c for c in compared if c.details.get("deed") != "settle"]
    if left:
        raise Failed(
            f"{left[0].target} is {left[0].before} again", remedy="see the event log for the reason, then run again"
        )
    session.call("services_restored", "settle", {"job": job})


def _starts(change: Change) -> bool:
    """Whether we start it; else the cluster does."""
    return change.details.get("deed") == "run"


def _bring_up(session: Session, change: Change, params: Params) -> None:
    """One that does not come back keeps no other one down: all are tried before it is said."""
    failed = _started(session, change, params, start=_starts(change))
    if failed is None:
        return
    others = [replace(change, details={**change.details, **other}) for other in probe.entries(change.details, "others")]
    also = [str(o.details.get("name")) for o in others if _started(session, o, params, start=_starts(o)) is not None]
    raise Failed(f"{failed.message}{'; nor does ' if also else ''}{', '.join(also)}", remedy=failed.hint) from failed


def _started(session: Session, change: Change, params: Params, *, start: bool) -> Failed | None:
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
    if found == "running":
        return None
    said = next((a for a in reversed(answers) if a), "it stopped again" if found else "")
    return _failed(session, change, said, params.timeout, owned=not start)


def _failed(session: Session, change: Change, said: str, timeout: float, *, owned: bool) -> Failed:
    name = str(change.details.get("name"))
    reason = said or f"it is not running after {timeout:.0f} s"
    remedy = f"see the event log, mend the cause, start it by hand (net start {name}), then run again"
    if owned:
        remedy = "bring its resource online in Cluster Administrator, then run again"
    words: list[Json] = [w for w in (change.details.get("name"), change.details.get("display")) if w]
    heard = _heard(session, change, words)
    return Failed(
        f"service {name} ({change.details.get('display')}) does not come back: {reason}{heard}", remedy=remedy
    )


def _await_stores(session: Session, change: Change, params: Params) -> None:
    """Waits for all of them at once; what no source can tell of is no failure, and is said in the notes."""
    wanted = change.details.get("wanted")
    names = [str(name) for name in wanted] if isinstance(wanted, list) else []
    key_file = load(params.advisory).key_file if params.advisory else ""
    latest: list[dict[str, str]] = [{}]

    def look() -> bool | None:
        latest[0] = stores.known(
            stores.missing(names, session.call("exchange_facts", "stores", {"key_file": key_file}))
        )
        return None if latest[0] else True

    text = "the stores: waiting until they are mounted"
    if wait_until(session, look, timeout=params.stores_timeout, text=text):
        return
    raise Failed(
        f"not mounted again, and mounted before: {stores.shown(latest[0])}"
        + _heard(session, change, ["MSExchangeIS", "Information Store"]),
        remedy="see the event log, mount it in Exchange System Manager, then run again (stores_timeout: 0 leaves the "
        "stores out of it)",
    )


def _heard(session: Session, change: Change, words: list[Json]) -> str:
    """What the event log says of it."""
    args: dict[str, Json] = {"since": change.details.get("since"), "words": words, "limit": 3}
    lines = session.call("services_restored", "events", args).get("lines")
    told = [str(line) for line in lines] if isinstance(lines, list) else []
    return f"; the event log says: {' | '.join(told)}" if told else ""
