"""What to do with one server: facts + advisory + supplied packages + policy -> verdict, steps, reasons. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from remediate.errors import Blocked, NotApplicable
from remediate.kb import plan, steps, verify, words
from remediate.kb.advisory import Advisory, Branch, Package
from remediate.kb.builds import Build
from remediate.kb.facts import JobSeen, Server, read
from remediate.kb.identify import Identity, identify
from remediate.kb.obstacles import Obstacle, Policy, foreign_jobs, standing, tried_in_vain
from remediate.kb.paths import Leg
from remediate.kb.supplied import Supplied
from remediate.model import Json


class Verdict(StrEnum):
    COMPLIANT = "compliant"
    AFFECTED = "affected"
    BLOCKED = "blocked"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What was decided for one server, in words and as steps."""

    verdict: Verdict
    product: str = ""
    branch: str = ""
    """Id of the advisory's branch."""
    branch_name: str = ""
    build: str = ""
    fixed_at: str = ""
    steps: tuple[Mapping[str, Json], ...] = ()
    """In order; see ``kb.steps``."""
    reasons: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    reason: str = ""
    """Why it is blocked or not applicable."""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All that a route depends on."""

    advisory: Advisory
    server: Server
    supplied: Mapping[str, Supplied]
    policy: Policy
    now: datetime | None = None
    """UTC by the controller's clock, to notice a host whose clock is wrong."""


def choose(
    facts: object,
    advisory: Advisory,
    supplied: Mapping[str, Supplied],
    policy: Policy,
    now: datetime | None = None,
) -> Route:
    """The route of one server. ``facts`` is the State of ``exchange_facts``: untrusted, any part may be missing."""
    server = read(facts, advisory.key_file)
    question = Question(advisory=advisory, server=server, supplied=supplied, policy=policy, now=now)
    try:
        identity = identify(advisory, server)
    except NotApplicable as error:
        return Route(verdict=Verdict.NOT_APPLICABLE, product=server.named, build=server.build_text, reason=error.reason)
    except Blocked as error:
        reason, remedy = _in_flux(server, error)
        return Route(
            verdict=Verdict.BLOCKED, product=server.named, build=server.build_text, reason=reason, remedy=remedy
        )
    return _judged(question, identity)


def _judged(question: Question, identity: Identity) -> Route:
    branch = identity.branch
    route = Route(
        verdict=Verdict.COMPLIANT,
        product=identity.product.name,
        branch=branch.id,
        branch_name=branch.name,
        build=str(identity.build),
        fixed_at=str(branch.fixed_at or ""),
        reasons=tuple(words.seen(question.advisory, question.server, identity)),
        cautions=tuple(words.cautions(question.server, question.now)),
    )
    if adopted := _adopted(question, identity):
        return _waiting(question, route, *adopted)
    if not branch.fixed(identity.build):
        return _affected(question, identity, route)
    return _fixed(question, identity, route)


def _fixed(question: Question, identity: Identity, route: Route) -> Route:
    """The key file is repaired; whether the others came with it decides."""
    advisory, server = question.advisory, question.server
    rows = verify.rows(advisory, identity.branch, server.files, language=server.language, bias_known=server.bias_known)
    wrong = [r for r in rows if r.verdict in verify.PARTIAL]
    waiting = _waiting_renames(server, [r.file for r in rows])
    if wrong or waiting:
        return _blocked(route, [_partial(identity.branch, wrong, waiting, advisory, server)])
    cautions = [f"{row}" for row in rows if not row.good]
    if server.reboot or server.renames:
        cautions.append("a restart of this server is still due; nothing of this article waits for it")
    if later := words.undoing(advisory, identity):
        cautions.append(f"{later.name} laid over this fix would bring the fault back: it starts unfixed")
    return replace(route, cautions=(*route.cautions, *cautions))


def _affected(question: Question, identity: Identity, route: Route) -> Route:
    server = question.server
    found = plan.make(_request(question, identity.build, identity.branch))
    obstacles = [*standing(server, question.policy), *foreign_jobs(server), *found.obstacles]
    obstacles += _in_vain(question, found.legs)
    if obstacles:
        return _blocked(route, obstacles)
    return _stepping(question, route, found.legs)


def _in_vain(question: Question, legs: tuple[Leg, ...]) -> list[Obstacle]:
    """Packages of the way that were installed and changed nothing. Nobody is led on to another package by that."""
    found: list[Obstacle] = []
    for leg in legs:
        given = question.supplied.get(leg.package.id)
        found += tried_in_vain(leg.package, given.sha256 if given else "", question.server, question.policy)
    return found


def _request(question: Question, start: Build, branch: Branch | None) -> plan.Request:
    return plan.Request(
        advisory=question.advisory,
        server=question.server,
        start=start,
        branch=branch,
        supplied=question.supplied,
        policy=question.policy,
    )


def _stepping(question: Question, route: Route, legs: tuple[Leg, ...], adopts: str = "") -> Route:
    advisory, given = question.advisory, question.supplied
    ids = [leg.package.id for leg in legs]
    listed = tuple(
        steps.data(advisory, leg, given.get(leg.package.id), after=ids[:n], adopts="" if n else adopts)
        for n, leg in enumerate(legs)
    )
    cautions = [c for leg in legs for c in leg.package.cautions]
    cautions += [words.inferred(leg.package) for leg in legs if leg.repairs and leg.package.sure != "verified"]
    return replace(
        route,
        verdict=Verdict.AFFECTED,
        steps=listed,
        reasons=(*route.reasons, *(words.step(leg, "" if n else adopts) for n, leg in enumerate(legs))),
        cautions=tuple(dict.fromkeys((*route.cautions, *advisory.cautions, *cautions, *words.risks(question.server)))),
    )


def _waiting(question: Question, route: Route, job: JobSeen, package: Package) -> Route:
    """An installation of ours is still running: it is waited for, whatever the files say at this moment."""
    advisory = question.advisory
    start = package.requires.at_least
    repaired = advisory.branch_of(package.provides)
    first = Leg(package, start, repaired is not None and repaired.fixed(package.provides))
    allowing = replace(question, policy=replace(question.policy, install_prerequisites=True))
    rest = plan.make(_request(allowing, package.provides, None))
    return _stepping(question, route, (first, *rest.legs), adopts=job.name)


def _adopted(question: Question, identity: Identity) -> tuple[JobSeen, Package] | None:
    """Our own running installation, if it is of a package that this server can be in the middle of."""
    for job in question.server.jobs:
        for package in question.advisory.packages:
            named = f"{job.name}-".lower().startswith(f"{package.id}-".lower())  # the job's name is id and part of hash
            target = question.advisory.branch_of(package.provides)
            here = identity.build in package.requires or (target is not None and identity.build in target.builds)
            if job.phase == "running" and here and (named or job.package == package.id):
                return job, package
    return None


def _in_flux(server: Server, error: Blocked) -> tuple[str, str]:
    """A server that cannot be told while something is being installed is not sick, it is busy."""
    running = [job.name for job in server.jobs if job.phase == "running"]
    if not running:
        return error.reason, error.remedy
    return (
        f"an installation is going on (job {running[0]}); until it ends, {error.reason}",
        "let it finish, then run again",
    )


def _blocked(route: Route, obstacles: list[Obstacle]) -> Route:
    unique = list(dict.fromkeys(obstacles))
    return replace(
        route,
        verdict=Verdict.BLOCKED,
        reason=_numbered([o.reason for o in unique]),
        remedy=_numbered(list(dict.fromkeys(o.remedy for o in unique))),
    )


def _numbered(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else "; ".join(f"({n}) {text}" for n, text in enumerate(texts, 1))


def _partial(
    branch: Branch, wrong: list[verify.Row], waiting: list[str], advisory: Advisory, server: Server
) -> Obstacle:
    if waiting or server.reboot:
        which = ", ".join(waiting) or "files"
        return Obstacle(
            f"{advisory.key_file} is fixed, but a restart is pending that replaces {which}: "
            + ("; ".join(map(str, wrong)) or "what is there now is not what will be there"),
            "restart the server, then verify",
        )
    return Obstacle(
        f"partial install: {advisory.key_file} is fixed, but not all files came with it: " + "; ".join(map(str, wrong)),
        f"restart the server and verify; if it stays so, take the update off and install it again "
        f"({branch.table or 'the service pack'}), then verify",
    )


def _waiting_renames(server: Server, names: list[str]) -> list[str]:
    ours = {n.lower() for n in names}
    targets = {r.replace("/", "\\").rsplit("\\", 1)[-1].lower() for r in server.renames}
    return sorted(ours & targets)
