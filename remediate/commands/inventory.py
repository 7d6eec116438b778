"""``remediate inventory``: hosts, groups and variables as the program sees them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import SIMPLE, Parser
from remediate.errors import UserError

if TYPE_CHECKING:
    import argparse

    from remediate.language.inventory import Host, Inventory
    from remediate.project.outside import Outside
    from remediate.reports.redact import Redactor

VIEWS = ("list", "graph", "host")


def parser() -> Parser:
    page = Parser(
        "inventory",
        "Show hosts, groups and variables. Contacts no host; secrets are masked.",
        examples=[
            "remediate inventory list                  hosts with their groups and addresses",
            "remediate inventory list --format json    as ansible-inventory --list prints it",
            "remediate inventory graph                 the tree of groups",
            "remediate inventory host ex1              every variable of one host, and where it is written",
        ],
        exits=SIMPLE,
    )
    page.add_argument("view", choices=VIEWS, metavar="list | graph | host", help="what to show")
    page.add_argument("name", nargs="?", default="", metavar="NAME", help="the host, or the group a graph begins at")
    common.hosts(page)
    common.json_and_color(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.engine import learning
    from remediate.project.project import Project
    from remediate.reports.redact import Redactor

    inventory = Project.around(outside.folder, outside.files).inventory(
        options.inventory, start_lab=False, say=outside.complain
    )
    learning.from_inventory(inventory, {}, outside.secrets, outside.folder)
    mask = Redactor(outside.secrets)
    if options.view == "host":
        _show_host(_host(inventory, options.name), mask, outside, as_json=options.format == "json")
        return 0
    if options.name and options.view == "list":
        options.limit = f"{options.name}:&{options.limit}" if options.limit else options.name
    hosts = inventory.select("all", limit=options.limit)
    if options.format == "json":
        outside.print(json.dumps(document(inventory, hosts, mask), indent=2, default=str))
    elif options.view == "graph":
        _known_group(inventory, options.name or "all")
        for line in graph(inventory, options.name or "all", {host.name for host in hosts}):
            outside.print(line)
    else:
        for line in table(hosts, mask):
            outside.print(line)
    return 0


def _host(inventory: Inventory, name: str) -> Host:
    from remediate.language.words import suggestion

    if not name:
        raise UserError("which host?", hint="remediate inventory host NAME")
    if name not in inventory.hosts:
        raise UserError(f"there is no host {name!r}", hint=suggestion(name, inventory.hosts, what="hosts"))
    return inventory.hosts[name]


def _known_group(inventory: Inventory, name: str) -> None:
    from remediate.language.words import suggestion

    if name not in inventory.groups:
        raise UserError(f"there is no group {name!r}", hint=suggestion(name, inventory.groups, what="groups"))


def values(host: Host, mask: Redactor) -> dict[str, object]:
    """The variables of a host as written, secrets masked."""
    from remediate.secrets.taint import hidden

    found = {name: host.variables.get(name) for name in sorted(host.variables.names())}
    masked: dict[str, object] = mask.value({name: hidden(name, var.value) for name, var in found.items() if var})
    return masked


def _show_host(host: Host, mask: Redactor, outside: Outside, *, as_json: bool) -> None:
    from remediate.reports.plain import aligned
    from remediate.reports.text import one_line, plain_value, visible

    shown = values(host, mask)
    if as_json:
        outside.print(json.dumps(shown, indent=2, default=str))
        return
    outside.print(f"{one_line(host.name)}  (groups: {', '.join(host.groups) or 'none'})")
    rows: list[tuple[str, ...]] = [("variable", "value", "written in")]
    for name, value in shown.items():
        var = host.variables.get(name)
        cell = "(below)" if _nested(value) else plain_value(value)
        rows.append((name, cell, str(var.source) if var and var.source else "-"))
    for line in aligned(rows):
        outside.print(f"  {line}")
    nested = {name: value for name, value in shown.items() if _nested(value)}
    if nested:
        import yaml

        text = yaml.safe_dump(json.loads(json.dumps(nested, default=str)), sort_keys=False, width=100)
        outside.print("\n" + "\n".join(f"  {visible(line)}" for line in text.splitlines()))


def _nested(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value)


def table(hosts: tuple[Host, ...], mask: Redactor) -> list[str]:
    """host | groups | address, one line each."""
    from remediate.reports.plain import aligned
    from remediate.reports.text import one_line, plain_value

    rows: list[tuple[str, ...]] = [("host", "groups", "address", "user")]
    for host in hosts:
        shown = values(host, mask)
        address = plain_value(shown.get("ansible_host", host.name))
        port = shown.get("ansible_port")
        user = plain_value(shown["ansible_user"]) if "ansible_user" in shown else ""
        rows.append((one_line(host.name), ", ".join(host.groups), f"{address}:{port}" if port else address, user))
    return aligned(rows) if hosts else ["no hosts"]


def own_hosts(inventory: Inventory, name: str) -> list[str]:
    """Hosts of a group that are in none of its children."""
    group = inventory.groups[name]
    below = {host for child in group.children for host in inventory.groups[child].hosts}
    return [host for host in group.hosts if host not in below]


def graph(inventory: Inventory, name: str, chosen: set[str], depth: int = 0) -> Iterator[str]:
    """The tree of groups as ``ansible-inventory --graph`` draws it."""
    from remediate.reports.text import one_line

    yield f"{'  |' * depth}{'--' if depth else ''}@{one_line(name)}:"
    group = inventory.groups[name]
    for child in group.children:
        yield from graph(inventory, child, chosen, depth + 1)
    for host in own_hosts(inventory, name):
        if host in chosen:
            yield f"{'  |' * (depth + 1)}--{one_line(host)}"


def document(inventory: Inventory, hosts: tuple[Host, ...], mask: Redactor) -> Mapping[str, object]:
    """The form of ``ansible-inventory --list``."""
    chosen = {host.name for host in hosts}
    groups: dict[str, object] = {}
    for name, group in inventory.groups.items():
        own = [host for host in own_hosts(inventory, name) if host in chosen]
        entry = {"children": list(group.children), "hosts": own}
        groups[name] = {key: value for key, value in entry.items() if value}
    return {"_meta": {"hostvars": {host.name: values(host, mask) for host in hosts}}, **groups}
