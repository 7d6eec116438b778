"""What has to happen so that a server is as it was before an installer stopped its services. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from remediate.kb import probe, stores, verdicts
from remediate.model import Change, Json, State

ALIVE = frozenset({"running", "start pending"})
MODES = frozenset({"auto", "manual", "disabled"})
"""Start types of services; boot and system belong to drivers and are left alone."""
Service = Mapping[str, Json]


def unfinished(state: State) -> list[Mapping[str, Json]]:
    """Jobs of which nobody has dealt with the outcome, oldest first."""
    jobs = [j for j in probe.entries(state, "jobs") if not j.get("settled")]
    return sorted(jobs, key=lambda job: str(job.get("started", "")))


def ended(state: State) -> list[Mapping[str, Json]]:
    return [j for j in unfinished(state) if j.get("phase") in ("finished", "lost")]


def at_work(state: State) -> list[Mapping[str, Json]]:
    """Jobs whose installer still runs: theirs the services are, until it has ended.

    One that was lost is at work while any installer runs: it may have outlived the shell it was started by.
    """
    others = bool(probe.entries(state, "installers_running"))
    return [j for j in unfinished(state) if j.get("phase") == "running" or (j.get("phase") == "lost" and others)]


def before(jobs: Sequence[State]) -> dict[str, Service]:
    """Each service as it was before the first of ``jobs``, and running when it ran before any of them."""
    found: dict[str, Service] = {}
    for job in jobs:
        for service in probe.entries(job, "services_before"):
            name = str(service.get("name"))
            if name not in found or (service.get("state") in ALIVE and found[name].get("state") not in ALIVE):
                mode = found.get(name, service).get("start_mode")
                found[name] = {**service, "start_mode": mode}
    return found


def down(jobs: Sequence[State], state: State) -> list[str]:
    """Services that ran before ``jobs`` and do not now, each behind what it depends on."""
    then, now = before(jobs), _now(state)
    return [n for n in ordered(then) if n in now and then[n].get("state") in ALIVE and not _up(now[n])]


def changes(state: State, *, compare_stores: bool = True) -> Iterator[Change]:
    """Start types first, then starts in the order of dependencies, then the stores, at last the marks on the jobs.

    While an installer of ours is at work there is one thing to do: wait for its end.
    """
    if working := at_work(state):
        yield from (_await(job, state) for job in working)
        return
    jobs = ended(state)
    then, now = before(jobs), _now(state)
    order = ordered(then)
    for name in order:
        if name in now:
            yield from _mode(name, then[name], now[name])
    left = down(jobs, state)
    deeds = {name: _deed(then[name], cluster=bool(state.get("cluster"))) for name in left}
    for name, deed in deeds.items():
        needing = dependents(then, name)
        others: list[Json] = [dict(other) for n, other in deeds.items() if n.lower() not in needing]
        yield _run(now[name], {**deed, "since": _since(jobs), "others": others})
    if compare_stores:
        yield from _stores(jobs, state, starting=bool(left))
    for job in jobs:
        if not verdicts.due(job):
            yield _settle(job)


def remarks(state: State) -> Iterator[str]:
    """What differs and is left as it is, and what cannot be told."""
    jobs = ended(state)
    now = _now(state)
    for job in at_work(state):
        yield f"job {job.get('name')} is still running: services are left to it"
    for name, old in before(jobs).items():
        if name not in now:
            yield f"service {name} is no longer there"
        elif old.get("state") == "stopped" and now[name].get("state") == "running":
            yield f"service {name} was stopped before and runs now; it is left running"
    wanted = stores.mounted_before(jobs)
    if silent := stores.unknown(stores.missing(wanted, state)):
        yield f"whether these stores are mounted again could not be read: {', '.join(silent)}"
    for job in jobs:
        if verdicts.due(job):
            code = job.get("exit_code")
            shown = "without an exit code" if code is None else f"with exit code {code}"
            yield f"job {job.get('name')} ended {shown}, and nobody has judged that yet: the next run does"


def _now(state: State) -> dict[str, Service]:
    return {str(s.get("name")): s for s in probe.entries(state, "services")}


def _up(service: Service) -> bool:
    return service.get("state") == "running"


def _await(job: State, state: State) -> Change:
    running = ", ".join(str(p.get("name")) for p in probe.entries(state, "installers_running"))
    phase = "running" if job.get("phase") == "running" else f"{running} outlived it"
    seconds = probe.part(job, "record").get("seconds")
    return Change(
        target=f"job {job.get('name')}",
        before=phase,
        after="ended, and what it stopped runs again",
        seconds=float(seconds) if isinstance(seconds, int | float) else 600.0,
        details={"deed": "await", "job": job.get("name"), "started": job.get("started")},
    )


def _settle(job: State) -> Change:
    details: dict[str, Json] = {"deed": "settle", "job": job.get("name")}
    return Change(target=f"job {job.get('name')}", before=job.get("phase"), after="dealt with", details=details,
                  reversible=False)  # fmt: skip


def _mode(name: str, old: Service, new: Service) -> Iterator[Change]:
    was, is_now = old.get("start_mode"), new.get("start_mode")
    if was != is_now and was in MODES and is_now in MODES:
        details: dict[str, Json] = {"deed": "mode", "name": name, "mode": was}
        yield Change(
            target=f"service {name}", before=f"start type {is_now}", after=f"start type {was}", details=details
        )


def _deed(service: Service, *, cluster: bool) -> dict[str, Json]:
    """Start it; or wait, where a cluster owns it (start type manual on a node): only the cluster starts that."""
    owned = cluster and service.get("start_mode") == "manual"
    return {"deed": "wait" if owned else "run", "name": service.get("name"), "display": service.get("display")}


def _run(service: Service, details: Mapping[str, Json]) -> Change:
    """``others`` of the details: those that can be started although this one does not come back."""
    return Change(
        target=f"service {details['name']}",
        before=service.get("state"),
        after="running",
        seconds=60.0,
        why="the cluster starts it" if details["deed"] == "wait" else "",
        details=details,
    )


def _stores(jobs: Sequence[State], state: State, *, starting: bool) -> Iterator[Change]:
    """Stores that were mounted before and are not; while services have to be started nobody can tell."""
    wanted = stores.mounted_before(jobs)
    left = stores.missing(wanted, state)
    for name, now in (left if starting else stores.known(left)).items():
        details: dict[str, Json] = {"deed": "store", "name": name, "wanted": list(wanted), "since": _since(jobs)}
        yield Change(target=f"store {name}", before=now, after=stores.MOUNTED, seconds=60.0, details=details)


def _since(jobs: Sequence[State]) -> str:
    return min((str(j.get("started", "")) for j in jobs), default="")


def ordered(services: Mapping[str, Service]) -> list[str]:
    """Names, each behind what it depends on."""
    lower = {name.lower(): name for name in services}
    done: dict[str, None] = {}

    def visit(name: str, path: frozenset[str]) -> None:
        if name in done or name in path:
            return
        depends = services[name].get("depends")
        for needed in depends if isinstance(depends, list) else []:
            if str(needed).lower() in lower:
                visit(lower[str(needed).lower()], path | {name})
        done[name] = None

    for name in services:
        visit(name, frozenset())
    return list(done)


def dependents(services: Mapping[str, Service], name: str) -> set[str]:
    """Lower-case names of ``name`` itself and of all that depend on it, directly or not."""
    found = {name.lower()}
    grew = True
    while grew:
        more = {n.lower() for n, service in services.items() if _needs(service) & found} - found
        found |= more
        grew = bool(more)
    return found


def _needs(service: Service) -> set[str]:
    depends = service.get("depends")
    return {str(one).lower() for one in depends} if isinstance(depends, list) else set()
