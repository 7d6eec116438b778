"""Makes a plan: a check run with everything it rests on written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remediate import __version__
from remediate.beforehand.visible import included, walk
from remediate.change import walking
from remediate.engine.control import Control
from remediate.engine.run import read
from remediate.model import MASK
from remediate.planfile import inputs
from remediate.planfile.build import Gatherer
from remediate.planfile.model import FORMAT, Command, InputFile, Plan
from remediate.project import ledgers
from remediate.project.project import Project
from remediate.secrets.taint import hidden, secrets_of

if TYPE_CHECKING:
    from remediate.change.asked import Asked
    from remediate.engine.perform import SessionStore
    from remediate.engine.run import RunRequest
    from remediate.events import Sink
    from remediate.language.tree import Task
    from remediate.model import RunSummary
    from remediate.project.outside import Outside

VALID_FOR = timedelta(days=7)
INCLUDES = ("include_tasks", "include_role")


def gather(
    request: RunRequest,
    sinks: Sequence[Sink],
    outside: Outside,
    *,
    control: Control | None = None,
    sessions: SessionStore | None = None,
) -> tuple[Gatherer, RunSummary]:
    """A check run and what it found; ``sinks`` watch it too."""
    known = walking.redactor(request)
    gatherer = Gatherer(known.value, request.modules.load, control or Control(), request.secrets.size,
                        lambda host: groups_of(request, host))  # fmt: skip
    summary = walking.with_sinks(request, [*sinks, gatherer], outside, control=gatherer, sessions=sessions)
    return gatherer, summary


def groups_of(request: RunRequest, host: str) -> tuple[str, ...]:
    """The groups of a host of the inventory."""
    found = request.inventory.hosts.get(host)
    return found.groups if found else ()


def plan_of(
    request: RunRequest,
    gatherer: Gatherer,
    asked: Asked,
    outside: Outside,
    *,
    valid_for: timedelta = VALID_FOR,
    approvals: int = 0,
) -> Plan:
    """The plan of a check run that has ended."""
    project = Project.around(outside.folder, outside.files)
    made = outside.now().replace(microsecond=0)
    return Plan(
        format=FORMAT,
        remediate=__version__,
        made=made,
        valid_until=made + valid_for,
        user=ledgers.who(outside),
        controller=ledgers.controller(),
        approvals=approvals,
        asked=command_of(request, asked, project),
        inputs=rests_on(request, project, gatherer.packages),
        hosts=gatherer.hosts(),
        warnings=(*gatherer.warnings, *unsealed(gatherer)),
    )


def unsealed(gatherer: Gatherer) -> Iterator[str]:
    """Sentences about includes whose file nobody knows before the changes: a plan that is applied refuses them."""
    told: dict[str, None] = {}
    for host in gatherer.hosts():
        for step in host.steps:
            if step.module in INCLUDES and step.status == "unknown":
                told[f"{step.task}: what it includes is {step.message}; `apply` carries out nothing of it"] = None
    yield from told


def command_of(request: RunRequest, asked: Asked, project: Project) -> Command:
    """The command line as ``apply`` will need it; a variable with a secret anywhere inside it is left out whole."""
    folder = project.settings.folder
    files = project.inventory_files(asked.inventory)
    mask, given = walking.redactor(request), _plain(dict(request.extra_vars))
    masked = {name: mask.value(value) for name, value in given.items()}
    secret = tuple(
        sorted(name for name, value in request.extra_vars.items()
               if any(secrets_of(hidden(name, value))) or masked[name] != given[name])
    )  # fmt: skip
    return Command(
        playbook=inputs.shown(request.playbook, folder),
        inventory=tuple(inputs.shown(file, folder) if project.files.kind(file) else str(file) for file in files),
        limit=request.limit,
        tags=tuple(sorted(request.tags)),
        skip_tags=tuple(sorted(request.skip_tags)),
        start_at_task=request.start_at_task,
        extra_vars={name: MASK if name in secret else value for name, value in given.items()},
        secrets=secret,
    )


def _plain(value: Any) -> Any:
    """Values without the places they were written at."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def rests_on(request: RunRequest, project: Project, packages: Iterable[Path]) -> tuple[InputFile, ...]:
    """Fingerprints of every file that decides what the plan says: all that was read for it, and what is sent."""
    tasks(request)
    request.modules.complete()
    folder = project.settings.folder
    read = inputs.of_read(request.search.files.seen(), folder)
    sent = inputs.collected((("package", path) for path in packages), folder)
    found = {file.path: file for file in (*read, *sent)}
    return tuple(found[path] for path in sorted(found))


def tasks(request: RunRequest) -> list[Task]:
    """Every task of the playbook that can be seen without running it, included files too."""
    found = [task for play in read(request).plays for task in (*walk(play.nodes), *play.handlers)]
    return [*found, *included(found, request.search, request.modules)[0]]
