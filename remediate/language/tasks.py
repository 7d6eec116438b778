"""Reads lists of tasks: tasks, blocks, and the imports among them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from remediate.errors import UserError
from remediate.language import fields, keywords, quoting
from remediate.language.files import PLAYBOOK, ROLE, Files
from remediate.language.loops import control_of, loop_of
from remediate.language.setting import Setting, tolerance
from remediate.language.taskargs import IMPORTS, INCLUDES, action_of, short
from remediate.language.template import check, has_template
from remediate.language.tree import Block, Node, Task
from remediate.language.words import kind, listed, nearest
from remediate.language.yamlfile import Map, Seq, load, source_of
from remediate.model import Source
from remediate.secrets.names import names_a_secret


def read_tasks(entries: Seq, setting: Setting, *, handlers: bool = False) -> tuple[Node, ...]:
    """The nodes of a list of tasks. Raises UserError for the first thing that is wrong."""
    nodes: list[Node] = []
    for index, entry in enumerate(entries):
        place = entries.item_source(index)
        if not isinstance(entry, Map):
            raise UserError(
                f"a task must be a mapping, not {kind(entry)}", source=place, hint="write '- name: ...' and the module"
            )
        nodes += _node(entry, setting, handlers=handlers)
    return tuple(nodes)


def read_file(path: Path, setting: Setting, *, handlers: bool = False) -> tuple[Node, ...]:
    """The nodes of a file of tasks; an empty file has none."""
    inside = setting.role is not None and setting.role.path in path.parents
    data = load(path, setting.search.files, ROLE if inside else PLAYBOOK)
    if data is None:
        return ()
    if not isinstance(data, Seq):
        raise UserError(
            f"a file of tasks must be a list, not {kind(data)}",
            source=source_of(data, Source(str(path))),
            hint="begin each task with '- '",
        )
    for entry in data:
        if isinstance(entry, Map) and "hosts" in entry:
            raise UserError(
                "this is a play, but the file is read as a list of tasks",
                source=entry.key_source("hosts"),
                hint="import it with import_playbook, or leave only its tasks here",
            )
    return read_tasks(data, setting, handlers=handlers)


def _node(data: Map, setting: Setting, *, handlers: bool) -> Sequence[Node]:
    if any(key in data for key in ("block", "rescue", "always")):
        return [_block(data, setting, handlers=handlers)]
    kind_of = keywords.HANDLER if handlers else keywords.TASK
    action, args = action_of(data, kind_of, setting.modules)
    if action in IMPORTS:
        return _imported(action, args, data, setting, handlers=handlers)
    task = _task(action, args, data, setting)
    if action in INCLUDES:
        _check_include(task, setting, handlers=handlers)
    if handlers and not data.get("name") and not task.listen:
        raise UserError("a handler without a name cannot be notified", source=task.source, hint="give it a name")
    return [task]


def _block(data: Map, setting: Setting, *, handlers: bool) -> Block:
    keywords.check(data, keywords.BLOCK)
    if handlers:
        raise UserError("blocks of handlers are not supported yet", source=data.source, hint="use listen")
    if "block" not in data:
        raise UserError("rescue and always need a block", source=data.source, hint="put the tasks below 'block:'")
    inside = setting.within(data)
    parts = {key: read_tasks(fields.listing(data, key), inside) for key in ("block", "rescue", "always")}
    if not parts["block"]:
        raise UserError("the block is empty", source=data.key_source("block"))
    return Block(
        name=fields.text(data, "name"),
        source=data.source,
        body=parts["block"],
        rescue=parts["rescue"],
        always=parts["always"],
    )


def _task(action: str, args: Map, data: Map, setting: Setting) -> Task:
    check(args)
    name = fields.text(data, "name")
    check(name, data.value_source("name"))
    inside = setting.within(data)
    loop, loop_vars = loop_of(data)
    if action == "assert" and "that" in args:
        fields.conditions(args, "that")
    return Task(
        name=name or action,
        action=action,
        args=args,
        source=data.source,
        when=inside.when,
        tags=inside.tags,
        vars=loop_vars.merged(inside.vars) if loop_vars else inside.vars,
        register=_register(data),
        loop=loop,
        loop_control=control_of(data),
        notify=inside.notify,
        listen=fields.names(data, "listen"),
        ignore_errors=tolerance(data, "ignore_errors", setting.ignore_errors),
        ignore_unreachable=tolerance(data, "ignore_unreachable", setting.ignore_unreachable),
        failed_when=fields.conditions(data, "failed_when"),
        changed_when=fields.conditions(data, "changed_when"),
        until=fields.conditions(data, "until") or (),
        retries=int(fields.number(data, "retries", 3)),
        delay=fields.number(data, "delay", 5.0),
        check_mode=inside.check_mode,
        no_log=inside.no_log or names_a_secret(_register(data)),
        timeout=inside.timeout,
        folder=setting.folder,
        role=setting.role,
        chain=setting.chain,
    )


def _register(data: Map) -> str:
    if "register" not in data:
        return ""
    return fields.identifier(data["register"], data.value_source("register"))


def _imported(action: str, args: Map, data: Map, setting: Setting, *, handlers: bool) -> Sequence[Node]:
    keywords.check(data, keywords.IMPORT, besides=[key for key in data if short(str(key)) == action])
    inside = setting.within(data)
    if action == "import_role":
        from remediate.language import roles

        return roles.imported(args, inside, data.source)
    path = find_tasks(_file_argument(action, args, data.source), inside, args.source)
    return read_file(path, inside.entering(path, data.source), handlers=handlers)


def _file_argument(action: str, args: Map, source: Source) -> str:
    key = "file" if "file" in args else "_raw"
    for other in args:
        if other not in ("file", "_raw"):
            near = nearest(str(other), ["file"])
            hint = f"did you mean {near!r}?" if near else "it has only 'file'"
            raise UserError(f"unknown argument {other!r} of {action}", source=args.key_source(other), hint=hint)
    name = args.get(key)
    if not isinstance(name, str) or not name.strip():
        raise UserError(f"{action} needs the name of a file", source=source, hint=f"{action}: tasks.yml")
    if has_template(name):
        raise UserError(
            f"{action} is read before any variable is known; it cannot take a template",
            source=source_of(name, source),
            hint="use include_tasks",
        )
    return name


def find_tasks(name: str, setting: Setting, source: Source | None) -> Path:
    """A file of tasks: beside the present file, in the role, beside the playbook. Raises UserError."""
    places = [setting.folder / name]
    if setting.role is not None:
        places.append(setting.role.path / "tasks" / name)
    places += [setting.search.folder / name, setting.search.folder / "tasks" / name]
    unique = [Path(place) for place in dict.fromkeys(map(os.path.normpath, places))]
    found = next((place for place in unique if setting.search.files.is_file(place)), None)
    if found is None:
        near = nearest(Path(name).name, _names(setting.search.files, (setting.folder / name).parent))
        hint = f"looked for {listed(map(str, unique))}"
        raise UserError(
            f"there is no file of tasks {quoting.file(name)}",
            source=source,
            hint=f"did you mean {near!r}? {hint}" if near else hint,
        )
    return found


def _names(files: Files, folder: Path) -> tuple[str, ...]:
    return files.names(folder) if files.is_folder(folder) else ()


def _check_include(task: Task, setting: Setting, *, handlers: bool) -> None:
    if handlers:
        raise UserError(f"{task.action} among handlers is not supported yet", source=task.source)
    allowed = ("_raw", "file", "apply") if task.action == "include_tasks" else ("name", "tasks_from", "apply")
    for argument in task.args:
        if argument == "apply":
            raise UserError("'apply' is not supported yet", source=task.source, hint="put tags and when on the include")
        if argument not in allowed:
            near = nearest(argument, allowed)
            hint = f"did you mean {near!r}?" if near else f"it has {listed(a for a in allowed if a[0] != '_')}"
            raise UserError(f"unknown argument {argument!r} of {task.action}", source=task.source, hint=hint)
    needed = "name" if task.action == "include_role" else "file"
    name = task.args.get(needed, task.args.get("_raw"))
    if not isinstance(name, str) or not name.strip():
        raise UserError(f"{task.action} needs a {needed}", source=task.source)
    if task.action == "include_role":
        from remediate.language import roles

        roles.announce(task, setting)
