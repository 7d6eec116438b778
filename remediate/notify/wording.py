"""What hooks are told: the JSON document, the line a chat or a subject shows, the text of a mail."""

from __future__ import annotations

import dataclasses
import json

from remediate.notify.model import Occasion
from remediate.notify.trouble import line

SUBJECT = 150


def document(occasion: Occasion) -> bytes:
    """What webhooks and commands get: ASCII, keys in order, no blanks. ``text`` is the line chat programs show."""
    content = {**dataclasses.asdict(occasion), "counts": dict(occasion.counts()), "text": subject(occasion)}
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")


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
    rows = [(line(host.host), line(host.outcome), line(host.reason)) for host in occasion.hosts]
    names = max((len(name) for name, _, _ in rows), default=0)
    outcomes = max((len(outcome) for _, outcome, _ in rows), default=0)
    return [f"{name:<{names}}  {outcome:<{outcomes}}  {reason}".rstrip() for name, outcome, reason in rows]
