"""What can be said of a task without a host: arguments, templates, conditions. Finds all mistakes, not the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING

from remediate.engine import actions
from remediate.engine.params import check_names, mistake
from remediate.errors import UserError
from remediate.language import template
from remediate.language.yamlfile import Map, source_of
from remediate.model import Source

if TYPE_CHECKING:
    from remediate.engine.registry import Registry
    from remediate.language.tree import Play, Task


def of_play(play: Play) -> Iterator[UserError]:
    """Templates in what a play itself says: variables, hosts, role parameters."""
    for value in (play.vars, play.hosts, *(role.params for role in play.roles)):
        yield from _templates(value, play.source)
    for role in play.roles:
        for variables in (role.defaults, role.vars):
            yield from _templates(variables, role.source)


def of_task(task: Task, modules: Registry) -> Iterator[UserError]:
    """Everything wrong with one task that needs no host to be seen."""
    yield from _templates(task.args, task.source)
    yield from _templates(task.vars, task.source)
    if task.loop is not None:
        yield from _templates(task.loop, task.source)
    for condition in (*task.when, *task.until, *(task.failed_when or ()), *(task.changed_when or ())):
        yield from _caught(partial(template.check_condition, condition, task.source))
    yield from _caught(partial(actions.check, task))
    if modules.has(task.action):
        yield from _arguments(task, modules)


def _caught(check: Callable[[], None]) -> Iterator[UserError]:
    try:
        check()
    except UserError as error:
        yield error


def _templates(value: object, source: Source) -> Iterator[UserError]:
    """Each value on its own, so that one broken template does not hide the next."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _templates(item, value.value_source(key) if isinstance(value, Map) else source)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _templates(item, source_of(item, source) or source)
    else:
        yield from _caught(partial(template.check, value, source))


def _arguments(task: Task, modules: Registry) -> Iterator[UserError]:
    """Unknown and missing arguments, and literals of the wrong type."""
    try:
        module = modules.load(task.action, task.source)
    except UserError as error:
        yield error
        return

    def locate(name: str) -> Source:
        return task.args.key_source(name) if isinstance(task.args, Map) and name in task.args else task.source

    known = {entry.name for entry in fields(module.params_type)}
    unknown = [name for name in task.args if name not in known]
    for name in unknown:
        yield from _caught(partial(check_names, task.action, module.params_type, {name: None}, locate))
    given = {name: value for name, value in task.args.items() if name in known}
    if not unknown:
        yield from _caught(partial(check_names, task.action, module.params_type, given, locate))
    for name, value in given.items():
        if not templated(value):
            yield from _literal(task, module.params_type, name, value)


def templated(value: object) -> bool:
    """Whether a value, or a part of it, is known only when it is rendered."""
    if isinstance(value, str):
        return template.has_template(value)
    if isinstance(value, Mapping):
        return any(map(templated, value.values()))
    return isinstance(value, list | tuple) and any(map(templated, value))


def _literal(task: Task, params_type: type, name: str, value: object) -> Iterator[UserError]:
    said, hint = mistake(task.action, params_type, name, value)
    if said:
        place = task.args.value_source(name) if isinstance(task.args, Map) else task.source
        yield UserError(said, source=source_of(value, place), hint=hint)


def in_order(errors: Iterable[UserError]) -> list[UserError]:
    """Each mistake once, by file, line and column."""
    unique = {(str(error.source), error.message): error for error in errors}
    return sorted(unique.values(), key=lambda error: _key(error.source))


def _key(source: Source | None) -> tuple[str, int, int]:
    return (source.file, source.line, source.column) if source else ("", 0, 0)
