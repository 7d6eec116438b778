"""Reads a playbook into the tree: imports and roles expanded, form checked, nothing rendered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from remediate.errors import UserError
from remediate.language import fields, keywords, quoting
from remediate.language.notices import check_notified
from remediate.language.roles import find_role, part, read_role, read_roles
from remediate.language.setting import Found, SearchPath, Setting
from remediate.language.taskargs import Modules, short
from remediate.language.tasks import find_tasks, read_file, read_tasks
from remediate.language.template import check, has_template
from remediate.language.tree import Node, Play, Playbook, Task
from remediate.language.words import kind, shown
from remediate.language.yamlfile import Map, Seq, source_of
from remediate.language.yamlfile import load as load_yaml
from remediate.model import Source

__all__ = ["SearchPath", "load", "load_tasks"]

INCLUDE_LIMIT = 50
"""Files that may include each other at run time, one inside the other."""


def load(path: Path, *, search: SearchPath, modules: Callable[[str], bool], known: Sequence[str] = ()) -> Playbook:
    """The playbook at ``path``.

    ``modules`` says whether a module or action of a name exists, ``known`` lists them for hints. Raises UserError for
    the first thing that is wrong in form, in any file that is read: imported playbooks and tasks, roles.
    """
    setting = Setting(search=search, modules=Modules(modules, known), folder=path.parent, found=Found())
    return Playbook(path=path, plays=tuple(_plays(path, setting.entering(path, Source(str(path))))))


def load_tasks(
    path: Path, parent: Task, *, search: SearchPath, modules: Callable[[str], bool], known: Sequence[str] = ()
) -> tuple[Node, ...]:
    """The tasks ``parent`` includes at run time: a file for include_tasks, a role's for include_role.

    ``path`` is as written (or the role's name). The tasks inherit tags, vars, role, notify and the like of ``parent``,
    but not its conditions: those were decided when it was included. Raises UserError.
    """
    setting = Setting(
        search=search,
        modules=Modules(modules, known),
        folder=parent.folder,
        found=Found(),
        role=parent.role,
        tags=parent.tags,
        vars=Map(parent.vars),
        notify=parent.notify,
        ignore_errors=parent.ignore_errors,
        ignore_unreachable=parent.ignore_unreachable,
        check_mode=parent.check_mode,
        no_log=parent.no_log,
        timeout=parent.timeout,
        at_run_time=True,
    )
    if parent.action == "include_role":
        found, setting = _role_tasks(str(path), parent, setting)
        if found is None:
            return ()
    else:
        found = find_tasks(str(path), setting, parent.source)
    _check_depth(found, parent)
    return read_file(found, replace(setting, chain=(*parent.chain, str(found)), folder=found.parent))


def _check_depth(path: Path, parent: Task) -> None:
    endless = str(path) in parent.chain and not parent.when and parent.loop is None
    if endless or len(parent.chain) >= INCLUDE_LIMIT:
        way = " -> ".join(Path(name).name for name in (*parent.chain[-4:], str(path)))
        raise UserError(
            f"{path.name} is included inside itself without end: {way}",
            source=parent.source,
            hint="give the include a condition that ends it",
        )


def _role_tasks(name: str, parent: Task, setting: Setting) -> tuple[Path | None, Setting]:
    path = find_role(name, setting, parent.source)
    role = read_role(name, path, Map(), parent.source, setting, {})
    wanted = str(parent.args.get("tasks_from", "main"))
    tasks = part(path, "tasks", wanted, parent.source, setting.search.files, needed=wanted != "main")
    return tasks, replace(setting, role=role)


def _plays(path: Path, setting: Setting) -> Iterator[Play]:
    data = load_yaml(path, setting.search.files)
    if data is None:
        raise UserError("the playbook is empty", source=Source(str(path)), hint="begin with '- hosts: ...'")
    if not isinstance(data, Seq):
        raise UserError(
            f"a playbook must be a list of plays, not {kind(data)}",
            source=source_of(data, Source(str(path))),
            hint="begin each play with '- hosts: ...'",
        )
    if not data:
        raise UserError("the playbook has no plays", source=data.source, hint="begin with '- hosts: ...'")
    for index, entry in enumerate(data):
        if not isinstance(entry, Map):
            raise UserError(f"a play must be a mapping, not {kind(entry)}", source=data.item_source(index))
        named = next((key for key in entry if short(str(key)) == "import_playbook"), None)
        if named is not None:
            yield from imported(entry, str(named), setting)
        else:
            yield play_of(entry, setting)


def imported(data: Map, key: str, setting: Setting) -> Iterator[Play]:
    keywords.check(data, keywords.IMPORT_PLAYBOOK, besides=[key])
    name = fields.text(data, key).strip()
    place = data.value_source(key)
    if not name or has_template(name):
        raise UserError("import_playbook needs the name of a file", source=place, hint="import_playbook: other.yml")
    path = Path(os.path.normpath(setting.folder / name))
    if not setting.search.files.is_file(path):
        raise UserError(f"there is no playbook {quoting.file(name)}", source=place, hint=f"looked for {path}")
    inside = setting.within(data).entering(path, place)
    yield from _plays(path, inside)


def play_of(data: Map, setting: Setting) -> Play:
    if "hosts" not in data and any(setting.modules.has(short(str(key))) for key in data):
        raise UserError(
            "a task where a play is expected", source=data.source, hint="put it below 'tasks:' of a play with 'hosts:'"
        )
    keywords.check(data, keywords.PLAY)
    if "hosts" not in data:
        raise UserError("a play without hosts", source=data.source, hint="add 'hosts: all' or a host pattern")
    fields.boolean(data, "gather_facts")
    found = Found()
    own = replace(setting, found=found, vars=Map())
    inside = replace(own.within(data), vars=Map())
    nodes = _nodes(data, inside)
    handlers = read_tasks(fields.listing(data, "handlers"), inside, handlers=True)
    variables = fields.variables(data).merged(setting.vars)
    check(variables)
    play = Play(
        name=fields.text(data, "name") or _hosts(data),
        source=data.source,
        hosts=_hosts(data),
        nodes=nodes,
        handlers=(*found.handlers, *(node for node in handlers if isinstance(node, Task))),
        roles=tuple(found.roles),
        vars=variables,
        vars_files=_vars_files(data),
        strategy=fields.choice(data, "strategy", ("linear", "free"), later=("host_pinned", "debug")),
        serial=_serial(data),
        max_fail_percentage=_percentage(data),
        any_errors_fatal=bool(fields.boolean(data, "any_errors_fatal")),
        force_handlers=bool(fields.boolean(data, "force_handlers")),
        tags=inside.tags,
        folder=setting.folder,
    )
    check_notified(play)
    return play


def _nodes(data: Map, setting: Setting) -> tuple[Node, ...]:
    """Handlers are flushed after pre_tasks, after roles and tasks, and after post_tasks."""
    roles = read_roles(fields.listing(data, "roles"), setting)
    pre, main, post = (read_tasks(fields.listing(data, key), setting) for key in ("pre_tasks", "tasks", "post_tasks"))
    nodes: list[Node] = []
    for section in (pre, (*roles, *main), post):
        if section:
            nodes += [*section, _flush(data.source, setting.folder)]
    return tuple(nodes)


def _flush(source: Source, folder: Path) -> Task:
    return Task(
        name="flush_handlers",
        action="meta",
        args={"_raw": "flush_handlers"},
        source=source,
        tags=frozenset({"always"}),
        folder=folder,
    )


def _hosts(data: Map) -> str:
    patterns = fields.names(data, "hosts")
    if not patterns or not all(pattern.strip() for pattern in patterns):
        raise UserError("'hosts' is empty", source=data.key_source("hosts"), hint="'all' means every host")
    pattern = patterns[0] if len(patterns) == 1 else ",".join(patterns)
    check(pattern, data.value_source("hosts"))
    return pattern


def _vars_files(data: Map) -> tuple[object, ...]:
    value = data.get("vars_files")
    if value is None:
        return ()
    entries = value if isinstance(value, Seq) else Seq([value], data.value_source("vars_files"))
    for index, entry in enumerate(entries):
        alternatives = entry if isinstance(entry, Seq) else [entry]
        if not alternatives or not all(isinstance(name, str) and name.strip() for name in alternatives):
            raise UserError("'vars_files' holds names of files", source=entries.item_source(index))
    check(value, data.value_source("vars_files"))
    return tuple(entries)


def _serial(data: Map) -> tuple[object, ...]:
    value = data.get("serial")
    if value is None:
        return ()
    entries = value if isinstance(value, Seq) else Seq([value], data.value_source("serial"), [])
    for index, entry in enumerate(entries):
        text = str(entry).strip()
        amount = text.removesuffix("%")
        fine = not isinstance(entry, bool) and isinstance(entry, int | str)
        if not fine or not (has_template(text) or (amount.isascii() and amount.isdigit() and int(amount) > 0)):
            raise UserError(
                f"'serial' is a number of hosts or a percentage, not {shown(entry)}",
                source=entries.item_source(index),
                hint='serial: 5, serial: "20%", or a list of such',
            )
    check(value, data.value_source("serial"))
    return tuple(entries)


def _percentage(data: Map) -> float | None:
    if data.get("max_fail_percentage") is None:
        return None
    return fields.number(data, "max_fail_percentage", 0, low=0, high=100)
