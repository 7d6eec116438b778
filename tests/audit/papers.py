"""What was written down and sent of a change: the runs of the ledger, their reports, what hooks and mail heard."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import Envelope

from tests.commands.driver import remediate

HOOKS = """
[[notify]]
name = "kept"
on = ["before", "after", "failed"]
command = ["/bin/sh", "-c", "{ date -u +%s.%N; cat; echo; } >> told"]
timeout = 300

[[notify]]
name = "mail"
on = ["after", "failed"]
mail = { server = "127.0.0.1", port = PORT, from = "r@example.com", to = ["ops@example.com"] }
timeout = 300
"""
Row = Mapping[str, str]
_PACKAGE = re.compile(r"\(([\w.-]+)\)$")
_CELL = re.compile(r"(?<!\\)\|")
_NUMBER = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class Heard:
    """One message of a hook, and when it came."""

    at: datetime
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Letter:
    subject: str
    lines: tuple[str, ...]

    def of(self, host: str) -> str:
        """The lines of a host: how it ended, and below that how it was left."""
        found = [n for n, line in enumerate(self.lines) if line.split()[:1] == [host]]
        below = [self.lines[n + 1] for n in found if self.lines[n + 1 : n + 2] and self.lines[n + 1].startswith("  ")]
        return " ".join([*(self.lines[n] for n in found), *below])


@dataclass(frozen=True)
class Deed:
    """One change of an installing step, as the ledger has it."""

    host: str
    package: str
    fate: str
    """done, tried, not begun; "" where the end of its step is not known."""
    recalled: bool
    begun: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Papers:
    """All of one project."""

    runs: tuple[Mapping[str, Any], ...]
    """Documents of ``runs show``, oldest first."""
    reports: tuple[Mapping[str, Sequence[Row]], ...]
    """The tables of their Markdown reports, by title."""
    heard: tuple[Heard, ...]
    letters: tuple[Letter, ...]
    whole: bool

    @classmethod
    def of(cls, folder: Path, letters: Sequence[Envelope]) -> Papers:
        if not (folder / ".remediate/ledger.sqlite3").exists():
            return cls((), (), tuple(_heard(folder)), tuple(map(_letter, letters)), whole=True)
        listed = json.loads(_said(folder, "list", "-n", "100", "--format", "json"))
        ids = [row["id"] for row in sorted(listed, key=lambda row: str(row["started"]))]
        return cls(
            runs=tuple(json.loads(_said(folder, "show", one, "--format", "json")) for one in ids),
            reports=tuple(dict(tables(_said(folder, "report", one))) for one in ids),
            heard=tuple(_heard(folder)),
            letters=tuple(map(_letter, letters)),
            whole=remediate("runs", "verify", folder=folder).code == 0,
        )

    def heard_of(self, run: str) -> tuple[Heard, ...]:
        return tuple(one for one in self.heard if one.document["run"] == run)

    def deeds(self) -> Iterator[Deed]:
        """Every installation that was let begin, run by run."""
        for document in self.runs:
            for host in document["hosts"]:
                for step in host["steps"]:
                    if step["module"] in ("hotfix", "service_pack"):
                        yield from _deeds(host["host"], step)


def _said(folder: Path, *words: str) -> str:
    done = remediate("runs", *words, folder=folder)
    assert done.code == 0, done
    return done.out


def _deeds(host: str, step: Mapping[str, Any]) -> Iterator[Deed]:
    times = datetime.fromisoformat(step["begun"]), step["ended"] and datetime.fromisoformat(step["ended"])
    changes = [(change["target"], change["fate"]) for change in step["changes"]]
    for target, fate in changes if step["status"] else [(step["key"], "")] * bool(step["key"]):
        package = _PACKAGE.search(target)
        assert package, target
        yield Deed(host, package[1], fate, step["recalled"], *times)


def _heard(folder: Path) -> Iterator[Heard]:
    """A controller that is killed leaves half a message, or the time of one."""
    lines = (folder / "told").read_text().splitlines() if (folder / "told").exists() else []
    for time, content in itertools.pairwise(lines):
        if _NUMBER.fullmatch(time) and content.startswith("{") and content.endswith("}"):
            yield Heard(datetime.fromtimestamp(float(time), UTC), json.loads(content))


def _letter(envelope: Envelope) -> Letter:
    """A long subject is folded: it begins with a blank then."""
    assert isinstance(envelope.content, bytes)
    letter = message_from_bytes(envelope.content, policy=policy.default)
    return Letter(letter["Subject"].strip(), tuple(letter.get_content().splitlines()))


def tables(markdown: str) -> Iterator[tuple[str, Sequence[Row]]]:
    """By title; cells as a reader sees them."""
    for section in re.split(r"^#+ ", markdown, flags=re.MULTILINE)[1:]:
        title, *lines = section.splitlines()
        rows = [[_plain(cell) for cell in _CELL.split(line)[1:-1]] for line in lines if line.startswith("| ")]
        yield _plain(title), [_row(rows[0], row) for row in rows[1:]]


def _row(titles: Sequence[str], cells: Sequence[str]) -> Row:
    """Of columns with the same title the first one counts."""
    return dict(reversed(list(zip(titles, cells, strict=True))))


def _plain(text: str) -> str:
    return html.unescape(re.sub(r"\\(.)", r"\1", text)).strip()
