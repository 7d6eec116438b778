"""A run of the ledger as lines for a terminal: facts, hosts, then each host's steps and changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from remediate.reports.evidence import Section, done_before, facts, moment, outcome, sections, unsaid
from remediate.reports.plain import INDENT, aligned
from remediate.reports.text import duration, one_line, plain_value

SHOWN = ("Runs", "Approvals", "Hosts", "Refused, deferred and failed", "Packages", "Overrides, gates and locks")
"""Sections of the evidence that are tables here as well; steps and changes are told host by host."""


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The whole page."""
    yield f"run {one_line(document['run']['id'])}"
    yield from (INDENT + line for line in aligned([("", ""), *facts(document)])[1:])
    for section in sections(document):
        if section.title in SHOWN and section.rows:
            yield from _table(section)
    for host in (document["account"] or document)["hosts"]:
        if host["steps"]:
            yield from ("", f"{one_line(host['host'])}: {outcome(host)}")
            yield from _steps(host)


def _table(section: Section) -> Iterator[str]:
    yield from ("", section.title.lower())
    yield from (INDENT + line for line in aligned([section.titles, *section.rows]))


def _steps(host: Mapping[str, Any]) -> Iterator[str]:
    run = ""
    for step in host["steps"]:
        if step.get("run", run) != run:
            run = step["run"]
            yield f"{INDENT}run {one_line(run)}"
        took = f" ({duration(step['seconds'])})" if step["status"] else f", begun {moment(step['begun'])}"
        status = one_line(step["status"]) or ("under way" if step.get("under_way", host["under_way"]) else "cut off")
        before = done_before(step)
        recalled = (f" ({before})" if before else "") + (" (ignored)" if step["ignored"] else "")
        yield f"{INDENT}{step['number'] or '-':>3} {status:<14} {one_line(step['task'])}{recalled}{took}"
        if unsaid(step):
            yield f"{INDENT * 3}hidden (no_log)"
        if step["status"] in ("failed", "blocked", "unreachable") and step["message"]:
            yield f"{INDENT * 3}{one_line(step['message'])}"
        for change in step["changes"]:
            before, after = plain_value(change.get("before")), plain_value(change.get("after"))
            fate = f" ({change['fate']})" if change["fate"] not in ("", "done") else ""
            yield f"{INDENT * 3}{plain_value(change.get('target'))}: {before} -> {after}{fate}"
