"""What modules say of their arguments before any host is met: only those are rendered, the writer's line is blamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.beforehand.tasks import in_order
from remediate.beforehand.visible import walk
from remediate.connections.endpoint import mistakes
from remediate.engine.params import mistake
from remediate.engine.reach import Rendered
from remediate.engine.run import read, scopes, words
from remediate.engine.scope import vars_mapping
from remediate.engine.tags import selected
from remediate.errors import Mistakes, UserError
from remediate.events import Warned
from remediate.language import playbook
from remediate.language.inventory import Host, Inventory, load
from remediate.language.partly import Partly, is_lone, written_at
from remediate.language.template import OMIT, Templar, has_template
from remediate.language.values import Unknown, UnknownValue
from remediate.language.variables import Layer
from remediate.model import Finding, Foreseen, Known, Source
from remediate.secrets.taint import secrets_of

if TYPE_CHECKING:
    from remediate.engine.registry import LoadedModule
    from remediate.engine.run import RunRequest
    from remediate.engine.scope import PlayScope
    from remediate.language.files import Files
    from remediate.language.tree import Node, Play, Task
    from remediate.language.variables import Variables

INCLUDES = ("include_tasks", "include_role")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that was noticed: mistakes by file, line and column; warnings; files of this side with their SHA-256."""

    mistakes: tuple[UserError, ...] = ()
    warnings: tuple[Warned, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reached:
    """A task that may be come to, and the includes that lead to it, outermost first."""

    task: Task
    through: tuple[Task, ...] = ()


class _Anybody(Inventory):
    """One host without variables of its own, whatever hosts a play is for."""

    __slots__ = ()

    def select(self, pattern: str, limit: str = "", source: Source | None = None) -> tuple[Host, ...]:  # noqa: ARG002
        return tuple(self.hosts.values())


def nobody() -> Inventory:
    """Hosts for a look at what a playbook itself gives."""
    one = load([Path("any-host,")], plugins={})
    return _Anybody(hosts=one.hosts, groups=one.groups, graph=one.graph)


def checked(request: RunRequest, *, sends: bool = True) -> RunRequest:
    """The request with what was noticed; ``UserError`` for mistakes. Without ``sends`` a missing file is none."""
    seen = look(request, sends=sends)
    if len(seen.mistakes) == 1:
        raise seen.mistakes[0]
    if seen.mistakes:
        raise Mistakes(seen.mistakes)
    return replace(request, warnings=(*request.warnings, *seen.warnings), files=seen.files)


def look(request: RunRequest, *, sends: bool = True, strict: bool = True) -> Seen:
    """Ask every module that can say something; ``strict``: variables that are defined nowhere are mistakes."""
    book = read(request)
    reached = [(play, list(_reach(play.nodes, request))) for play in book.plays]
    reached = [(play, [*tasks, *(_Reached(task=task) for task in play.handlers)]) for play, tasks in reached]
    set_later = _set_later([each.task for _, tasks in reached for each in tasks], request.search.files)
    if set_later is None:
        return Seen()
    asking = _Asking(request=request, strict=strict)
    for play, tasks in reached:
        those = [each for each in tasks if asking.wanted(each)]
        memory: dict[str, Mapping[str, object]] = dict.fromkeys(request.inventory.hosts, set_later)
        for scope in scopes(request, play, memory) if those else ():
            for each in those:
                asking.ask(each, scope)
        asking.reach(play, [each.task for each in tasks], memory)
    return asking.seen(sends=sends)


def _reach(nodes: tuple[Node, ...], request: RunRequest, through: tuple[Task, ...] = ()) -> Iterator[_Reached]:
    known = words(request.modules)
    for task in walk(nodes):
        yield _Reached(task=task, through=through)
        name = str(task.args.get("name" if task.action == "include_role" else "file", task.args.get("_raw", "")))
        if task.action not in INCLUDES or has_template(name) or len(through) > 20:
            continue
        try:
            below = playbook.load_tasks(Path(name), task, search=request.search, modules=known.__contains__,
                                        known=known)  # fmt: skip
        except UserError:
            continue  # it is met, and told, when the run comes to it
        yield from _reach(below, request, (*through, task))


def _set_later(tasks: Sequence[Task], files: Files) -> dict[str, object] | None:
    """Names that tasks give a value, each unknown before; None when that cannot be told."""
    found: dict[str, object] = {}
    for task in tasks:
        names = [task.register] if task.register else []
        if task.action == "set_fact":
            names += [str(name) for name in task.args]
        if task.action == "include_vars":
            if (included := _included_names(task, files)) is None:
                return None
            names += included
        found |= {name: Unknown(task.name or task.action) for name in names}
    return found


def _included_names(task: Task, files: Files) -> list[str] | None:
    """What a file of variables that is read on the way defines; None when only the run knows which one it is."""
    file = str(task.args.get("file", task.args.get("_raw", "")))
    name = str(task.args.get("name", ""))
    if has_template(file) or has_template(name):
        return None
    if name:
        return [name]
    folders = [task.folder, task.folder / "vars", *([task.role.path / "vars"] if task.role else [])]
    path = next((folder / file for folder in folders if files.is_file(folder / file)), None)
    return [str(key) for key in vars_mapping(path, files)] if path else None


@dataclass(slots=True)
class _Asking:
    """Collects what the modules say; equal arguments are asked about once, however many hosts have them."""

    request: RunRequest
    strict: bool
    _errors: list[tuple[UserError, Finding | None]] = field(default_factory=list)
    _files: dict[str, str] = field(default_factory=dict)
    _kinds: dict[tuple[str, str, int], tuple[object, tuple[str, str]]] = field(default_factory=dict)
    _asked: dict[tuple[object, ...], tuple[list[object], Foreseen]] = field(default_factory=dict)

    def wanted(self, reached: _Reached) -> bool:
        """Whether its module has something to say, and its tags let it run."""
        modules, request = self.request.modules, self.request
        if not modules.has(reached.task.action):
            return False
        tasks = (reached.task, *reached.through)
        if not all(selected(task.tags, request.tags, request.skip_tags) for task in tasks):
            return False
        module = modules.load(reached.task.action, reached.task.source)
        return module.beforehand is not None or any(map(is_lone, reached.task.args.values()))

    def reach(self, play: Play, tasks: Sequence[Task], memory: dict[str, Mapping[str, object]]) -> None:
        """How each host of the play is reached, where a task of it needs a session."""
        modules = self.request.modules
        if not any(modules.has(task.action) and modules.load(task.action).needs_session for task in tasks):
            return
        for scope in scopes(self.request, play, memory):
            with suppress(UnknownValue, UserError):  # what cannot be rendered is that host's result
                found = mistakes(scope.host.name, Rendered(scope.setting.templar(scope.base)))
                self._errors += [(error, None) for error in found]

    def ask(self, reached: _Reached, scope: PlayScope) -> None:
        variables = _variables(reached, scope)
        comes = _comes(reached, variables, scope.setting.files)
        if comes is False:
            return
        module, task = self.request.modules.load(reached.task.action), reached.task
        templar = Templar(variables, folder=task.folder, files=scope.setting.files)
        self._settings(module, task, Partly(templar))
        if module.beforehand is None:
            return
        partly = Partly(templar)
        values: dict[str, object] = {}
        for name in module.foresees:
            if name in task.args:
                value = partly.value(task.args[name], task.source, (name,))
                if value is not OMIT:
                    values[name] = value
        if self.strict and comes:
            self._errors += [(error, None) for error in partly.errors]
        found = self._foreseen(module, Known(values=values, later=frozenset(partly.later)))
        for finding in found.findings:
            source = written_at(variables, task.args, finding.place, of_key=finding.of_key) or task.source
            self._errors.append((UserError(finding.message, source=source, hint=finding.hint), finding))
        self._files |= found.files

    def _settings(self, module: LoadedModule, task: Task, partly: Partly) -> None:
        """Arguments that are one variable each, ``timeout: "{{ install_timeout }}"``: they are of the right kind."""
        known = {entry.name for entry in fields(module.params_type)} - {*module.foresees}
        for name in (name for name, written in task.args.items() if name in known and is_lone(written)):
            value = partly.value(task.args[name], task.source, (name,))
            if value is OMIT or any(secrets_of(value)):
                continue
            key = (module.name, name, id(value))
            if key not in self._kinds:  # the value is kept, so that no other one gets its id
                self._kinds[key] = value, mistake(module.name, module.params_type, name, value)
            said, hint = self._kinds[key][1]
            if said:
                source = written_at(partly.templar.variables, task.args, (name,), of_key=False) or task.source
                self._errors.append((UserError(said, source=source, hint=hint), None))

    def _foreseen(self, module: LoadedModule, known: Known) -> Foreseen:
        assert module.beforehand is not None
        key = (module.name, known.later, *((name, id(value)) for name, value in known.values.items()))
        if key not in self._asked:  # the values are kept, so that no other one gets their ids
            self._asked[key] = (list(known.values.values()), module.beforehand(known))
        return self._asked[key][1]

    def seen(self, *, sends: bool) -> Seen:
        mild = ("warning",) if sends else ("warning", "absent")
        warned = [error for error, finding in self._errors if finding is not None and finding.kind in mild]
        wrong = [error for error, finding in self._errors if finding is None or finding.kind not in mild]
        return Seen(
            mistakes=tuple(in_order(wrong)),
            warnings=tuple(_warned(error) for error in in_order(warned)),
            files=dict(self._files),
        )


def _warned(error: UserError) -> Warned:
    return Warned(text=f"{error.message}; {error.hint}" if error.hint else error.message, source=error.source)


def _variables(reached: _Reached, scope: PlayScope) -> Variables:
    """What the task would see, what is looped over and what cannot be told of includes being unknown."""
    for task in reached.through:
        loops, templar = (
            _loop(task),
            Templar(scope.task(task, *_loop(task)), folder=task.folder, files=scope.setting.files),
        )
        given: dict[str, object] = {}
        for name, value in task.vars.items():
            try:
                given[name] = templar.render(value, task.source)
            except (UnknownValue, UserError):
                given[name] = Unknown(task.name or task.action)
        scope = replace(scope, overlays=(*scope.overlays, *loops, (Layer.INCLUDE_PARAMS, given)))
    return scope.task(reached.task, *_loop(reached.task))


def _loop(task: Task) -> tuple[tuple[Layer, Mapping[str, object]], ...]:
    if task.loop is None:
        return ()
    names = filter(None, (task.loop_control.loop_var, task.loop_control.index_var))
    return ((Layer.LOOP, {name: Unknown(task.name or task.action) for name in names}),)


def _comes(reached: _Reached, variables: Variables, files: Files) -> bool | None:
    """Whether the conditions let the run come to the task; None when only the hosts can tell."""
    templar = Templar(variables, folder=reached.task.folder, files=files)
    certain = True
    for condition in (c for task in (*reached.through, reached.task) for c in task.when):
        try:
            if not templar.condition(condition, reached.task.source):
                return False
        except (UnknownValue, UserError):
            certain = False
    return True if certain else None
