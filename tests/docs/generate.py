"""Writes the reference pages that are made from the code: ``make docs``. The tests hold them to be current."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import TypeAdapter

from remediate.engine.registry import Registry
from remediate.planfile import codec
from remediate.reports.document import RunDocument
from remediate.reports.manual import as_markdown, first_sentence
from tests.docs import keywordpage

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MADE = "<!-- made by `make docs` from the modules themselves: edit their docstrings -->\n"


def modules() -> str:
    """The module reference."""
    registry = Registry([ROOT / "modules"])
    loaded = [registry.load(name) for name in registry.names()]
    head = [MADE, "# Modules", "", "| module | is for |", "|---|---|"]
    head += [f"| [{module.name}](#{module.name}) | {first_sentence(module)} |" for module in loaded]
    return "\n".join([*head, "", *(as_markdown(module) for module in loaded)])


def schema() -> str:
    """The JSON Schema of what ``--format json`` prints."""
    return json.dumps(TypeAdapter(RunDocument).json_schema(), indent=2) + "\n"


def plan_schema() -> str:
    """The JSON Schema of a plan file."""
    return json.dumps(codec.schema(), indent=2) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "modules.md": modules,
    "plan.schema.json": plan_schema,
    "playbook-keywords.md": keywordpage.page,
    "run-document.schema.json": schema,
}


if __name__ == "__main__":
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
