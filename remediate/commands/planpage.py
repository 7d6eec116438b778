"""A saved plan as a page of text: what an administrator has to know before approving or applying it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from remediate.cells import Cells
from remediate.planfile.model import Plan, PlannedChange, PlannedHost, PlannedStep
from remediate.reports.text import counted, duration, one_line, plain_value, safe


def lines(
    plan: Plan, digest: str, *, now: datetime, approvals: Iterable[str] = (), verbose: bool = False
) -> Iterator[str]:
    """The whole page. ``approvals``: what there is to say of them. ``verbose`` adds what is skipped and why, and every
    input file."""
    yield from _head(plan, digest, now, approvals)
    yield ""
    yield from _table(plan)
    for host in plan.hosts:
        if host.outcome == "pending" or verbose or host.reason:
            yield ""
            yield from _host(host, verbose=verbose)
    yield ""
    yield from _inputs(plan, verbose=verbose)


def _head(plan: Plan, digest: str, now: datetime, approvals: Iterable[str]) -> Iterator[str]:
    asked = plan.asked
    yield f"plan {digest}"
    yield f"  playbook   {one_line(asked.playbook)}"
    yield f"  inventory  {one_line(', '.join(asked.inventory))}"
    for name, value in (
        ("limit", asked.limit),
        ("tags", ", ".join(asked.tags)),
        ("skip tags", ", ".join(asked.skip_tags)),
        ("start at", asked.start_at_task),
        ("extra vars", ", ".join(f"{key}={plain_value(item)}" for key, item in asked.extra_vars.items())),
    ):
        if value:
            yield f"  {name:<9}  {one_line(value)}"
    yield f"  made       {_time(plan.made)} by {one_line(plan.user)} on {one_line(plan.controller)}"
    over = " (EXPIRED)" if now > plan.valid_until else ""
    yield f"  valid      until {_time(plan.valid_until)}{over}"
    yield from approvals
    if asked.secrets:
        yield f"  secrets    give again with -e: {one_line(', '.join(asked.secrets))}"
    for warning in plan.warnings:
        yield f"  warning    {one_line(warning)}"


def _table(plan: Plan) -> Iterator[str]:
    titles = ("host", "product", "route", "before -> after", "outcome", "window", "takes")
    rows = [titles, *(_row(host) for host in plan.hosts)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(titles))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    count = Counter(host.outcome for host in plan.hosts)
    yield ""
    yield f"{counted(len(plan.hosts), 'host')}: {', '.join(f'{number} {word}' for word, number in count.items())}."


def _row(host: PlannedHost) -> tuple[str, ...]:
    known, takes = Cells.of(host.columns), duration(host.seconds) if host.seconds else "-"
    windows = ", ".join(host.windows) or "-"
    row = (host.host, known.product, known.route, known.build, host.outcome, windows, takes)
    return tuple(one_line(cell) for cell in row)


def _host(host: PlannedHost, *, verbose: bool) -> Iterator[str]:
    yield f"{one_line(host.host)}: {host.outcome}"
    if host.reason:
        yield f"  {safe(host.reason)}"
    if host.remedy:
        yield f"  -> {safe(host.remedy)}"
    for note in host.notes:
        yield f"  note: {one_line(note)}"
    for step in host.steps:
        yield from _step(step, verbose=verbose)


def _step(step: PlannedStep, *, verbose: bool) -> Iterator[str]:
    if step.hidden and step.status == "pending":
        yield f"  {one_line(step.task)}: hidden by no_log"
    for change in step.changes:
        yield f"  {one_line(step.task)}: {_change(change)}"
        yield f"      {_manner(change)}"
    if step.status == "unknown" or (step.status == "skipped" and verbose):
        yield f"  {one_line(step.task)}: {step.status}, {one_line(step.message) or 'no reason was given'}"


def _change(change: PlannedChange) -> str:
    return f"{one_line(change.target)}: {plain_value(change.before)} -> {plain_value(change.after)}"


def _manner(change: PlannedChange) -> str:
    """What it does to the host, how long it takes, whether there is a way back, how sure it is."""
    parts = [
        f"causes a {change.effect}" if change.effect != "none" else "interrupts nothing",
        f"about {duration(change.seconds)}",
        "can be undone" if change.reversible else "CANNOT be undone",
    ]
    if change.certainty != "known":
        parts.append(change.certainty)
    return "; ".join(parts) + (f" ({one_line(change.why)})" if change.why else "")


def _inputs(plan: Plan, *, verbose: bool) -> Iterator[str]:
    count = Counter(file.kind for file in plan.inputs)
    yield f"rests on {', '.join(counted(number, kind + ' file') for kind, number in sorted(count.items()))}"
    for file in plan.inputs:
        if verbose or file.kind == "package":
            yield f"  {file.kind:<9}  {file.sha256}  {file.size:>11,}  {one_line(file.path)}"


def _time(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M} UTC"
