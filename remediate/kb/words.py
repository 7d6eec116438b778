"""The sentences of a route: what was seen, why each step, what to watch out for. Written for a person at 2 a.m."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from remediate.kb import languages
from remediate.kb.advisory import Advisory, Branch, Package
from remediate.kb.facts import Server
from remediate.kb.identify import Identity
from remediate.kb.paths import Leg


def seen(advisory: Advisory, server: Server, identity: Identity) -> Iterator[str]:
    """What the server is, and what happened to it."""
    branch = identity.branch
    said = f"{advisory.key_file} is {identity.build} (from the {server.build_source}): {branch.name}"
    if branch.fixed_at is None:
        yield f"{said}, where nothing has the fix"
    elif branch.fixed(identity.build):
        yield f"{said}, fixed from {branch.fixed_at}"
    else:
        yield f"{said}, fixed only from {branch.fixed_at}"
        yield from _undone(advisory, server, branch)
    for job in server.jobs:
        if job.phase in ("finished", "lost") and not job.settled:
            ended = f"with exit code {job.exit_code}" if job.exit_code is not None else "without an exit code"
            yield f"an earlier installation ({job.name}) ended {ended} while nobody watched"


def step(leg: Leg, adopts: str) -> str:
    package = leg.package
    if adopts:
        return f"{package.title} is being installed by an earlier run (job {adopts}): it is waited for, not repeated"
    what = "brings the fix" if leg.repairs else "is needed before the fix"
    return f"{package.title} {what}: {package.provides}"


def inferred(package: Package) -> str:
    return f"that {package.kb} contains the fix follows from the article's 'or later'; Microsoft says so of no update"


def undoing(advisory: Advisory, identity: Identity) -> Branch | None:
    """A later service pack of the product that begins unrepaired."""
    for branch in advisory.branches:
        start = branch.builds.at_least
        if branch.product == identity.product.id and start.parts > identity.build.parts and not branch.fixed(start):
            return branch
    return None


def cautions(server: Server, now: datetime | None) -> Iterator[str]:
    """What is worth knowing of any server, to be installed on or not."""
    if server.front_end:
        yield "this is a front-end server: do front ends before back ends; whether one needs the fix is unverified"
    if server.language not in ("", languages.ENGLISH):
        yield f"the server is {server.language}: the article's sizes and dates are English, only versions count"
    if server.utc is None:
        yield "the server's clock could not be read"
    elif now is not None and abs(now - server.utc) > timedelta(minutes=5):
        yield f"the server's clock is wrong by {_span(now - server.utc)}; log-on and log times depend on it"
    if not server.bias_known:
        yield "the server's time zone could not be read: dates of files may be off by hours"


def risks(server: Server) -> Iterator[str]:
    """What the operator chose to go ahead with, and what could not be read, where something is installed."""
    if server.cluster:
        yield "this is a cluster node: restart it afterwards, and never let both nodes be without the service"
    elif server.cluster is None:
        yield "whether this is a cluster node could not be read"
    if server.reboot or server.renames:
        yield "a restart is still due, and you chose to install over it"
    if server.installers is None:
        yield "whether another installer is running could not be read"
    if not server.language:
        yield "the server's language could not be read; the installer refuses a package of another one"


def _undone(advisory: Advisory, server: Server, branch: Branch) -> Iterator[str]:
    """A service pack laid over a repaired server leaves the hotfix's registry key and takes its files."""
    for package in advisory.packages:
        target = advisory.branch_of(package.provides)
        before = target is not None and target.product == branch.product and target.id != branch.id
        if before and package.kb == advisory.kb and package.kind == "hotfix" and _registered(advisory, package, server):
            yield f"the registry still shows {package.title}: {branch.name} was laid over it and undid the fix"


def _registered(advisory: Advisory, package: Package, server: Server) -> bool:
    """Whether a key of the package was found; the parent key tells the packages of one article apart."""
    keys = {_tail(k) for k in advisory.registry_keys(package)}
    return any(_tail(trace) in keys for trace in server.traces)


def _tail(key: str) -> str:
    return "\\".join(key.lower().strip("\\").split("\\")[-3:])


def _span(off: timedelta) -> str:
    minutes = int(abs(off).total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min" if hours else f"{minutes} min"
