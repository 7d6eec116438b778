"""What ``remediate ping`` prints: a line per host, what is wrong and what to try, or one JSON document."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.reports.plain import INDENT, aligned
from remediate.reports.text import counted, duration, one_line

if TYPE_CHECKING:
    from remediate.commands.pinging import Answer
    from remediate.project.outside import Outside

ROUNDING = 0.05
"""Seconds: clocks of hosts tick ten or more milliseconds at a time."""
TITLES = ("host", "outcome", "road", "log-in", "Windows", "script host", "account", "clock")


class Counter:
    """How far it is, on standard error: a counting line at a terminal, with ``verbose`` a line per host."""

    def __init__(self, outside: Outside, total: int, *, verbose: bool) -> None:
        self._outside = outside
        self._total = total
        self._verbose = verbose
        self._live = outside.stderr.isatty() and not verbose
        self._done = self._bad = 0

    def count(self, answer: Answer) -> None:
        """One more host has answered, or has not."""
        self._done += 1
        self._bad += answer.bad
        if self._verbose:
            self._outside.complain(f"{answer.status:<14} {one_line(answer.host)}  {duration(answer.seconds)}")
        elif self._live:
            bad = f", {self._bad} of them not to be had" if self._bad else ""
            self._say(f"\r{self._done} of {counted(self._total, 'host')}{bad}")

    def close(self) -> None:
        """Leaves the terminal's line as it was."""
        if self._live:
            self._say("\r\x1b[K")

    def _say(self, text: str) -> None:
        self._outside.stderr.write(text)
        self._outside.stderr.flush()


def page(answers: Sequence[Answer], seconds: float, *, full: bool) -> list[str]:
    """The table, then for each host that needs one a word of why, warnings (notes with ``full``), and one sentence."""
    lines = aligned([TITLES, *(_row(answer) for answer in answers)]) if answers else []
    for answer in answers:
        if answer.bad:
            lines += ["", f"{one_line(answer.host)}: {answer.status}: {one_line(answer.message)}"]
            lines += [f"{INDENT}remedy: {one_line(answer.remedy)}"] if answer.remedy else []
        lines += [f"warning: {one_line(answer.host)}: {one_line(text)}" for text in answer.warnings]
        lines += [f"note: {one_line(answer.host)}: {one_line(text)}" for text in answer.notes] if full else []
    counts = {status: sum(a.status == status for a in answers) for status in ("answers", "unreachable", "failed")}
    parts = [_counted(status, number) for status, number in counts.items() if number]
    return [*lines, "", f"{counted(len(answers), 'host')}: {', '.join(parts) or 'none asked'} ({duration(seconds)})."]


def _counted(status: str, number: int) -> str:
    word = "answer" if status == "answers" and number != 1 else status
    return f"{number} {word}"


def _row(answer: Answer) -> tuple[str, ...]:
    script_host = f"{answer.script_host} (JScript {answer.engine})" if answer.engine else answer.script_host
    road = answer.road or answer.connection
    cells = (
        answer.host,
        answer.status,
        f"{road} {answer.address}",
        re.sub(r" SHA256:\S+", "", answer.login),
        answer.windows,
        script_host,
        answer.account,
        clock(answer),
    )
    return tuple(one_line(cell, 60) for cell in cells)


def clock(answer: Answer) -> str:
    """``+0.2 s``: how far the host's clock is ahead; ``0 s`` where the difference is within what can be told."""
    if answer.skew is None:
        return ""
    if abs(answer.skew) <= answer.doubt + ROUNDING:
        return "0 s"
    if abs(answer.skew) < 10:
        return f"{answer.skew:+.1f} s"
    return f"{'+' if answer.skew > 0 else '-'}{duration(abs(answer.skew))}"


def document(answer: Answer) -> Mapping[str, object]:
    """One host of ``--format json``. ``clock_skew_seconds`` is null when it could not be asked."""
    skew = None if answer.skew is None else round(answer.skew, 1)
    return {
        "host": answer.host,
        "outcome": answer.status,
        "connection": answer.connection,
        "address": answer.address,
        "road": answer.road,
        "login": answer.login,
        "server": answer.server,
        "windows": answer.windows,
        "script_host": answer.script_host,
        "engine": answer.engine,
        "computer": answer.computer,
        "account": answer.account,
        "clock_skew_seconds": skew,
        "clock_doubt_seconds": round(answer.doubt, 1),
        "seconds": round(answer.seconds, 2),
        "message": answer.message,
        "kind": answer.kind,
        "remedy": answer.remedy,
        "warnings": list(answer.warnings),
        "notes": list(answer.notes),
    }
