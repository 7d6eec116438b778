"""Whether one package may be installed on a host now: from the facts to Changes, or to Blocked with the remedy."""

from __future__ import annotations

import ntpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remediate.errors import Blocked, NotApplicable, UserError
from remediate.kb import facts, languages, probe, stores, verdicts
from remediate.kb.advisory import Advisory, Package, load
from remediate.kb.levels import FileLevel, levels
from remediate.kb.obstacles import Policy, for_package, foreign_jobs, fruitless, newer_than, standing
from remediate.kb.supplied import command_fault
from remediate.model import Certainty, Change, Effect, Json, State

if TYPE_CHECKING:
    from remediate.connections.base import Session
    from remediate.kb.facts import Server


@dataclass(frozen=True, kw_only=True)
class InstallParams:
    """What hotfix and service_pack have in common."""

    advisory: dict[str, Any] = field(metadata={"help": "The article as data; names the package, its files and limits."})
    package: str = field(metadata={"help": "Id of the package in the advisory."})
    file: str = field(default="", metadata={"help": "The package on the controller, as given to package_staged."})
    staged: str = field(
        default="", metadata={"help": "Where it lies on the host: path of package_staged's result; empty: by file."}
    )
    size: int = field(default=0, metadata={"help": "Its size in bytes, for staged; 0: not checked once more."})
    sha256: str = field(default="", metadata={"help": "SHA-256 of that file."})
    language: str = field(default="", metadata={"help": "Three letters, when the package is not the English one."})
    command: str = field(
        default="", metadata={"help": "Command line instead of the advisory's; {package} is the file."}
    )
    after: list[str] = field(default_factory=list, metadata={"help": "Packages that earlier steps of this run bring."})
    version: str = field(
        default="", metadata={"help": "Version inside the package file, checked once more on the host."}
    )
    modified: str = field(
        default="", metadata={"help": "When it was last written on the host, as package_staged tells it."}
    )
    adopts: str = field(default="", metadata={"help": "Job of an earlier run that installs it already."})
    allow_cluster: bool = field(default=False, metadata={"help": "Install on a cluster node as well."})
    ignore_pending_reboot: bool = field(default=False, metadata={"help": "Install although a restart is still due."})
    timeout: float = field(
        default=0.0, metadata={"help": "Seconds until it counts as hanging; 0: the package's limit.", "least": 1}
    )
    cancel_on_timeout: bool = field(default=False, metadata={"help": "End a hanging installer instead of leaving it."})
    retry: bool = field(
        default=False, metadata={"help": "Install once more although it ended well before and changed nothing."}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One package for one host, with everything looked up."""

    advisory: Advisory
    package: Package
    params: InstallParams

    @property
    def label(self) -> str:
        return self.package.kb

    @property
    def job(self) -> str:
        """The same for every controller that installs the same bytes, so that they find each other's installer."""
        if self.params.adopts:
            return self.params.adopts
        return verdicts.job_name(self.package.id, self.params.sha256)

    @property
    def timeout(self) -> float:
        return self.params.timeout or self.package.limit_seconds

    @property
    def command(self) -> str:
        return self.params.command or self.package.command


def work(params: InstallParams) -> Work:
    """``UserError`` for a package the advisory does not know, and for switches that must not be used."""
    advisory = load(params.advisory)
    package = advisory.package(params.package)
    if package is None:
        known = ", ".join(p.id for p in advisory.packages)
        raise UserError(f"{advisory.kb} knows no package {params.package!r}", hint=f"it knows {known}")
    found = Work(advisory=advisory, package=package, params=params)
    if found.command and any(fault := command_fault(found.command)):
        raise UserError(fault[0], hint=fault[1])
    return found


def staged_path(folder: str, sha256: str, name: str) -> str:
    """Where a package is put on the host: the hash keeps apart two packages of one name."""
    return f"{folder}\\packages\\{sha256[:16].lower()}-{ntpath.basename(name.replace('/', chr(92)))}"


def inspect(session: Session, params: InstallParams) -> State:
    """The facts, with our own job for this package under ``job``; one round trip."""
    item = work(params)
    seen = probe.ask(session, probe.questions(item.advisory))
    own = next((j for j in probe.entries(seen, "jobs") if j.get("name") == item.job), None)
    return {**seen, "package": item.package.id, "job": item.job, "own_job": dict(own) if own else None}


def diff(state: State, params: InstallParams) -> list[Change]:
    """[] when every file of the package is at its version or later in the branch, and no installer of ours is at it.

    One that has ended, and of which nobody saw how, is a difference as well: its end is judged before anything else.
    """
    item = work(params)
    server = facts.read(state, item.advisory.key_file)
    if server.installed is False:
        raise NotApplicable("no Exchange is installed here")
    found = levels(item.advisory, item.package, server.files)
    own = probe.part(state, "own_job")
    if own.get("phase") == "running" or (verdicts.due(own) and not own.get("settled")):
        why = f"an earlier run started this installer at {own.get('started')}"
        return [_change(item, found, state, why=why, deed="adopt")]
    if all(f.reached for f in found):
        return []
    _refuse_unreadable(item, found, server)
    _refuse_waiting(item, found, server)
    _refuse_fruitless(item, own, server)
    waiting = _starts_from(item, server)
    if waiting:
        return [_change(item, found, state, why=waiting, certainty=Certainty.AFTER_APPLY)]
    _refuse_host(item, server)
    return [_change(item, found, state, why=_disappointment(item, state))]


def _change(
    item: Work,
    found: tuple[FileLevel, ...],
    state: State,
    *,
    why: str = "",
    deed: str = "install",
    certainty: Certainty = Certainty.KNOWN,
) -> Change:
    behind = [f for f in found if not f.reached] or found  # all in place, and its installer still runs
    services: list[Json] = [s.get("name") for s in probe.entries(state, "services")]
    return Change(
        target=f"{item.label} ({item.package.id})",
        before=", ".join(f.shown for f in behind),
        after=", ".join(f"{f.name} {f.wanted}" for f in behind),
        effect=Effect.SERVICE_RESTART if item.package.restart == "none" else Effect.REBOOT,
        seconds=float(item.package.seconds),
        reversible=item.package.reversible,
        certainty=certainty,
        why=why,
        details={
            "deed": deed,
            "guard": _pins(found, state),
            "services": services,
            "files": _files(found, state),
            "stores": stores.record(state),
        },
    )


def _files(found: tuple[FileLevel, ...], state: State) -> list[Json]:
    """What the package is about to replace, as it is: by this its end is judged."""
    files = probe.part(state, "files")
    return [
        {
            "name": f.name,
            "path": probe.part(files, f.name).get("path"),
            "version": str(f.found) if f.found else None,
            "behind": not f.reached,
        }
        for f in found
    ]


def _disappointment(item: Work, state: State) -> str:
    """What to think of a difference that is still there although an installer of ours ended well."""
    own = probe.part(state, "own_job")
    code = own.get("exit_code")
    if own.get("phase") != "finished" or own.get("settled") or code not in item.advisory.exit_codes:
        return ""
    return (
        f"its installer ended with exit code {code} and left these files as they were: restart the server and verify; "
        f"if it stays so, see the log of {item.label}, take it off and install it again"
    )


def _pins(found: tuple[FileLevel, ...], state: State) -> list[Json]:
    """The versions seen, for the host to check again at the instant of the start."""
    pins: list[Json] = []
    files = probe.part(state, "files")
    for file in found:
        if build := file.found:
            after = f"{build.release}.{build.build}.{build.revision + 1}"
            pins.append({"path": probe.part(files, file.name).get("path"), "at_least": str(build), "below": after})
    return pins


def _refuse_unreadable(item: Work, found: tuple[FileLevel, ...], server: Server) -> None:
    key = item.advisory.key_file.lower()
    seen = server.files.get(key)
    if seen is not None and seen.exists is False:
        raise Blocked(f"{key} is not in the folder of Exchange", "repair the Exchange installation first")
    unreadable = [f.name for f in found if f.found is None and not f.missing]
    if unreadable or server.build is None:
        raise Blocked(
            f"the version of {', '.join(unreadable) or key} cannot be read: nobody knows what would be replaced",
            "see the notes for the reason (rights, a damaged WMI repository), mend it and run again",
        )


def _refuse_waiting(item: Work, found: tuple[FileLevel, ...], server: Server) -> None:
    """The files of the package may be on the host already and take their places at the next start of Windows."""
    targets = {ntpath.basename(to).lower() for to in server.renames}
    waiting = [f.name for f in found if not f.reached and f.name in targets]
    if waiting:
        raise Blocked(
            f"{item.label}: {', '.join(waiting)} will be replaced when Windows restarts, not before",
            "restart the server at a time that suits, then run again: the installer need not run a second time",
        )


def _refuse_fruitless(item: Work, own: State, server: Server) -> None:
    """A package that ended well and changed nothing: another time would only be another outage."""
    verdict = verdicts.of(own)
    now = {name: str(seen.version or "") for name, seen in server.files.items()}
    if verdict is None or not verdict.fruitless or not verdict.still(now) or item.params.retry:
        return
    obstacle = fruitless(item.label, verdict)
    raise Blocked(obstacle.reason, obstacle.remedy)


def _starts_from(item: Work, server: Server) -> str:
    """Why the start has to wait for an earlier step, or "" when it can be now. Blocked when it can never be."""
    requires, key, build = item.package.requires, item.advisory.key_file, server.build
    branch = item.advisory.branch_of(build) if build else None
    if build and branch and (build in requires or build == item.package.provides):  # the latter: some files lag behind
        for obstacle in newer_than(item.package, item.advisory, branch, server):
            raise Blocked(obstacle.reason, obstacle.remedy)
        return ""
    earlier = item.advisory.package(item.params.after[-1]) if item.params.after else None
    if earlier and earlier.provides in requires:
        return f"{key} is {build} now; {earlier.kb} has to bring it to {earlier.provides} first"
    where = f" ({branch.name})" if branch else ""
    raise Blocked(
        f"{item.package.id} goes over {key} {requires}; here it is {build}{where}",
        "nothing newer is ever overwritten and no branch is mixed: take the package the route names for this server",
    )


def _refuse_host(item: Work, server: Server) -> None:
    params = item.params
    policy = Policy(allow_cluster=params.allow_cluster, ignore_pending_reboot=params.ignore_pending_reboot)
    obstacles = (
        *standing(server, policy),
        *foreign_jobs(server),
        *for_package(item.package, server),
    )
    for obstacle in obstacles:
        raise Blocked(obstacle.reason, obstacle.remedy)
    wanted = languages.name(params.language or item.package.language)
    if server.language and wanted and server.language != wanted:
        raise Blocked(
            f"the package is for {wanted}, this server is {server.language}",  # the installer would stop as well
            f"get the {server.language} package of {item.label} and name it, with its language, under packages",
        )


def columns(state: State, params: InstallParams) -> Mapping[str, str]:  # noqa: ARG001 - as modules have it
    """The cells of the closing table: what is installed."""
    build = probe.part(state, "exchange").get("store_build")
    return {"build": str(build)} if build else {}
