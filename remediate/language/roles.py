"""Reads roles: defaults, vars, tasks, handlers, and the roles they depend on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from remediate.errors import UserError
from remediate.language import fields, keywords, quoting
from remediate.language.files import ROLE, Files
from remediate.language.setting import Setting
from remediate.language.tasks import read_file
from remediate.language.template import check, has_template
from remediate.language.tree import Node, Role, Task
from remediate.language.varsfiles import SUFFIXES, load_vars, vars_of
from remediate.language.words import kind, listed, nearest
from remediate.language.yamlfile import Map, Seq, load, source_of
from remediate.model import Source

_PARTS = ("tasks", "handlers", "defaults", "vars", "meta", "files", "templates", "library", "modules")
_FROM = ("tasks_from", "vars_from", "defaults_from", "handlers_from")


def read_roles(entries: Seq, setting: Setting) -> tuple[Node, ...]:
    """The tasks of ``roles:`` of a play, or of dependencies: each role after those it depends on, and once only."""
    nodes: list[Node] = []
    for index, entry in enumerate(entries):
        nodes += _entry(entry, entries.item_source(index), setting)
    return tuple(nodes)


def _entry(entry: object, source: Source, setting: Setting) -> Sequence[Node]:
    if isinstance(entry, str):
        data = Map(source=source)
        data.put("role", entry, source, source)
    elif isinstance(entry, Map):
        data = entry
    else:
        raise UserError(f"a role is a name or a mapping with 'role', not {kind(entry)}", source=source)
    name = _name(data)
    params = _params(data)
    inside = replace(setting.within(data), vars=setting.vars)
    given = fields.variables(data).merged(params)
    return _use(name, inside, given, source, {}, repeat=False)


def _name(data: Map) -> str:
    key = "role" if "role" in data else "name"
    name = fields.text(data, key)
    if not name.strip():
        raise UserError("a role entry without a role", source=data.source, hint="write '- role: name'")
    if has_template(name):
        raise UserError(
            "the name of a role cannot be a template: roles are read first",
            source=data.value_source(key),
            hint="use include_role",
        )
    return name.strip()


def _params(data: Map) -> Map:
    """Keys of a role entry that are no keywords are variables, unless they look like a slip of the pen."""
    params = Map(source=data.source)
    for key, value in data.items():
        if key in keywords.ROLE.keywords:
            continue
        if key in keywords.ROLE.later or nearest(str(key), keywords.ROLE.keywords, cutoff=0.75):
            raise keywords.refusal(data, key, keywords.ROLE)
        fields.identifier(key, data.key_source(key))
        params.put(key, value, data.key_source(key), data.value_source(key))
    check(params)
    return params


def _use(
    name: str, setting: Setting, given: Map, source: Source, froms: dict[str, str], *, repeat: bool
) -> Sequence[Node]:
    path = find_role(name, setting, source)
    if str(path) in setting.roles:
        way = " -> ".join(Path(role).name for role in (*setting.roles[setting.roles.index(str(path)) :], str(path)))
        raise UserError(f"roles depend on each other in a circle: {way}", source=source)
    params = Map(setting.role.params if setting.role else {}, source).merged(given)
    role = read_role(name, path, params, source, setting, froms)
    inside = replace(setting, roles=(*setting.roles, str(path)), role=role, folder=path / "tasks")
    meta = _meta(path, setting.search.files)
    nodes = list(read_roles(fields.listing(meta, "dependencies"), replace(inside, vars=Map())))
    key = (str(path), repr(given), inside.when, inside.tags)
    if key in setting.found.used and not repeat and not fields.boolean(meta, "allow_duplicates"):
        return nodes
    setting.found.used.add(key)
    if not any(replace(role, source=known.source) == known for known in setting.found.roles):
        setting.found.roles.append(role)
    files = setting.search.files
    tasks = part(path, "tasks", froms.get("tasks_from", "main"), source, files, needed="tasks_from" in froms)
    if tasks is not None:
        nodes += read_file(tasks, inside.entering(tasks, source))
    add_handlers(role, inside, froms.get("handlers_from", "main"), source)
    return nodes


def imported(args: Map, setting: Setting, source: Source) -> Sequence[Node]:
    """The tasks of ``import_role``."""
    if setting.at_run_time:
        raise UserError(
            "import_role in a file that is included at run time is not supported yet",
            source=source,
            hint="use import_tasks for that file, or include_role",
        )
    for key in args:
        if key not in ("name", "allow_duplicates", *_FROM):
            near = nearest(str(key), ("name", *_FROM))
            hint = f"did you mean {near!r}?" if near else f"it has name, {listed(_FROM)}"
            raise UserError(
                f"unknown argument {quoting.named(key)} of import_role",
                source=args.key_source(key),
                hint=hint,
            )
    froms = {key: fields.text(args, key) for key in _FROM if key in args}
    if "name" not in args:
        raise UserError("import_role needs a name", source=source)
    return _use(_name(args), setting, Map(source=source), source, froms, repeat=True)


def find_role(name: str, setting: Setting, source: Source | None) -> Path:
    """The folder of a role: beside the playbook, in the role path, beside the role at hand. Raises UserError."""
    if "/" in name:
        places = [setting.folder / name, setting.search.folder / name]
    else:
        places = [setting.search.folder / "roles" / name, *(folder / name for folder in setting.search.roles)]
        if setting.role is not None:
            places.append(setting.role.path.parent / name)
        places.append(setting.search.folder / name)
    unique, files = [Path(place) for place in dict.fromkeys(map(os.path.normpath, places))], setting.search.files
    found = next((place for place in unique if files.is_folder(place) and _is_role(place, files)), None)
    if found is None:
        present = {name for place in unique[:-1] for name in _folders(place.parent, files)}
        near = nearest(name, present)
        hint = f"looked for {listed(map(str, unique))}"
        raise UserError(
            f"there is no role {quoting.file(name)}",
            source=source,
            hint=f"did you mean {near!r}? {hint}" if near else hint,
        )
    return found


def _is_role(path: Path, files: Files) -> bool:
    return any(files.is_folder(path / part_name) for part_name in _PARTS)


def _folders(folder: Path, files: Files) -> list[str]:
    return [name for name in files.names(folder) if files.is_folder(folder / name)]


def read_role(name: str, path: Path, params: Map, source: Source, setting: Setting, froms: dict[str, str]) -> Role:
    """A role with its variables; ``froms`` are the ``..._from`` files wanted instead of main."""
    defaults = _variables(path / "defaults", froms.get("defaults_from", "main"), setting, source)
    own = _variables(path / "vars", froms.get("vars_from", "main"), setting, source)
    return Role(name=name, path=path, source=source, defaults=defaults, vars=own, params=params)


def _variables(folder: Path, wanted: str, setting: Setting, source: Source) -> Map:
    key = folder / wanted
    if key not in setting.found.kept:
        files = setting.search.files
        alone = bool(key.suffix) and files.is_file(key)
        found = load_vars(key, files, ROLE) if alone else vars_of(folder, wanted, files, ROLE)
        if found is None and wanted != "main":
            raise UserError(f"the role {folder.parent.name!r} has no {folder.name}/{wanted}", source=source)
        check(found)
        setting.found.kept[key] = found if found is not None else Map()
    return setting.found.kept[key]


def add_handlers(role: Role, setting: Setting, wanted: str, source: Source) -> None:
    """Give the play the handlers of a role, once however often the role is used."""
    path = part(role.path, "handlers", wanted, source, setting.search.files, needed=wanted != "main")
    if path is None or path in setting.found.used:
        return
    setting.found.used.add(path)
    nodes = read_file(path, setting.entering(path, source), handlers=True)
    setting.found.handlers += [node for node in nodes if isinstance(node, Task)]


def announce(task: Task, setting: Setting) -> None:
    """Make sure the role of an ``include_role`` is there and its handlers are the play's, unless its name varies."""
    name = str(task.args.get("name"))
    if setting.at_run_time or has_template(name):
        return
    path = find_role(name, setting, source_of(task.args.get("name"), task.source))
    role = read_role(name, path, Map(), task.source, setting, {})
    add_handlers(role, replace(setting, role=role), "main", task.source)


def part(role: Path, kind_of: str, wanted: str, source: Source | None, files: Files, *, needed: bool) -> Path | None:
    """A file of a role: ``tasks/main.yml`` and the like; None when it may be missing and is."""
    if has_template(wanted):
        raise UserError(f"{kind_of}_from cannot be a template", source=source_of(wanted, source))
    places = [role / kind_of / f"{wanted}{suffix}" for suffix in (".yml", ".yaml", *SUFFIXES)]
    found = next((place for place in places if files.is_file(place)), None)
    if found is None and needed:
        raise UserError(
            f"the role {role.name!r} has no {kind_of}/{wanted}", source=source, hint=f"looked for {places[0]}"
        )
    return found


def _meta(path: Path, files: Files) -> Map:
    found = part(path, "meta", "main", None, files, needed=False)
    if found is None:
        return Map()
    data = load(found, files, ROLE)
    if data is None:
        return Map()
    if not isinstance(data, Map):
        raise UserError(
            f"meta of a role must be a mapping, not {kind(data)}", source=source_of(data, Source(str(found)))
        )
    keywords.check(data, keywords.META)
    return data
