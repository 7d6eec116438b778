"""What hooks are told: the JSON document, the line a chat or a subject shows, the text of a mail."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from remediate.notify.model import HostLine, Occasion
from remediate.notify.trouble import line

SUBJECT = 150


def document(occasion: Occasion) -> bytes:
    """What webhooks and commands get: ASCII, keys in order, no blanks. ``text`` is the line chat programs show."""
    hosts = [_host(host) for host in occasion.hosts]
    told = {"hosts": hosts, "counts": dict(occasion.counts()), "text": subject(occasion)}
    content = {**dataclasses.asdict(occasion), **told}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


def _host(host: HostLine) -> dict[str, Any]:
    """How it was left is said only where somebody looked again."""
    told = dataclasses.asdict(host)
    return {key: value for key, value in told.items() if key not in ("now", "standing") or value}


def subject(occasion: Occasion) -> str:
    """``remediate: 7 changed, 1 failed: kb870585.yml (RUN)``"""
    name = occasion.playbook.replace("\\", "/").rpartition("/")[2]
    return line(f"remediate: {_headline(occasion)}: {name} ({occasion.run})", SUBJECT)


def _headline(occasion: Occasion) -> str:
    number = len(occasion.hosts)
    hosts = "1 host" if number == 1 else f"{number} hosts"
    if occasion.test:
        return "this is a test"
    if occasion.kind == "before":
        return f"begins on {hosts}"
    counts = ", ".join(f"{number} {outcome}" for outcome, number in occasion.counts().items())
    words = "interrupted" if occasion.exit_code == 130 else "FAILED" if occasion.kind == "failed" else ""
    return ": ".join(filter(None, (words, counts))) or "no host was worked on"


def text(occasion: Occasion) -> str:
    """The body of a mail."""
    rows = [
        ("playbook", occasion.playbook),
        ("run", occasion.run),
        ("by", f"{occasion.who} on {occasion.controller}"),
        ("plan", occasion.plan),
        ("window", occasion.window),
        ("exit code", "" if occasion.exit_code is None else str(occasion.exit_code)),
        ("report", occasion.report),
    ]
    head = [f"{name:<10} {line(value)}" for name, value in rows if value]
    note = ["This is a test: no host was touched.", ""] if occasion.test else []
    return "\n".join([*note, *head, "", *_table(occasion), ""])


def _table(occasion: Occasion) -> list[str]:
    """A line for each host; below it how it was left, where that needs a word."""
    names = max((len(line(host.host)) for host in occasion.hosts), default=0)
    outcomes = max((len(line(host.outcome)) for host in occasion.hosts), default=0)
    return [row for host in occasion.hosts for row in _rows(host, names, outcomes)]


def _rows(host: HostLine, names: int, outcomes: int) -> list[str]:
    first = f"{line(host.host):<{names}}  {line(host.outcome):<{outcomes}}  {line(host.reason)}".rstrip()
    return [first, f"{'':<{names}}  {line(host.now)}"] if host.now else [first]
