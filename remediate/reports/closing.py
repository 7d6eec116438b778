"""What a run ends with, as plain data: rows of the closing table, reasons, Ansible's recap lines, one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from remediate.model import HostSummary, Mode, Outcome, RunSummary
from remediate.reports import standing
from remediate.reports.text import counted, duration, one_line, safe

COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
"""The words of Ansible's recap, in its order."""

UNTOUCHED = (Outcome.COMPLIANT, Outcome.NOT_APPLICABLE, Outcome.DEFERRED)
"""Outcomes that leave no doubt: a failed host may have been changed half-way."""


@dataclass(frozen=True, slots=True)
class Table:
    """Column titles and one row of cells per host, all safe text; ``outcomes`` belongs to the rows."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    outcomes: tuple[Outcome, ...]


def _build(host: HostSummary) -> str:
    """The cell ``before -> after``; one build alone where nothing moved."""
    before, after = host.columns.get("before", ""), host.columns.get("after", "")
    if before and after and before != after:
        return f"{before} -> {after}"
    return after or before or host.columns.get("build", "")


def table(summary: RunSummary) -> Table:
    """host | product | route | before -> after | outcome; a column no host has anything for is left out."""
    columns = {
        "host": [one_line(host.host) for host in summary.hosts],
        "product": [one_line(host.columns.get("product", "")) for host in summary.hosts],
        "route": [one_line(host.columns.get("route", "")) for host in summary.hosts],
        "before -> after": [one_line(_build(host)) for host in summary.hosts],
        "outcome": [host.outcome.value for host in summary.hosts],
    }
    kept = {title: cells for title, cells in columns.items() if title in ("host", "outcome") or any(cells)}
    rows = tuple(zip(*kept.values(), strict=True))
    return Table(tuple(kept), rows, tuple(host.outcome for host in summary.hosts))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a host is not fine, how it is left, and what a person can do about it."""

    host: str
    outcome: Outcome
    reason: str
    remedy: str
    now: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What happened in one line, how the host is left, then the rest of what happened."""
        first, *rest = self.reason.splitlines() or [""]
        return tuple(line for line in (first, *self.now.splitlines(), *rest) if line)


def reasons(summary: RunSummary) -> tuple[Reason, ...]:
    """One entry for each host that needs a person, or whose outcome needs a word (not applicable)."""
    return tuple(_reason(host) for host in summary.hosts if _needs_a_word(host))


def _needs_a_word(host: HostSummary) -> bool:
    said = host.outcome in (Outcome.NOT_APPLICABLE, Outcome.DEFERRED) and host.reason
    return bool(host.outcome.bad or said or (host.now and host.now.urgent))


def _reason(host: HostSummary) -> Reason:
    """A host that ended well and is not as it was before has that for a reason."""
    now = standing.shown(host)
    reason = safe(host.reason) or ("no reason was given" if host.outcome.bad else "")
    remedy = safe(host.remedy or (host.now.remedy if host.now else ""))
    if not reason:
        reason, now = now, ""
    return Reason(one_line(host.host), host.outcome, reason, remedy, now)


def recap(summary: RunSummary) -> tuple[str, ...]:
    """``host : ok=2 changed=0 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0`` per host, in columns."""
    hosts = [one_line(host.host) for host in summary.hosts]
    widest = max(map(len, hosts), default=0)
    digits = {name: max(len(str(host.counts.get(name, 0))) for host in summary.hosts) for name in COUNTS if hosts}
    lines = []
    for shown, host in zip(hosts, summary.hosts, strict=True):
        counts = " ".join(f"{name}={host.counts.get(name, 0):<{digits[name]}}" for name in COUNTS)
        lines.append(f"{shown:<{widest}} : {counts}".rstrip())
    return tuple(lines)


def sentence(summary: RunSummary) -> str:
    """The last line: how many hosts ended how, and how long it took."""
    if not summary.hosts:
        return f"No host was worked on ({duration(summary.seconds)})."
    parts = []
    for outcome in Outcome:
        number = sum(host.outcome is outcome for host in summary.hosts)
        if number:
            parts.append(f"{number} {outcome.value}")
    head = "Interrupted: " if summary.interrupted else ""
    text = f"{head}{counted(len(summary.hosts), 'host')}: {', '.join(parts)} ({duration(summary.seconds)})."
    if summary.mode is Mode.CHECK:
        return f"{text} Nothing was changed: this was a dry run."
    untouched = all(host.outcome in UNTOUCHED and not host.counts.get("changed") for host in summary.hosts)
    return f"{text} Nothing changed." if untouched else text
