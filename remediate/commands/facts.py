"""``remediate facts``: what is installed on the hosts, read and shown, nothing else."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.events import Event, StepFinished
from remediate.model import Json, Mode, Result

if TYPE_CHECKING:
    import argparse

    from remediate.project.outside import Outside

PLAYBOOK = "playbooks/facts.yml"
MODULE = "exchange_facts"
DETAILS = frozenset(
    {"sources", "_notes", "attributes", "depends", "display", "exists", "folder", "path", "pid", "source"}
)
"""What is shown with ``-v`` only: the rest fits a terminal."""


def parser() -> Parser:
    page = Parser(
        "facts",
        "Show what is installed: Windows, Exchange, service pack, builds, files, services, pending restarts.\n"
        "Looks only; one round trip per host.",
        examples=["remediate facts", "remediate facts 'berlin:&exchange2003'", "remediate facts ex1 --format json"],
    )
    page.add_argument("pattern", nargs="?", default="all", metavar="PATTERN", help="hosts or groups (default: all)")
    common.hosts(page)
    common.variables(page)
    common.connection(page)
    common.output(page, diff=False)
    return page


class _Collect:
    """Keeps what ``exchange_facts`` saw, and the trouble of hosts it could not look at."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def receive(self, event: Event) -> None:
        if isinstance(event, StepFinished) and (event.result.module == MODULE or event.result.failed):
            self.results.append(event.result)

    def close(self) -> None:
        """Nothing to end."""


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.change import walking
    from remediate.reports.redact import Redacting

    options.playbook, options.tags, options.skip_tags, options.start_at_task = PLAYBOOK, [], [], ""
    options.limit = f"{options.pattern}:&{options.limit}" if options.limit else options.pattern
    request = walking.prepare(common.asked(options, outside), outside, mode=Mode.CHECK)
    collected = _Collect()
    summary = walking.with_sinks(request, [Redacting(collected, walking.redactor(request))], outside)
    results = sorted(collected.results, key=lambda result: list(request.inventory.hosts).index(result.host))
    if options.format == "json":
        outside.print(json.dumps([_document(result) for result in results], indent=2))
    else:
        for result in results:
            for line in _page(result, full=options.verbose > 0):
                outside.print(line)
    return summary.exit_code


def _document(result: Result) -> dict[str, object]:
    from remediate.reports.text import trimmed

    return {
        "host": result.host,
        "status": result.status.value,
        "message": result.message,
        "remedy": result.remedy,
        "facts": trimmed(result.before),
        "notes": list(result.notes),
    }


def without(state: Mapping[str, Json], names: Collection[str]) -> dict[str, Json]:
    """A State without some names, at every depth."""

    def cleaned(value: Json) -> Json:
        if isinstance(value, Mapping):
            return without(value, names)
        return [cleaned(item) for item in value] if isinstance(value, list) else value

    return {key: cleaned(value) for key, value in state.items() if key not in names}


def _page(result: Result, *, full: bool) -> list[str]:
    """One host: its name, then the outline of what was seen, or why nothing was."""
    from remediate.reports.outline import outline
    from remediate.reports.plain import step_lines
    from remediate.reports.text import one_line

    if result.failed:
        return [*step_lines(result, verbosity=1, diff=False), ""]
    shown = dict(result.before) if full else without(result.before, DETAILS)
    lines = [one_line(result.host), *outline(shown, 1)]
    return [*lines, *(f"  note: {one_line(note)}" for note in result.notes), ""]
