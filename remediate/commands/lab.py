"""``remediate lab``: the embedded lab by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.commands.options import json_and_color
from remediate.commands.parser import SIMPLE, Parser
from remediate.errors import UserError
from remediate.project.project import Project, need_lab

if TYPE_CHECKING:
    import argparse

    from remediate.model import Json
    from remediate.project.outside import Outside

DEEDS = ("up", "status", "reset", "down")


def parser() -> Parser:
    page = Parser(
        "lab",
        "The embedded lab: Windows servers modelled in this program, each with a real SSH server on its own port.\n"
        "Runs against a lab inventory start it by themselves; it ends after 30 idle minutes and keeps its state.",
        examples=[
            "remediate lab up                       start the lab of the inventory",
            "remediate lab status                   what is installed on its hosts, what is running",
            "remediate lab reset                    put every host back to its image",
            "remediate lab reset ex1 ex2            only these",
            "remediate lab down                     stop it; its hosts keep their state",
        ],
        exits=SIMPLE,
    )
    page.add_argument("deed", choices=DEEDS, metavar="up | status | reset | down", help="what to do")
    page.add_argument("host", nargs="*", metavar="HOST", help="hosts to reset (default: all)")
    page.add_argument(
        "-i",
        "--inventory",
        action="append",
        default=[],
        metavar="FILE",
        help="lab inventory; may be given more than once",
    )
    json_and_color(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    if options.host and options.deed != "reset":
        raise UserError(f"`remediate lab {options.deed}` is for the whole lab", hint="only reset takes hosts")
    project = Project.around(outside.folder, outside.files)
    labs = lab_files(project, options.inventory)
    need_lab()
    answers = [_do(options.deed, options.host, path, data, project.lab_state, outside) for path, data in labs.items()]
    if options.format == "json":
        outside.print(json.dumps(answers, indent=2))
        return 0
    for path, answer in zip(labs, answers, strict=True):
        for line in _lines(options.deed, str(path).replace(f"{outside.folder}/", ""), answer):
            outside.print(line)
    return 0


def lab_files(project: Project, names: list[str]) -> dict[Path, Mapping[str, object]]:
    """The lab inventories among those that are meant, read. ``UserError`` when there is none."""
    from remediate.language.yamlfile import load

    files = project.inventory_files(names)
    found: dict[Path, Mapping[str, object]] = {}
    for path in files:
        data = load(path) if path.suffix in (".yml", ".yaml") and path.is_file() else None
        if isinstance(data, Mapping) and data.get("plugin") == "lab":
            found[path] = data
    if not found:
        shown = ", ".join(map(str, files))
        raise UserError(f"{shown} declares no lab", hint="a lab inventory says `plugin: lab`; see docs/lab.md")
    return found


def _do(
    deed: str, hosts: list[str], path: Path, data: Mapping[str, object], state: Path, outside: Outside
) -> dict[str, Json]:
    from remediate.lab import control

    match deed:
        case "up":
            return control.up(data, path, state, say=outside.complain)
        case "status":
            return control.status(path, state)
        case "reset":
            _known(hosts, data)
            return {"reset": [*control.reset(path, state, hosts)]}
        case _:
            return {"stopped": control.down(path, state)}


def _known(hosts: list[str], data: Mapping[str, object]) -> None:
    from remediate.language.words import suggestion

    declared = data.get("hosts")
    names = list(declared) if isinstance(declared, Mapping) else []
    for host in hosts:
        if host not in names and not any("[" in str(name) for name in names):
            raise UserError(f"the lab has no host {host!r}", hint=suggestion(host, names, what="hosts"))


def _lines(deed: str, name: str, answer: Mapping[str, Json]) -> list[str]:
    match deed:
        case "reset":
            hosts = answer["reset"]
            count = len(hosts) if isinstance(hosts, list) else 0
            return [f"{name}: {count} {'host is' if count == 1 else 'hosts are'} as the image again"]
        case "down":
            return [f"{name}: {'stopped' if answer['stopped'] else 'was not running'}"]
        case _:
            return status_lines(name, answer)


def status_lines(name: str, status: Mapping[str, Json]) -> list[str]:
    """A line about the lab, then a table of its hosts, then what they refused to answer."""
    from remediate.reports.plain import aligned

    running = f"running (process {status['pid']})" if status["running"] else "not running"
    hosts = status["hosts"] if isinstance(status["hosts"], list) else []
    rows: list[tuple[str, ...]] = [("host", "image", "store.exe", "address", "services", "installers")]
    refused: list[str] = []
    for host in hosts:
        if isinstance(host, dict):
            rows.append(_row(host))
            refusals = host["refusals"] if isinstance(host["refusals"], list) else []
            refused += [f"{host['name']} refused: {refusal}" for refusal in refusals]
    table = aligned(rows) if hosts else []
    return [f"{name}: {running}, state in {status['folder']}", *table, *refused]


def _row(host: Mapping[str, Json]) -> tuple[str, ...]:
    stopped = host["services_not_running"] if isinstance(host["services_not_running"], list) else []
    services = f"{host['services_running']} running"
    if stopped:
        services += f", stopped: {', '.join(map(str, stopped))}"
    installers = host["installers"] if isinstance(host["installers"], list) else []
    runs = [f"{run['package']} {_ending(run)}" for run in installers if isinstance(run, dict)]
    return (
        str(host["name"]),
        str(host["image"]),
        str(host["build"]) or "-",
        f"{host['address']}:{host['port']}",
        services,
        ", ".join(runs),
    )


def _ending(run: Mapping[str, Json]) -> str:
    return f"ended {run['exit_code']}" if run["exit_code"] is not None else str(run["phase"])
