"""What has to happen to services so that they are as they were before an installer stopped them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from remediate.kb import probe
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


def changes(state: State) -> Iterator[Change]:
    """Start types first, then starts in the order of dependencies, at last the marks on the jobs."""
    jobs = ended(state)
    then, now = before(jobs), {str(s.get("name")): s for s in probe.entries(state, "services")}
    order = _ordered(then)
    for name in order:
        if name in now:
            yield from _mode(name, then[name], now[name])
    for name in order:
        if name in now and then[name].get("state") in ALIVE and now[name].get("state") != "running":
            yield _run(name, then[name], now[name], cluster=bool(state.get("cluster")), jobs=jobs)
    for job in jobs:
        details: dict[str, Json] = {"deed": "settle", "job": job.get("name")}
        yield Change(target=f"job {job.get('name')}", before=job.get("phase"), after="dealt with", details=details,
                     reversible=False)  # fmt: skip


def remarks(state: State) -> Iterator[str]:
    """What differs and is left as it is."""
    jobs = ended(state)
    now = {str(s.get("name")): s for s in probe.entries(state, "services")}
    for job in unfinished(state):
        if job.get("phase") == "running":
            yield f"job {job.get('name')} is still running: services are left to it"
    for name, old in before(jobs).items():
        if name not in now:
            yield f"service {name} is no longer there"
        elif old.get("state") == "stopped" and now[name].get("state") == "running":
            yield f"service {name} was stopped before and runs now; it is left running"


def _mode(name: str, old: Service, new: Service) -> Iterator[Change]:
    was, is_now = old.get("start_mode"), new.get("start_mode")
    if was != is_now and was in MODES and is_now in MODES:
        details: dict[str, Json] = {"deed": "mode", "name": name, "mode": was}
        yield Change(
            target=f"service {name}", before=f"start type {is_now}", after=f"start type {was}", details=details
        )


def _run(name: str, old: Service, new: Service, *, cluster: bool, jobs: Sequence[State]) -> Change:
    # on a cluster node the services the cluster owns are of start type manual, and only the cluster may start them
    owned = cluster and old.get("start_mode") == "manual"
    since: Json = min((str(j.get("started", "")) for j in jobs), default="")
    details: dict[str, Json] = {
        "deed": "wait" if owned else "run",
        "name": name,
        "display": old.get("display"),
        "since": since,
    }
    return Change(
        target=f"service {name}",
        before=new.get("state"),
        after="running",
        seconds=60.0,
        why="the cluster starts it" if owned else "",
        details=details,
    )


def _ordered(services: Mapping[str, Service]) -> list[str]:
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
