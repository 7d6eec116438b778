"""The evidence of a run as sections of plain, safe text: what Markdown and HTML are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from remediate.cells import Cells
from remediate.reports.standing import kept
from remediate.reports.text import counted, duration, one_line, plain_value

DONE = ("compliant", "changed", "not applicable")
"""Outcomes that need no explanation."""


AGREE = 120.0
"""Seconds by which a wall clock may be adjusted without a word."""
MOST = 20
MADE = {"done": "yes", "tried": "tried: see the files below"}
"""What was made, or may have been, of the changes that were to be."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, then a table; ``text`` stands above it, or instead of it where there are no rows."""

    title: str
    titles: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""


def sections(document: Mapping[str, Any]) -> tuple[Section, ...]:
    """Every section of the report, in the order a reader asks: what, who, whether it worked, what exactly was done.

    A run that goes on with another one, or is gone on with, is told of with them.
    """
    told = document["account"] or document
    return (
        Section(f"Run {one_line(document['run']['id'])}", ("", ""), tuple(facts(document))),
        *([_runs(told["runs"], document["run"]["id"])] if document["account"] else []),
        _approvals(document["approvals"]),
        _hosts(told["hosts"]),
        _attention(told["hosts"]),
        _changes(told["hosts"]),
        _files(told["hosts"]),
        _packages(told["packages"]),
        _notes(told["hosts"]),
        _remarks(told["remarks"]),
        _steps(told["hosts"]),
    )


def _runs(runs: Sequence[Mapping[str, Any]], this: str) -> Section:
    """Runs that belong together: each goes on with another one."""
    rows = (
        (
            one_line(run["id"]) + (" (this one)" if run["id"] == this else ""),
            one_line(run["kind"]),
            one_line(run["resumes"]),
            f"{one_line(run['who'])} on {one_line(run['controller'])}",
            moment(run["started"]),
            moment(run["finished"] or ""),
            one_line(run["state"]) + (f", exit code {run['exit_code']}" if run["exit_code"] is not None else ""),
        )
        for run in runs
    )
    titles = ("run", "command", "goes on with", "by", "started", "finished", "status")
    return Section("Runs", titles, tuple(rows), "Told of together: hosts are as the last of them left them.")


def by_run(one: Mapping[str, Any]) -> tuple[str, ...]:
    """A cell for the run where several are told of together."""
    return (one_line(one["run"]),) if "run" in one else ()


def _titles(rows: Sequence[Sequence[str]], *titles: str) -> tuple[str, ...]:
    return (*titles, "run") if rows and len(rows[0]) > len(titles) else titles


def done_before(step: Mapping[str, Any]) -> str:
    """Of a step that was not carried out again: by which run it was, and when, where that is known."""
    if not step["recalled"]:
        return ""
    by = step.get("done_by")
    return f"done before by run {one_line(by['run'])}, {moment(by['at'] or '')}" if by else "done before"


def facts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was asked for, by whom, when, and how it stands."""
    run = document["run"]
    code = f", exit code {run['exit_code']}" if run["exit_code"] is not None else ""
    yield "status", f"{one_line(run['state'])}{code}"
    yield "playbook", one_line(run["playbook"])
    yield "command", one_line(run["kind"])
    for name, value in run["request"].items():
        if value not in (None, "", [], {}):
            yield f"requested: {one_line(str(name))}", plain_value(value)
    yield "by", f"{one_line(run['who'])} on {one_line(run['controller'])}, process {run['pid']}"
    yield "started", moment(run["started"])
    yield "finished", _finished(run)
    yield "plan", one_line(run["plan_hash"]) or "none: planned and carried out in one go"
    if run["resumes"]:
        yield "goes on with", one_line(run["resumes"])
    if document["resumed_by"]:
        yield "gone on with by", ", ".join(map(one_line, document["resumed_by"]))
    for held in document["locks"]:
        yield f"lock on {one_line(held['host'])}", one_line(held["sentence"])
    yield "ledger", one_line(document["ledger"])
    if document["chain"]:
        yield "chain of evidence", chain(document["chain"])


def chain(report: Mapping[str, Any]) -> str:
    """Whether the ledger is as it was written."""
    first = report["first"]
    part = f", from {first} on; `remediate runs verify` proves those before" if first > 1 else ""
    if report["whole"]:
        return f"verified: {counted(report['events'], 'event')}, none changed, missing or added{part}"
    since = f" from {first} on" if first > 1 else ""
    return f"BROKEN: {one_line(report['what'])} ({report['events']} events before it{since} are whole)"


def moment(text: str) -> str:
    """``2026-11-25 23:49:01 UTC``"""
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC" if text else ""


def _finished(run: Mapping[str, Any]) -> str:
    if not run["finished"]:
        return f"no; the last sign of life is of {moment(run['beat_at'])}"
    wall = (datetime.fromisoformat(run["finished"]) - datetime.fromisoformat(run["started"])).total_seconds()
    return f"{moment(run['finished'])} ({_took(wall, run.get('seconds'))})"


def _took(wall: float, real: float | None) -> str:
    """``real``: by a clock that nobody sets, where somebody looked at one."""
    if real is None:
        back = "the clock was set back meanwhile: how long it took is not known"
        return f"after {duration(wall)}" if wall >= 0 else back
    if wall - real > AGREE:
        return f"after {duration(real)}; by the clock {duration(wall)}: it was set forward, or the machine stood still"
    return f"after {duration(real)}" + ("; the clock was set back meanwhile" if real - wall > AGREE else "")


def time_remarks(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where time goes backwards in the ledger: whose clock was it?"""
    for one in found[:MOST]:
        this = f"event {one['event']} (run {one['run'] or '-'}, {moment(one['at'])})"
        that = f"the one before it (run {one['run_before'] or '-'}, {moment(one['before'])})"
        ago = duration(one["seconds"])
        yield f"remark: time goes backwards: {this} is {ago} older than {that}: a clock was wrong, or was set"
    if len(found) > MOST:
        yield f"remark: and in {len(found) - MOST} more places"


def _approvals(approvals: Sequence[Mapping[str, Any]]) -> Section:
    rows = (
        (moment(found["at"]), *(one_line(found[name]) for name in ("name", "user", "controller", "reason")))
        for found in approvals
    )
    return Section("Approvals", ("at", "name", "user", "on", "reason"), tuple(rows), "" if approvals else "None.")


def build(columns: Mapping[str, object]) -> str:
    """The build before and after; one of them where nothing moved."""
    return one_line(Cells.of(columns).build)


def _hosts(hosts: Sequence[Mapping[str, Any]]) -> Section:
    rows = (
        (
            one_line(host["host"]),
            *map(one_line, (Cells.of(host["columns"]).product, Cells.of(host["columns"]).route)),
            build(host["columns"]),
            outcome(host),
        )
        for host in hosts
    )
    return Section("Hosts", ("host", "product", "route", "before -> after", "outcome"), tuple(rows))


def outcome(host: Mapping[str, Any]) -> str:
    """The outcome, or how far the run came with the host."""
    if host["outcome"]:
        return one_line(host["outcome"])
    if any(not step["status"] for step in host["steps"]):
        return "in a step now" if host["under_way"] else "not known: cut off in a step"
    if host["under_way"]:
        return "under way" if host["steps"] else "not begun yet"
    return "not finished" if host["steps"] else "not begun"


def _attention(hosts: Sequence[Mapping[str, Any]]) -> Section:
    rows = tuple(
        (one_line(host["host"]), outcome(host), _why(host), one_line(_remedy(host)))
        for host in hosts
        if host["outcome"] not in DONE or host["reason"] or _alerts(host)
    )
    return Section("Refused, deferred and failed", ("host", "outcome", "why", "what to do"), rows, _none(rows))


def _why(host: Mapping[str, Any]) -> str:
    """The reason, and how the host was left."""
    return "; ".join(filter(None, (one_line(host["reason"]), kept(host))))


def _alerts(host: Mapping[str, Any]) -> bool:
    now = host.get("now") or {}
    return bool(now.get("alerts") or now.get("unread"))


def _remedy(host: Mapping[str, Any]) -> str:
    return str(host["remedy"] or (host.get("now") or {}).get("remedy") or "")


def _none(rows: Sequence[object]) -> str:
    return "" if rows else "None."


def _each(hosts: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return ((host, step) for host in hosts for step in host["steps"])


def _changes(hosts: Sequence[Mapping[str, Any]]) -> Section:
    rows = tuple(
        (
            one_line(host["host"]),
            f"{step['number']} {one_line(step['task'])}",
            *(plain_value(change.get(name)) for name in ("target", "before", "after")),
            one_line(str(change.get("effect") or "none")),
            MADE[change["fate"]] + (" by the run before" if step["recalled"] else ""),
            moment(step["ended"] or ""),
            *by_run(step),
        )
        for host, step in _each(hosts)
        for change in step["changes"]
        if change["fate"] in MADE and not step.get("done_by")  # it stands there where it was done
    )
    titles = _titles(rows, "host", "step", "target", "before", "after", "effect", "made", "at")
    return Section("Changes", titles, rows, _none(rows))


def _files(hosts: Sequence[Mapping[str, Any]]) -> Section:
    names = ("file", "expected_version", "seen_version", "expected_size", "seen_size", "expected_date", "seen_date")
    rows = tuple(
        (
            one_line(host["host"]),
            *(plain_value(file.get(name)) for name in names),
            *(one_line(str(file.get(name) or "")) for name in ("verdict", "note")),
        )
        for host in hosts
        for file in host["files"]
    )
    titles = ("host", "file", "version expected", "seen", "size expected", "seen", "date expected", "seen")
    return Section("Files read back", (*titles, "verdict", "note"), rows, _none(rows))


def _packages(packages: Sequence[Mapping[str, Any]]) -> Section:
    rows = tuple(
        (
            one_line(package["host"]),
            one_line(package["name"]),
            one_line(package["version"]),
            f"{package['size']:,}",
            one_line(package["sha256"]),
            moment(package["at"]),
            *by_run(package),
        )
        for package in packages
    )
    titles = _titles(rows, "host", "package", "version", "bytes", "sha256", "at")
    return Section("Packages", titles, rows, _none(rows))


def _notes(hosts: Sequence[Mapping[str, Any]]) -> Section:
    """What the screen told beside the outcome: cautions, fallbacks, on whose word a package was taken."""
    rows = tuple((one_line(host["host"]), one_line(str(note))) for host in hosts for note in host.get("notes") or ())
    return Section("Worth knowing", ("host", "what"), rows, _none(rows))


def _remarks(remarks: Sequence[Mapping[str, Any]]) -> Section:
    rows = tuple(
        (moment(found["at"]), one_line(found["kind"]), one_line(found["host"]), _details(found["data"]), *by_run(found))
        for found in remarks
    )
    return Section("Overrides, gates and locks", _titles(rows, "at", "what", "host", "details"), rows, _none(rows))


def _details(data: Mapping[str, Any]) -> str:
    """What an event carries; the locks of others as a sentence."""
    held = data.get("from")
    if not isinstance(held, Mapping):
        return plain_value(data) if data else ""
    whose = f"{held.get('who')} on {held.get('controller')}, process {held.get('pid')}"
    rest = {name: value for name, value in data.items() if name not in ("from", "interrupted")}
    return one_line(f"from run {held.get('run')} ({whose}), {plain_value(rest)}")


def unsaid(step: Mapping[str, Any]) -> bool:
    """Whether ``no_log`` hides a step; a secret in what it said is masked there and hides nothing else."""
    return bool(step["redacted"]) and step["message"] == "hidden by no_log"


def _status(step: Mapping[str, Any]) -> str:
    remarks = [text for text in (done_before(step), "ignored" if step["ignored"] else "") if text]
    return " ".join([one_line(step["status"]) or "begun, its end is not known", *(f"({text})" for text in remarks)])


def _steps(hosts: Sequence[Mapping[str, Any]]) -> Section:
    rows = tuple(
        (
            one_line(host["host"]),
            str(step["number"]),
            one_line(step["task"]),
            one_line(step["module"]),
            _status(step),
            duration(step["seconds"]) if step["status"] else "",
            moment(step["begun"]),
            "hidden (no_log)" if unsaid(step) else one_line(step["message"], 300),
            *by_run(step),
        )
        for host, step in _each(hosts)
    )
    titles = _titles(rows, "host", "step", "task", "module", "status", "took", "begun", "message")
    return Section("Steps", titles, rows, _none(rows))
