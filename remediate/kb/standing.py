"""How a server is left, in words and as data: what is down that ran before, which restart is due, its files."""

from __future__ import annotations

import ntpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from remediate.kb import codes, facts, probe, restoring, stores, verdicts
from remediate.kb.advisory import Advisory
from remediate.kb.mixture import mixed
from remediate.model import Json, Standing, State

MOST = 60
"""Names of one kind that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What two looks at one server tell of it, the first one before anything was done."""

    installers: tuple[tuple[str, str], ...] = ()
    """Job or program that still installs, and since when ("" unknown)."""
    services_read: bool = True
    down: Mapping[str, str] = field(default_factory=dict)
    """Services that ran before and do not now, behind what they depend on -> what is special about it, else ""."""
    starting: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    served: bool = False
    """The service of the key file runs."""
    not_mounted: Mapping[str, str] = field(default_factory=dict)
    untold: tuple[str, ...] = ()
    """Stores that were mounted before, and of which nothing can be told now."""
    ended: tuple[Json, ...] = ()
    """Exit codes of installers that came to their end when nobody waited for them any more."""
    restart_codes: tuple[int, ...] = ()
    restart_sources: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    """Files that are replaced at the next start of Windows."""
    files: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def restart_due(self) -> bool:
        return bool(self.restart_codes or self.restart_sources)


def standing(first: State, now: State, advisory: Advisory) -> Standing:
    """``first`` and ``now`` are States of exchange_facts: untrusted, any part may be missing."""
    left = read(first, now, advisory)
    build = probe.part(now, "exchange").get("store_build")
    return Standing(
        alerts=tuple(_alerts(left)),
        told=tuple(_told(left)),
        remedy="; ".join(_remedies(left)),
        since=_since(left),
        columns={"build": str(build)[:50]} if build else {},
        data=_data(left, now),
    )


def read(first: State, now: State, advisory: Advisory) -> Left:
    """The same as values."""
    ours = _ours(first, now)
    open_jobs = [*restoring.unfinished(first), *restoring.unfinished(now)]
    down, starting = _services(first, now, open_jobs)
    up = {str(s.get("name")).lower() for s in probe.entries(now, "services") if s.get("state") == "running"}
    served = advisory.key_service.lower() in up
    wanted = list(dict.fromkeys([*map(str, stores.record(first)), *stores.mounted_before(open_jobs)]))[:MOST]
    missing = stores.missing(wanted, now)
    return Left(
        installers=tuple(_installers(now)),
        services_read=isinstance(now.get("services"), list),
        down=down,
        starting=starting,
        mixed=mixed(advisory, now, ours) if ours else (),
        served=served,
        not_mounted=stores.known(missing),
        untold=tuple(stores.unknown(missing)),
        ended=tuple(_ended(ours)),
        restart_codes=_restart_codes(ours, now),
        restart_sources=tuple(str(s)[:80] for s in _list(probe.part(now, "pending").get("sources"))[:10]),
        waiting=tuple(_waiting(now, advisory)),
        files=_files(first, now, advisory),
    )


def _ours(first: State, now: State) -> list[State]:
    """Jobs this run has to do with: not dealt with yet, or dealt with since it began."""
    settled = {(j.get("name"), j.get("started")) for j in probe.entries(first, "jobs") if j.get("settled")}
    jobs = [j for j in probe.entries(now, "jobs") if (j.get("name"), j.get("started")) not in settled]
    return sorted(jobs, key=lambda job: str(job.get("started", "")))


def _ended(ours: Sequence[State]) -> Iterator[Json]:
    for job in ours:
        if job.get("phase") == "finished" and isinstance(job.get("exit_code"), int) and verdicts.due(job):
            yield job["exit_code"]


def _installers(now: State) -> Iterator[tuple[str, str]]:
    jobs = restoring.at_work(now)
    for job in jobs[:MOST]:
        yield f"job {str(job.get('name'))[:80]}", str(job.get("started") or "")[:30]
    if not jobs:
        names = dict.fromkeys(str(one.get("name"))[:80] for one in probe.entries(now, "installers_running")[:MOST])
        yield from ((name, "") for name in names)


def _services(first: State, now: State, jobs: Sequence[State]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Services that ran, by the first look or before an installer nobody has dealt with."""
    ran = {str(s.get("name")): s for s in probe.entries(first, "services") if s.get("state") in restoring.ALIVE}
    ran |= {name: s for name, s in restoring.before(jobs).items() if s.get("state") in restoring.ALIVE}
    there = {str(s.get("name")): s for s in probe.entries(now, "services")}
    down: dict[str, str] = {}
    starting: list[str] = []
    for name in restoring.ordered({**ran, **{n: s for n, s in there.items() if n in ran}}):
        service = there.get(name)
        state = service.get("state") if service else "gone"
        if state == "start pending":
            starting.append(name[:80])
        elif state != "running" and len(down) < MOST:
            disabled = service is not None and service.get("start_mode") == "disabled"
            down[name[:80]] = "disabled" if disabled else "" if state == "stopped" else str(state)[:30]
    return down if isinstance(now.get("services"), list) else {}, tuple(starting[:MOST])


def _restart_codes(jobs: Sequence[State], now: State) -> tuple[int, ...]:
    """Of installers that asked for a restart which has not come since."""
    boot = facts.moment(probe.part(now, "os").get("boot"))
    found: dict[int, None] = {}
    for job in jobs:
        code, started = job.get("exit_code"), facts.moment(job.get("started"))
        if isinstance(code, int) and code in codes.RESTART and not (boot and started and boot > started):
            found[code] = None
    return tuple(found)


def _waiting(now: State, advisory: Advisory) -> list[str]:
    """The article's files among those that wait for the next start of Windows."""
    renames = probe.entries(probe.part(now, "pending"), "renames")
    names = {ntpath.basename(str(one.get("to"))).lower() for one in renames}
    known = dict.fromkeys(n.lower() for n in _names(advisory))
    return [name for name in known if name in names][:MOST]


def _files(first: State, now: State, advisory: Advisory) -> dict[str, str | None]:
    """Those that tell the level, and whatever else of the article has changed. None: unreadable, "" not there."""
    if probe.part(now, "exchange").get("installed") is False:
        return {}
    before, after = (facts.read(state, advisory.key_file).files for state in (first, now))
    level = dict.fromkeys(n.lower() for n in (advisory.key_file, *advisory.same_level))
    found: dict[str, str | None] = {}
    for name in dict.fromkeys((*level, *(n.lower() for n in _names(advisory)))):
        seen, old = after.get(name), before.get(name)
        if name in level or (seen and old and seen.version != old.version):
            found[name] = "" if seen and seen.exists is False else seen.text or None if seen else None
    return found


def _names(advisory: Advisory) -> list[str]:
    return [f.name for package in advisory.packages for f in package.files]


def _alerts(left: Left) -> Iterator[str]:
    for name, since in left.installers:
        yield f"an installer still runs: {name} since {since}" if since else f"an installer runs: {name}"
    if not left.services_read:
        yield "which services run could not be read"
    if left.down:
        yield "DOWN NOW: " + ", ".join(f"{name} ({how})" if how else name for name, how in left.down.items())
    if left.starting:
        yield f"still starting: {', '.join(left.starting)}"
    if left.mixed:
        served = ", and mail is served on them" if left.served else ""
        yield f"files that do not belong together: {', '.join(left.mixed)}{served}"
    if left.not_mounted and (left.served or not left.down):
        yield f"NOT MOUNTED: {stores.shown(left.not_mounted)}"
    if left.restart_due:
        why = ", ".join(map(str, left.restart_codes or left.restart_sources))
        waits = f": {', '.join(left.waiting)} {'wait' if len(left.waiting) > 1 else 'waits'} for it"
        yield f"restart due ({why}){waits if left.waiting else ''}"


def _since(left: Left) -> str:
    """Nothing while another one runs: what that does is not over."""
    if not left.ended or left.installers:
        return ""
    return f"it has ended since, with exit code {', '.join(map(str, left.ended))}"


def _told(left: Left) -> Iterator[str]:
    if left.services_read and not left.down and not left.starting:
        yield "services as before"
    if left.untold:
        yield f"whether these stores are mounted could not be read: {', '.join(left.untold)}"
    if left.files:
        yield ", ".join(f"{name} {_version(version)}" for name, version in left.files.items())


def _version(version: str | None) -> str:
    return "unreadable" if version is None else version or "is not there"


def _remedies(left: Left) -> Iterator[str]:
    if left.installers:
        yield "see the server's screen, and run again when the installer has ended"
    elif left.ended:
        yield "run again: its end is judged and its files are proved then; give it longer (install_timeout)"
    if left.down and not left.mixed and not left.installers:
        yield f"run again, or start by hand: {', '.join(f'net start {name}' for name in left.down)}"
    if left.not_mounted and left.served:
        yield "mount the store in Exchange System Manager"
    if left.restart_due:
        yield "restart the server at a time that suits, then run again"


def _data(left: Left, now: State) -> dict[str, Any]:
    due: dict[str, Json] = {
        "codes": list(left.restart_codes),
        "sources": list(left.restart_sources),
        "files": list(left.waiting),
    }
    return {
        "read_at": str(probe.part(now, "time").get("utc") or "")[:30],
        "installers": [{"name": name, "since": since} for name, since in left.installers],
        "services_read": left.services_read,
        "services_down": list(left.down),
        "services_starting": list(left.starting),
        "files": dict(left.files),
        "files_mixed": list(left.mixed),
        "stores_not_mounted": dict(left.not_mounted),
        "stores_untold": list(left.untold),
        "restart_due": due if left.restart_due else None,
    }


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []
