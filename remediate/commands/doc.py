"""``remediate doc``: the manual page of a module, or the list of modules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from remediate.commands.options import json_and_color
from remediate.commands.parser import SIMPLE, Parser
from remediate.project.content import Content, shipped
from remediate.project.settings import find

if TYPE_CHECKING:
    import argparse

    from remediate.engine.registry import LoadedModule, Registry
    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "doc",
        "Show the manual page of a module, or list the modules.",
        examples=["remediate doc", "remediate doc hotfix"],
        exits=SIMPLE,
    )
    page.add_argument("module", nargs="*", metavar="MODULE", help="name of a module; none lists them all")
    page.add_argument("-l", "--list", action="store_true", help="list the modules, one line each")
    json_and_color(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.engine.registry import Registry

    registry = Registry(Content(outside.folder, find(outside.folder), shipped()).modules())
    if options.list or not options.module:
        outside.print(listing(registry, as_json=options.format == "json"))
        return 0
    modules = [registry.load(name) for name in options.module]
    if options.format == "json":
        outside.print(json.dumps([document(module) for module in modules], indent=2))
    else:
        from remediate.reports.manual import as_text

        outside.print("\n\n".join(as_text(module) for module in modules))
    return 0


def listing(registry: Registry, *, as_json: bool) -> str:
    """Every module with its first sentence."""
    from remediate.reports.manual import first_sentence

    sentences = {name: first_sentence(registry.load(name)) for name in registry.names()}
    if as_json:
        return json.dumps(sentences, indent=2)
    width = max(map(len, sentences), default=0)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in sentences.items())


def document(module: LoadedModule) -> dict[str, object]:
    """The manual page as data."""
    from remediate.reports.manual import arguments

    return {
        "name": module.name,
        "file": str(module.file),
        "doc": module.doc,
        "reversible": module.reversible,
        "changes_hosts": module.apply is not None,
        "arguments": [
            {"name": row.name, "type": row.type, "default": row.default, "help": row.help}
            for row in arguments(module.params_type)
        ],
    }
