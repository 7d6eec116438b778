"""Makes a plan: a check run with everything it rests on written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remediate import __version__
from remediate.commands import ledgers, running
from remediate.commands.project import Project
from remediate.engine.control import Control
from remediate.model import MASK
from remediate.planfile import inputs
from remediate.planfile.build import Gatherer
from remediate.planfile.model import FORMAT, Asked, InputFile, Plan
from remediate.secrets.taint import hidden, secrets_of

if TYPE_CHECKING:
    import argparse

    from remediate.commands.outside import Outside
    from remediate.engine.perform import SessionStore
    from remediate.engine.run import RunRequest
    from remediate.events import Sink
    from remediate.language.tree import Task
    from remediate.model import RunSummary

VALID_FOR = timedelta(days=7)


def gather(
    request: RunRequest,
    sinks: Sequence[Sink],
    outside: Outside,
    *,
    control: Control | None = None,
    sessions: SessionStore | None = None,
) -> tuple[Gatherer, RunSummary]:
    """A check run and what it found; ``sinks`` watch it too."""
    known = running.redactor(request)
    gatherer = Gatherer(known.value, request.modules.load, control or Control(), request.secrets.size,
                        lambda host: groups_of(request, host))  # fmt: skip
    summary = running.with_sinks(request, [*sinks, gatherer], outside, control=gatherer, sessions=sessions)
    return gatherer, summary


def groups_of(request: RunRequest, host: str) -> tuple[str, ...]:
    """The groups of a host of the inventory."""
    found = request.inventory.hosts.get(host)
    return found.groups if found else ()


def plan_of(
    request: RunRequest,
    gatherer: Gatherer,
    options: argparse.Namespace,
    outside: Outside,
    *,
    valid_for: timedelta = VALID_FOR,
    approvals: int = 0,
) -> Plan:
    """The plan of a check run that has ended."""
    project = Project.around(outside.folder)
    made = outside.now().replace(microsecond=0)
    return Plan(
        format=FORMAT,
        remediate=__version__,
        made=made,
        valid_until=made + valid_for,
        user=ledgers.who(outside),
        controller=ledgers.controller(),
        approvals=approvals,
        asked=asked(request, options, project),
        inputs=rests_on(request, options, project, gatherer.modules, gatherer.packages),
        hosts=gatherer.hosts(),
        warnings=tuple(gatherer.warnings),
    )


def asked(request: RunRequest, options: argparse.Namespace, project: Project) -> Asked:
    """The command line as ``apply`` will need it; a variable with a secret anywhere inside it is left out whole."""
    folder = project.settings.folder
    files = project.inventory_files(options.inventory)
    mask, given = running.redactor(request), _plain(dict(request.extra_vars))
    masked = {name: mask.value(value) for name, value in given.items()}
    secret = tuple(
        sorted(name for name, value in request.extra_vars.items()
               if any(secrets_of(hidden(name, value))) or masked[name] != given[name])
    )  # fmt: skip
    return Asked(
        playbook=inputs.shown(request.playbook, folder),
        inventory=tuple(inputs.shown(file, folder) if file.exists() else str(file) for file in files),
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


def rests_on(
    request: RunRequest, options: argparse.Namespace, project: Project, modules: set[str], packages: set[Path]
) -> tuple[InputFile, ...]:
    """Fingerprints of every file that decides what the plan says."""
    files = [*_written(request), *_hosts(request, options, project)]
    for name in sorted(modules):
        found = request.modules.find(name)
        if found is not None:
            files += [("module", path) for path in (found, found.with_suffix(".js")) if path.is_file()]
    files += [("package", path) for path in sorted(packages)]
    return inputs.collected(files, project.settings.folder)


def tasks(request: RunRequest) -> list[Task]:
    """Every task of the playbook that can be seen without running it, included files too."""
    from remediate.commands.listing import included, walk
    from remediate.engine.run import read

    found = [task for play in read(request).plays for task in (*walk(play.nodes), *play.handlers)]
    return [*found, *included(found, request.search, request.modules)[0]]


def _written(request: RunRequest) -> Iterator[tuple[str, Path]]:
    """The playbook, what it imports and includes, its roles and files of variables."""
    from remediate.engine.run import read

    book, every = read(request), tasks(request)
    yield "playbook", book.path
    for place in (*(play.source for play in book.plays), *(task.source for task in every)):
        if Path(place.file).is_file():
            yield "playbook", Path(place.file)
    for role in {role.path for play in book.plays for role in play.roles} | {t.role.path for t in every if t.role}:
        yield from (("role", path) for path in inputs.below(role))
    for play in book.plays:
        for written in play.vars_files:
            names = written if isinstance(written, list) else [written]
            found = (folder / str(name) for name in names for folder in (play.folder, play.folder / "vars"))
            yield from (("variables", path) for path in found if path.is_file())


def _hosts(request: RunRequest, options: argparse.Namespace, project: Project) -> Iterator[tuple[str, Path]]:
    """The inventories, and the variables beside them and beside the playbook."""
    folders = {request.playbook.parent}
    for file in project.inventory_files(options.inventory):
        if file.is_dir():
            yield from (("inventory", path) for path in inputs.below(file))
        elif file.is_file():
            yield "inventory", file
            folders.add(file.parent)
    for folder in sorted(folders):
        for name in ("group_vars", "host_vars"):
            yield from (("variables", path) for path in inputs.below(folder / name))
