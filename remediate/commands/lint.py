"""``remediate lint``: every mistake of a playbook that can be seen without a host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.commands.options import json_and_color
from remediate.commands.parser import SIMPLE, Parser
from remediate.errors import UserError, on_one_line

if TYPE_CHECKING:
    import argparse

    from remediate.engine.registry import Registry
    from remediate.language.setting import SearchPath
    from remediate.language.tree import Node, Playbook
    from remediate.project.outside import Outside
    from remediate.project.project import Project


def parser() -> Parser:
    page = Parser(
        "lint",
        "Find mistakes in playbooks without contacting a host: keywords, modules and their arguments, templates,\n"
        "conditions, roles and files, in everything the playbook imports or includes; with -i also what the hosts of\n"
        "an inventory give the modules, packages for instance. Shows all of them.",
        examples=[
            "remediate lint playbooks/kb870585.yml",
            "remediate lint playbooks/kb870585.yml -i inventory/servers.yml",
            "remediate lint playbooks/*.yml --format json",
        ],
        exits=SIMPLE,
    )
    page.add_argument("playbook", nargs="+", metavar="PLAYBOOK", help="a file, or the name of a shipped playbook")
    page.add_argument("-i", "--inventory", action="append", default=[], metavar="FILE",
                      help="look at what these hosts are given as well; contacts none")  # fmt: skip
    json_and_color(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.project.project import Project

    project = Project.around(outside.folder, outside.files)
    found: list[UserError] = []
    for name in options.playbook:
        path = project.content.playbook(name)
        errors, tasks = examine(path, project)
        if not errors:
            errors = given(path, project, options, outside)
        found += errors
        if options.format == "human" and not errors:
            outside.print(f"{on_one_line(name)}: no mistakes in {tasks} tasks")
    if options.format == "json":
        outside.print(json.dumps([document(error) for error in found], indent=2))
    else:
        for error in found:
            outside.print(str(error).replace(f"{outside.folder}/", ""))
        if found:
            outside.complain(f"{len(found)} {'mistake' if len(found) == 1 else 'mistakes'}")
    return 1 if found else 0


def document(error: UserError) -> dict[str, object]:
    """One mistake as data."""
    source = error.source
    return {
        "file": source.file if source else "",
        "line": source.line if source else 0,
        "column": source.column if source else 0,
        "message": error.message,
        "hint": error.hint,
    }


def examine(path: Path, project: Project) -> tuple[list[UserError], int]:
    """Every mistake in reading order, and how many tasks were looked at."""
    from remediate.beforehand import tasks as of_tasks
    from remediate.beforehand.visible import included, walk

    modules, search = project.modules(path), project.search(path)
    book, errors, nodes = _read(path, search, modules)
    tasks = list(walk(tuple(nodes)))
    for play in book.plays if book else ():
        errors += of_tasks.of_play(play)
        tasks += [*walk(play.nodes), *play.handlers]
    below, unreadable = included(tasks, search, modules)
    tasks += below
    errors += [error for error in unreadable if isinstance(error, UserError)]
    for task in tasks:
        errors += of_tasks.of_task(task, modules)
    return of_tasks.in_order(errors), len(tasks)


def given(path: Path, project: Project, options: argparse.Namespace, outside: Outside) -> list[UserError]:
    """What modules say of the values that hosts give them; without an inventory, of those a playbook itself gives."""
    from remediate.beforehand import arguments
    from remediate.engine.run import RunRequest
    from remediate.model import Mode

    with_hosts = bool(options.inventory)
    hosts = (
        project.inventory(options.inventory, start_lab=False, say=outside.complain)
        if with_hosts
        else arguments.nobody()
    )
    request = RunRequest(
        playbook=path,
        inventory=hosts.with_playbook_vars(path.parent),
        search=project.search(path),
        modules=project.modules(path),
        mode=Mode.CHECK,
    )
    seen = arguments.look(request, strict=with_hosts)
    for warning in seen.warnings:
        outside.complain(f"{warning.source}: {warning.text}".replace(f"{outside.folder}/", ""))
    return list(seen.mistakes)


def _read(path: Path, search: SearchPath, modules: Registry) -> tuple[Playbook | None, list[UserError], list[Node]]:
    """The playbook, or what could be read of it and every mistake that kept it from being read."""
    from remediate.beforehand.pieces import Pieces
    from remediate.engine.run import words
    from remediate.language import playbook
    from remediate.language.taskargs import Modules

    known = words(modules)
    try:
        return playbook.load(path, search=search, modules=known.__contains__, known=known), [], []
    except UserError as error:
        pieces = Pieces(Modules(known.__contains__, known), search)
        pieces.read(path)
        return None, [error, *pieces.errors], pieces.nodes
