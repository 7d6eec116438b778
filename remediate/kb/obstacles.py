"""What forbids installing on a server right now, each with the remedy a person can carry out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from remediate.kb.advisory import Advisory, Branch, Package
from remediate.kb.facts import FileSeen, Server
from remediate.kb.verdicts import Verdict, job_name

RouteName = Literal["auto", "hotfix", "superseding", "service_pack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator allows."""

    route: RouteName = "auto"
    install_prerequisites: bool = False
    allow_cluster: bool = False
    ignore_pending_reboot: bool = False
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Obstacle:
    reason: str
    remedy: str


def standing(server: Server, policy: Policy) -> Iterator[Obstacle]:
    """What forbids any installation."""
    if server.cluster and not policy.allow_cluster:
        yield Obstacle(
            "this is a cluster node: the cluster owns its services, and a store fix needs the node restarted",
            "install on the passive node first, restart it, move the virtual server there, then do the other node; set "
            "allow_cluster: true for a node that holds no virtual server at the moment",
        )
    if (server.reboot or server.renames) and not policy.ignore_pending_reboot:
        yield Obstacle(
            f"a restart of this server is still due ({_why(server)})",
            "restart the server and run again, or set ignore_pending_reboot: true if you know what it is waiting for",
        )
    if server.installers:
        yield Obstacle(
            f"another installation is running: {', '.join(sorted(set(server.installers)))}",
            "let it finish (or end it, if it hangs), then run again",
        )


def foreign_jobs(server: Server) -> Iterator[Obstacle]:
    """Running jobs of this toolkit that install something else."""
    for job in server.jobs:
        if job.phase == "running":
            yield Obstacle(f"job {job.name} of this toolkit is running here", "let it finish, then run again")


def fruitless(label: str, verdict: Verdict) -> Obstacle:
    """What ended well and changed nothing is not tried again unasked."""
    how = f"with exit code {verdict.exit_code} and changed nothing ({verdict.shown})"
    return Obstacle(
        f"{label} was installed on {verdict.at} {how}",
        "find out why (its log is on the host; a restart may be due); --retry, or retry: true, installs it once more; "
        "route names another way",
    )


def tried_in_vain(package: Package, sha256: str, server: Server, policy: Policy) -> Iterator[Obstacle]:
    """The same bytes were installed here and changed nothing. An unknown hash may be any."""
    now = {name: str(seen.version or "") for name, seen in server.files.items()}
    for job in server.jobs:
        same = job.package == package.id and (not sha256 or job.name == job_name(package.id, sha256))
        if same and job.verdict and job.verdict.fruitless and job.verdict.still(now) and not policy.retry:
            yield fruitless(package.kb, job.verdict)


def for_package(package: Package, server: Server) -> Iterator[Obstacle]:
    """What forbids this package on this server, apart from its not being there."""
    if problem := _windows(package, server):
        yield problem
    for place, free in server.free.items():
        if free is not None and free < package.free_bytes:
            yield Obstacle(
                f"{_mb(free)} free on the {place}, {package.id} needs {_mb(package.free_bytes)}",
                f"free {_mb(package.free_bytes - free)} on the {place}",
            )


def newer_than(package: Package, advisory: Advisory, branch: Branch, server: Server) -> Iterator[Obstacle]:
    """Files on the server that ``package`` would replace by older ones: nothing newer is ever overwritten."""
    versions = {n.lower(): package.provides for n in (*advisory.same_level, advisory.key_file)}
    versions |= {f.name.lower(): f.version for f in package.files}
    for name, version in versions.items():
        seen = server.files.get(name) or FileSeen(name=name)
        if seen.version is None:
            continue
        if seen.version not in branch.builds:
            other = advisory.branch_of(seen.version)
            yield Obstacle(
                f"{name} {seen.version} is of {other.name if other else 'an unknown level'}, while {advisory.key_file} "
                f"{server.build} is of {branch.name}: an installation stopped half-way or was mixed",
                "restart the server and run again; if it stays so, put the service pack of one of the two on again",
            )
        elif version in branch.builds and version != seen.version and branch.builds.reaches(seen.version, version):
            yield Obstacle(
                f"{name} {seen.version} is newer than the {version} of {package.id}, which would put it back",
                f"find out which update brought {name} {seen.version} and install that one completely",
            )


def _why(server: Server) -> str:
    sources = ", ".join(server.reboot_sources) or "pending"
    names = ", ".join(sorted({r.replace("/", "\\").rsplit("\\", 1)[-1] for r in server.renames})[:5])
    return f"{sources}: {names}" if names else sources


def _windows(package: Package, server: Server) -> Obstacle | None:
    """Unknown Windows is no obstacle: the installer checks as well."""
    if not package.windows or not server.windows:
        return None
    fitting = [w for w in package.windows if (server.windows + ".").startswith(w.version + ".")]
    needs = " or ".join(f"Windows {w.version} SP{w.service_pack}" for w in package.windows)
    shown = f"Windows {server.windows} SP{server.windows_service_pack}"
    if not fitting:
        return Obstacle(f"{package.id} runs on {needs}, this is {shown}", "use another route")
    pack = server.windows_service_pack
    if pack is not None and all(pack < w.service_pack for w in fitting):
        return Obstacle(f"{package.id} needs {needs}, this is {shown}", "install that service pack of Windows first")
    return None


def _mb(size: int) -> str:
    return f"{size / 1048576:,.0f} MB"
