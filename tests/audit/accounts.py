"""Ledger, reports, hooks and mail, held against the hosts' own books: every sentence here is one that is false."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.audit.papers import Deed, Heard, Papers, Row
from tests.audit.statements import DONE, Told
from tests.audit.truth import Truth

BAD = ("failed", "blocked", "unreachable")
SLACK = timedelta(seconds=2)
MADE = {"yes": "done", "tried: see the files below": "tried"}


@dataclass(frozen=True)
class Books:
    """Of one host: how it was, how it is, and what is written of it."""

    host: str
    then: Truth
    now: Truth
    deeds: tuple[Deed, ...]


def findings(papers: Papers, told: Told, before: Mapping[str, Truth], after: Mapping[str, Truth]) -> Iterator[str]:
    """``before``: the hosts before anything was done with them at all."""
    if not papers.whole:
        yield "the chain of the ledger is broken"
    deeds = tuple(papers.deeds())
    for host, now in after.items():
        books = Books(host, before[host], now, tuple(deed for deed in deeds if deed.host == host))
        for said in _installers(books):
            yield f"{host}: {said}"
    for document, report in zip(papers.runs, papers.reports, strict=True):
        yield from _report_is_the_ledgers(document, report)
    if told.change is None:
        if papers.runs or papers.heard:
            yield f"no change was begun, and the ledger has {papers.runs}, hooks heard {papers.heard}"
        return
    yield from _of_the_change(papers, told, before, after)


def _installers(books: Books) -> Iterator[str]:
    """Started as often as it is written, at the time it is written; what is done by its own word has ended."""
    started = [run for run in books.now.installers if not run["removes"]]
    for package in {run["package"] for run in started} | {deed.package for deed in books.deeds}:
        runs = [run for run in started if run["package"] == package]
        deeds = [deed for deed in books.deeds if deed.package == package and not deed.recalled]
        let = [deed for deed in deeds if deed.fate != "not begun"]
        if len(runs) > len(let):
            yield f"{package} was started {len(runs)} times, the ledger has {len(let)}"
        done = [deed for deed in deeds if deed.fate == "done"]
        ended = [run for run in runs if run["ended"] and run["phase"] != "killed"]
        if len(done) > len(ended):
            yield f"{package} was installed {len(done)} times by the ledger, {len(ended)} of its installers ended"
        yield from (f"{package} was started at {run['started']}, and no step was at it then"
                    for run in runs if not any(_within(run, deed) for deed in let))  # fmt: skip


def _within(run: Mapping[str, Any], deed: Deed) -> bool:
    at = datetime.fromisoformat(run["started"])
    return deed.begun - SLACK <= at and (deed.ended is None or at <= deed.ended + SLACK)


def _report_is_the_ledgers(document: Mapping[str, Any], report: Mapping[str, Any]) -> Iterator[str]:
    """What a report lists as made is what the ledger has as made, no more and no less."""
    told = document["account"] or document
    wanted = sorted(
        (host["host"], change["target"], change["fate"], step["recalled"])
        for host in told["hosts"]
        for step in host["steps"]
        for change in step["changes"]
        if change["fate"] in MADE.values() and not step.get("done_by")
    )
    listed = sorted(map(_listed, report["Changes"]))
    if listed != wanted:
        yield f"report of {document['run']['id']}: changes {listed}, the ledger has {wanted}"
    shown = {row["host"]: row["outcome"] for row in report["Hosts"]}
    if ended := {host["host"]: host["outcome"] for host in told["hosts"] if host["outcome"]}:
        yield from (f"report of {document['run']['id']}: {host} {shown.get(host)}, the ledger has {outcome}"
                    for host, outcome in ended.items() if shown.get(host) != outcome)  # fmt: skip


def _listed(row: Row) -> tuple[str, str, str, bool]:
    made, before, _ = row["made"].partition(" by the run before")
    return row["host"], row["target"], MADE[made], bool(before)


def _of_the_change(
    papers: Papers, told: Told, before: Mapping[str, Truth], after: Mapping[str, Truth]
) -> Iterator[str]:
    """The newest run is the one that was told of last; hooks and mail tell of it too."""
    assert told.change is not None
    code, hosts = told.change
    document, report = papers.runs[-1], papers.reports[-1]
    run = document["run"]
    if (run["state"], run["exit_code"]) != ("finished", code):
        yield f"the ledger has the run as {run['state']}, {run['exit_code']}; it ended with {code}"
    if document["locks"]:
        yield f"locked still: {document['locks']}"
    kept = {host["host"]: host for host in document["hosts"]}
    if set(kept) != set(hosts):
        yield f"the ledger has the hosts {sorted(kept)}, told was of {sorted(hosts)}"
    yield from _approvals(told, report)
    for host in sorted(set(kept) & set(hosts)):
        for said in (*_same(kept[host], hosts[host]), *_in_the_report(report, hosts[host], before[host], after[host]),
                     *_read_back(kept[host], after[host])):  # fmt: skip
            yield f"{host}: {said}"
    yield from _hooks(papers, run, told, before, after)


def _approvals(told: Told, report: Mapping[str, Any]) -> Iterator[str]:
    names = sorted(row["name"] for row in report["Approvals"])
    if names != sorted(told.approvals):
        yield f"the report has approvals of {names}, given were those of {sorted(told.approvals)}"


def _same(kept: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[str]:
    for name in ("outcome", "columns"):
        if kept[name] != said[name]:
            yield f"{name} is {kept[name]!r} in the ledger, {said[name]!r} was told"
    lines = (kept["now"] or {}).get("line", ""), (said["now"] or {}).get("line", "")
    if lines[0] != lines[1]:
        yield f"the ledger says it was left {lines[0]!r}, told was {lines[1]!r}"


def _in_the_report(report: Mapping[str, Any], said: Mapping[str, Any], then: Truth, now: Truth) -> Iterator[str]:
    row = next(row for row in report["Hosts"] if row["host"] == said["host"])
    if said["columns"].get("after") == now.build and now.build not in row["before -> after"]:
        yield f"the report has {row['before -> after']!r}, store.exe is {now.build}"
    told = " ".join(row["why"] for row in report["Refused, deferred and failed"] if row["host"] == said["host"])
    yield from _silent_on("the report", told, said, then, now)


def _silent_on(who: str, text: str, said: Mapping[str, Any], then: Truth, now: Truth) -> Iterator[str]:
    """A host that did not end well: what is down now is named."""
    if said["outcome"] in DONE or (said["now"] or {}).get("unread"):
        return
    if missing := sorted(name for name in now.down_since(then) if name not in text):
        yield f"{missing} are down, and {who} says only {text!r}"


def _read_back(kept: Mapping[str, Any], now: Truth) -> Iterator[str]:
    """The files that were read back last, where nothing was installed since."""
    if kept["outcome"] not in DONE or not kept["files"]:
        return
    last = kept["files"][-1]["step"]
    for file in kept["files"]:
        if file["step"] == last and file["seen_version"] != now.files.get(file["file"].lower()):
            yield f"read back is {file['file']} {file['seen_version']}, it is {now.files.get(file['file'].lower())}"


def _hooks(
    papers: Papers, run: Mapping[str, Any], told: Told, before: Mapping[str, Truth], after: Mapping[str, Truth]
) -> Iterator[str]:
    assert told.change is not None
    code, hosts = told.change
    heard = papers.heard_of(run["id"])
    bad = any(host["outcome"] in BAD for host in hosts.values())
    wanted = ["before", "after", *(["failed"] if bad else [])]
    if (kinds := [one.document["kind"] for one in heard]) != wanted:
        yield f"hooks heard {kinds} of a run that ended with {code}: {sorted({h['outcome'] for h in hosts.values()})}"
        return
    yield from _times(papers, heard, after)
    sent = [one for one in papers.heard if one.document["kind"] != "before"]
    subjects, texts = [letter.subject for letter in papers.letters], [one.document["text"] for one in sent]
    if subjects != texts:
        yield f"the letters are {subjects}, hooks heard {texts}"
        return
    for one, letter in list(zip(sent, papers.letters, strict=True))[1 - len(wanted) :]:
        lines = {line["host"]: line for line in one.document["hosts"]}
        if (one.document["exit_code"], set(lines)) != (code, set(hosts)):
            yield f"hooks heard {one.document['exit_code']} and {sorted(lines)}"
            continue
        for host, said in hosts.items():
            if lines[host]["outcome"] != said["outcome"]:
                yield f"{host}: hooks heard {lines[host]['outcome']}, told was {said['outcome']}"
            if f"{host} " not in letter.of(host) or said["outcome"] not in letter.of(host):
                yield f"{host}: {said['outcome']}, the letter has {letter.of(host)!r}"
            yield from (f"{host}: {text}" for who, text_of in (
                ("the hook", lines[host].get("now", "") + lines[host]["reason"]), ("the letter", letter.of(host)))
                for text in _silent_on(who, text_of, said, before[host], after[host]))  # fmt: skip


def _times(papers: Papers, heard: tuple[Heard, ...], after: Mapping[str, Truth]) -> Iterator[str]:
    """Nothing is started before somebody has heard that it begins, or when all have heard that it has ended."""
    first = min(one.at for one in papers.heard if one.document["kind"] == "before")
    for host, now in after.items():
        for run in now.installers:
            at = datetime.fromisoformat(run["started"])
            if not first <= at <= heard[1].at:
                yield f"{host}: {run['package']} was started at {at}, heard was of {first} to {heard[1].at}"
