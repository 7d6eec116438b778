"""The reference page of playbook keywords, from the reader's own tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import yaml

from remediate.engine.actions import META, WALKED, actions
from remediate.language import filters, jinjatests, keywords
from remediate.language.taskargs import IMPORTS

MADE = "<!-- made by `make docs` from the reader's tables and tests/docs/keywords.yml -->\n"
INTRO = """\
# Playbook keywords

The language is Ansible's. What is listed here is understood. A word of Ansible's that has no effect here yet is refused
with its place and `is not supported yet`, never ignored; any other word is an error that names the nearest right one.
`remediate lint PLAYBOOK` shows all such mistakes at once.
"""
KINDS = (
    ("Play", keywords.PLAY),
    ("Task", keywords.TASK),
    ("Handler", keywords.HANDLER),
    ("Block", keywords.BLOCK),
    ("Role entry", keywords.ROLE),
    ("loop_control", keywords.LOOP_CONTROL),
    ("import_tasks, import_role", keywords.IMPORT),
    ("import_playbook", keywords.IMPORT_PLAYBOOK),
    ("meta/main.yml of a role", keywords.META),
)


def page() -> str:
    """The whole page; a keyword without a meaning is an error here, so that it cannot be forgotten."""
    text = (Path(__file__).parent / "keywords.yml").read_text(encoding="utf-8")
    meanings: dict[str, str] = yaml.safe_load(text)
    lines = [MADE, INTRO]
    for title, kind in KINDS:
        lines += [f"## {title}", "", "| keyword | meaning |", "|---|---|"]
        lines += [f"| `{word}` | {meanings[word]} |" for word in sorted(kind.keywords)]
        lines.append("")
        if kind.later:
            lines += [f"Not supported yet: {_listed(kind.later)}.", ""]
    return "\n".join([*lines, *_words()])


def _words() -> list[str]:
    own = sorted({*actions(), *WALKED, *IMPORTS, "import_playbook"})
    return [
        "## Actions without a module",
        "",
        f"{_listed(own)}. `meta` takes {_listed(META)}.",
        "",
        "## Filters and tests",
        "",
        "Besides Jinja2's own. Templates are sandboxed and bounded; values read from hosts are never rendered.",
        "",
        f"Filters: {_listed(filters.filters())}.",
        "",
        f"Tests: {_listed(jinjatests.tests())}.",
        "",
        "Lookups: `file`, `env`.",
        "",
    ]


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in sorted(words))
