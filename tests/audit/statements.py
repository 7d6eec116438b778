"""What was said of each host, held against how it is: every sentence here is one that is false, or that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.audit.truth import Truth

DONE = ("compliant", "changed")
UNTOUCHED = ("compliant", "not applicable", "blocked")


@dataclass(frozen=True)
class Told:
    """What a run said: its exit code, its document, and the lines of its screen."""

    code: int
    hosts: Mapping[str, Any]
    screen: tuple[str, ...]
    begun: Mapping[str, Truth] | None = None
    """How the hosts were when it began, where something was done with them before."""
    heard: frozenset[str] = frozenset()
    """Hosts of which somebody had heard before it began that an installer failed: it may be tried again."""
    change: tuple[int, Mapping[str, Any]] | None = None
    """Exit code and hosts of the command that changed them last; None where none did."""
    approvals: tuple[str, ...] = ()
    """Who approved what was carried out last."""
    seen: tuple[str, ...] = ()
    """What was false or missing on the way."""


def findings(told: Told, before: Mapping[str, Truth], after: Mapping[str, Truth], late: set[str]) -> Iterator[str]:
    """``late``: hosts with a service that may have come up since the run had ended."""
    yield from told.seen
    yield from _of_the_run(told, before)
    for host, then in before.items():
        if host in told.hosts:
            begun = (told.begun or before)[host]
            starts = 2 if host in told.heard else 1
            said_of_it = (*_installers(told.hosts[host]["outcome"], begun, after[host], starts),
                          *_of_a_host(told, host, then, after[host], late=host in late))  # fmt: skip
            for said in said_of_it:
                yield f"{host}: {said} ({told.hosts[host]['outcome']}: {told.hosts[host]['reason'][:300]})"


def _of_the_run(told: Told, before: Mapping[str, Truth]) -> Iterator[str]:
    missing = sorted(set(before) - set(told.hosts))
    if missing:
        yield f"nothing is said of {missing}"
    fine = all(host["outcome"] in (*DONE, "not applicable") for host in told.hosts.values())
    if fine is not (told.code == 0):
        yield f"exit code {told.code} with {sorted({host['outcome'] for host in told.hosts.values()})}"


def _of_a_host(told: Told, host: str, then: Truth, now: Truth, *, late: bool) -> Iterator[str]:
    document = told.hosts[host]
    outcome = document["outcome"]
    if outcome in DONE:
        yield from _done(then, now)
    yield from _builds(document, now)
    yield from _left(told, host, then, now, late=late)
    line = next((line for line in told.screen if line.split()[:1] == [host] and line.rstrip().endswith(outcome)), "")
    if not line:
        yield "its line in the closing table has another outcome, or is not there"
    elif now.build and document["columns"].get("after") == now.build and now.build not in line:
        yield f"its line in the closing table lacks {now.build}"
    if now.refusals:
        yield f"the lab was asked for what it does not know: {now.refusals}"


def _installers(outcome: str, then: Truth, now: Truth, starts: int) -> Iterator[str]:
    started = [run["package"] for run in now.installers if not run["removes"]]
    again = sorted({package for package in started if started.count(package) > starts})
    if again:
        yield f"started once more: {again}"
    if outcome in UNTOUCHED and len(now.installers) > len(then.installers):
        yield f"{outcome}, and installers were started: {started}"


def _done(then: Truth, now: Truth) -> Iterator[str]:
    if not now.fixed:
        yield f"done, and the files are {now.files.get('store.exe')} with {now.files.get('mdbmsg.dll')}"
    for what, names in (
        ("down", now.down_since(then)),
        ("of another start type", now.retyped_since(then)),
        ("dismounted", now.dismounted_since(then)),
    ):
        if names:
            yield f"done, and {what}: {sorted(names)}"
    if now.at_work:
        yield "done, and an installer still runs"


def _builds(document: Mapping[str, Any], now: Truth) -> Iterator[str]:
    columns = document["columns"]
    shown = columns.get("after") or columns.get("before") or ""
    if shown not in ("", "unknown", now.build) and not now.at_work:
        yield f"the table says {shown}, store.exe is {now.build}"


def _left(told: Told, host: str, then: Truth, now: Truth, *, late: bool) -> Iterator[str]:
    """A host that does not end well says what is down now; one that does is not said to be down."""
    standing = told.hosts[host]["now"] or {}
    line, data = standing.get("line", ""), standing.get("data", {})
    if standing.get("unread"):
        return
    down = now.down_since(then)
    stores = set[str]() if "MSExchangeIS" in down else now.dismounted_since(then)
    for name in sorted((down | stores) if told.hosts[host]["outcome"] not in DONE else ()):
        if name not in line:
            yield f"{name} is down, and the host's line says only {line!r}"
    if down and not any("DOWN NOW" in shown for shown in told.screen if any(name in shown for name in down)):
        yield f"{sorted(down)} are down, and the screen does not say so"
    false = [name for name in data.get("services_down", ()) if name not in down]
    if false and not (late or now.at_work):
        yield f"said to be down, and running: {false}"
    if now.at_work and "installer still runs" not in line:
        yield f"an installer still runs, and the host's line says only {line!r}"
    if now.restart_due and not then.restart_due and "restart" not in line + told.hosts[host]["reason"]:
        yield f"a restart is due, and the host's line says only {line!r}"
