"""``remediate ping``: can the hosts be reached, logged in to and worked with? The first thing to run."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.errors import Interrupted, UserError
from remediate.reports.plain import INDENT, aligned
from remediate.reports.text import counted, duration, one_line

if TYPE_CHECKING:
    import argparse

    from remediate.commands.pinging import Answer
    from remediate.model import Endpoint
    from remediate.project.outside import Outside
    from remediate.reports.redact import Redactor

PLAYBOOK = "playbooks/facts.yml"
"""Variables beside the playbooks count, as they do in a run."""

ROUNDING = 0.05
"""Seconds: clocks of hosts tick ten or more milliseconds at a time."""
TITLES = ("host", "outcome", "road", "log-in", "Windows", "script host", "account", "clock")


def parser() -> Parser:
    page = Parser(
        "ping",
        "See whether hosts can be worked with: connect, log in, run the smallest script. Changes nothing.\n"
        "Shows the road taken, the log-in, the script host, the account and how far the clocks are apart;\n"
        "for every host that cannot be had, the next thing to try.",
        examples=[
            "remediate ping                            every host of the inventory",
            "remediate ping 'berlin:!ex3' -v           some, with the notes of each connection",
            "remediate ping ex1 -u 'DOM\\admin' -k      with a password that is asked for",
            "remediate ping --format json",
        ],
        exits=(0, 1, 4, 130),
    )
    page.add_argument("pattern", nargs="?", default="all", metavar="PATTERN", help="hosts or groups (default: all)")
    common.hosts(page)
    common.variables(page)
    common.connection(page)
    common.output(page, diff=False)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.change import stopping
    from remediate.change.walking import descriptor

    endpoints, guard, forks = _prepare(options, outside)
    stop, abort = threading.Event(), threading.Event()
    counter = Counter(outside, len(endpoints), verbose=options.verbose > 0)
    with stopping.interruptible(stop, abort, say=stopping.say_on(descriptor(outside))):
        begun = time.monotonic()
        answers = [guard.value(answer) for answer in ask(endpoints, forks, stop, abort, counter.count)]
        seconds = time.monotonic() - begun
    counter.close()
    if options.format == "json":
        outside.print(json.dumps([document(answer) for answer in answers], indent=2))
    else:
        for line in page(answers, seconds, full=options.verbose > 0):
            outside.print(line)
    if stop.is_set():
        return 130
    return 4 if any(answer.bad for answer in answers) else 0


def _prepare(options: argparse.Namespace, outside: Outside) -> tuple[list[Endpoint], Redactor, int]:
    """Where to go, checked before any host is contacted; what must not be shown; how many at once."""
    from remediate.change import walking
    from remediate.commands import roads
    from remediate.engine import learning
    from remediate.project import extravars
    from remediate.project.project import Project
    from remediate.reports.redact import Redactor

    project = Project.around(outside.folder, outside.files)
    folder = project.content.playbook(PLAYBOOK).parent
    found = project.inventory(options.inventory, start_lab=True, say=outside.complain).with_playbook_vars(folder)
    inventory = walking.with_login(found, walking.login(common.login(options), outside))
    extra = extravars.read(options.extra_vars, outside.folder)
    hosts = inventory.select(options.pattern, limit=options.limit)
    if not hosts:
        raise UserError(f"no host matches {options.pattern!r}", hint="`remediate inventory list` shows what there is")
    learning.from_inventory(inventory, extra, outside.secrets, folder)
    where = [roads.endpoint_of(host, inventory, extra, folder, outside.secrets) for host in hosts]
    return where, Redactor(outside.secrets), common.forks(options) or project.settings.forks


def ask(
    endpoints: Sequence[Endpoint],
    forks: int,
    stop: threading.Event,
    abort: threading.Event,
    heard: Callable[[Answer], None],
) -> list[Answer]:
    """Every host at once, ``forks`` at a time; the answers in the order of ``endpoints``, without those not asked."""
    from remediate.commands.pinging import Clocks, ping
    from remediate.connections.sessions import Sessions

    clocks = Clocks(wall=time.time, monotonic=time.monotonic)
    answers: dict[int, Answer] = {}
    with Sessions(stop=abort) as sessions, ThreadPoolExecutor(max_workers=min(forks, len(endpoints))) as pool:

        def one(endpoint: Endpoint) -> Answer | None:
            return None if stop.is_set() else ping(endpoint, sessions.open, clocks)

        futures = {pool.submit(one, endpoint): number for number, endpoint in enumerate(endpoints)}
        for future in as_completed(futures):
            with contextlib.suppress(Interrupted):
                answer = future.result()
                if answer is not None:
                    answers[futures[future]] = answer
                    heard(answer)
    return [answers[number] for number in sorted(answers)]


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
