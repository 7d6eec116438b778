"""Which supplied packages to install, in which order; and where that fails, what is missing and where to get it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from remediate.kb import languages
from remediate.kb.advisory import Advisory, Branch, Package
from remediate.kb.builds import Build
from remediate.kb.facts import Server
from remediate.kb.obstacles import Obstacle, Policy, for_package, newer_than
from remediate.kb.paths import Cost, Leg, Price, shortest

WEIGHT = {"hotfix": 1, "rollup": 1, "superseding": 10, "service_pack": 100}
"""What ``route: auto`` prefers: the article's own fix, else a later update, else the one that cannot be taken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """A package the operator has, as in ``packages: {<package id>: {file:, sha256:}}``."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    file: str = ""
    """Path on this machine, or UNC path the host copies from."""
    on_host: str = ""
    """Path on the host, used where it lies."""
    sha256: str = ""
    version: str = ""
    """Version inside the file, when known."""
    size: int = 0
    language: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """``legs`` to carry out, or the ``obstacles`` in the way of the nearest plan, whose ``wanted`` legs it names."""

    legs: tuple[Leg, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    wanted: tuple[Leg, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything a plan depends on."""

    advisory: Advisory
    server: Server
    start: Build
    branch: Branch | None
    """Where the server's files are now; None while an installer is replacing them."""
    supplied: Mapping[str, Supplied]
    policy: Policy


def make(request: Request) -> Plan:
    """The shortest chain of usable packages that the policy allows, or why there is none."""

    def usable(package: Package, repairs: bool) -> Cost | None:
        forbidden = not repairs and not request.policy.install_prerequisites
        return None if forbidden or troubles(request, package) else (WEIGHT[package.kind], 1)

    def wished(package: Package, repairs: bool) -> Cost | None:  # noqa: ARG001
        return (len(troubles(request, package)), WEIGHT[package.kind], 1)

    legs = shortest(request.advisory, request.start, _routed(request.policy, usable))
    if legs is not None:
        return Plan(legs=legs)
    wanted = shortest(request.advisory, request.start, _routed(request.policy, wished))
    if wanted is None:
        return Plan(obstacles=(_no_way(request),))
    return Plan(obstacles=tuple(_missing(request, wanted)), wanted=wanted)


def troubles(request: Request, package: Package) -> tuple[Obstacle, ...]:
    """Why ``package`` cannot be used here as supplied."""
    found = [o for o in (_unusable(request, package),) if o]
    found += for_package(package, request.server)
    if request.branch:
        found += newer_than(package, request.advisory, request.branch, request.server)
    return tuple(found)


def _unusable(request: Request, package: Package) -> Obstacle | None:
    given, server = request.supplied.get(package.id), request.server
    if given is None or not (given.file or given.on_host):
        return Obstacle(f"package {package.id} ({package.title}) was not supplied", _supply(request, package))
    if given.file and given.on_host:
        both = f"package {package.id} is said to be in two places: {given.file} and {given.on_host}"
        return Obstacle(both, f"leave out file or on_host in packages: {{{package.id}: ...}}")
    own = languages.name(given.language) or given.language.strip().upper() or package.language
    if server.language and own != server.language:
        return Obstacle(
            f"package {package.id} is {own}, this server is {server.language}: the installer refuses that",
            f"supply the {server.language} package and say so: packages: {{{package.id}: {{file: ..., sha256: ..., "
            f"language: {server.language}}}}}",
        )
    if not (given.command or package.command):
        return Obstacle(
            f"nobody said how {package.id} is installed unattended, and its switches are not documented",
            f"install it by hand and run again, or add the command line: packages: {{{package.id}: {{command: "
            "'\"{package}\" ...'}}",
        )
    return None


def _routed(policy: Policy, price: Callable[[Package, bool], Cost | None]) -> Price:
    """``route`` says which kind may do the repair; what goes before it is not its business."""
    kinds = {"superseding": ("superseding", "rollup")}.get(policy.route, (policy.route,))

    def routed(package: Package, repairs: bool) -> Cost | None:
        if repairs and policy.route != "auto" and package.kind not in kinds:
            return None
        return price(package, repairs)

    return routed


def _no_way(request: Request) -> Obstacle:
    what = {"hotfix": "hotfix", "superseding": "superseding update", "service_pack": "service pack with the fix"}
    kind = what.get(request.policy.route, "package")
    branch = request.advisory.branch_of(request.start)
    where = branch.name if branch else str(request.start)
    others = "set route: auto" if request.policy.route != "auto" else "this server needs a person"
    return Obstacle(f"there is no {kind} for {where} ({request.start})", others)


def _missing(request: Request, legs: tuple[Leg, ...]) -> Iterator[Obstacle]:
    last = legs[-1].package
    for leg in legs:
        package, found = leg.package, troubles(request, leg.package)
        if not leg.repairs and not request.policy.install_prerequisites:
            also = f", supply it ({found[0].remedy})" if found else ""
            yield Obstacle(
                f"a prerequisite is missing: {last.title} needs {package.title} first",
                f"install {package.kb} by hand ({package.obtain}), or set install_prerequisites: true{also}",
            )
            continue
        for number, problem in enumerate(found, 1):
            instead = _instead(request, leg) if number == len(found) else ""
            yield Obstacle(problem.reason, problem.remedy + instead)


def _instead(request: Request, leg: Leg) -> str:
    """Other packages that would do in place of a leg's own."""
    if not leg.repairs or request.policy.route not in ("auto", "superseding"):
        return ""
    allowed = _routed(request.policy, lambda _p, _r: ())
    others = [
        p.id
        for p in request.advisory.packages
        if p.id != leg.package.id and leg.start in p.requires and _repairs(request, p) and allowed(p, True) is not None  # noqa: FBT003
    ]
    return f"; {' or '.join(others)} would do as well" if others else ""


def _repairs(request: Request, package: Package) -> bool:
    branch = request.advisory.branch_of(package.provides)
    return branch is not None and branch.fixed(package.provides)


def _supply(request: Request, package: Package) -> str:
    unknown = [i for i in request.supplied if request.advisory.package(i) is None]
    near = difflib.get_close_matches(package.id, unknown, 1, 0.8)
    meant = f"; is {near[0]!r} in packages meant for it?" if near else ""
    where = f" ({package.obtain})" if package.obtain else ""
    return f"get it{where} and set packages: {{{package.id}: {{file: PATH, sha256: HASH}}}}{meant}"
