"""``remediate ping``: can the hosts be reached, logged in to and worked with? The first thing to run."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.errors import Interrupted, UserError

if TYPE_CHECKING:
    import argparse

    from remediate.commands.pinging import Answer
    from remediate.model import Endpoint
    from remediate.project.outside import Outside
    from remediate.reports.redact import Redactor

PLAYBOOK = "playbooks/facts.yml"
"""Variables beside the playbooks count, as they do in a run."""


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
    from remediate.change.running import descriptor
    from remediate.commands import pingpage

    endpoints, guard, forks = _prepare(options, outside)
    stop, abort = threading.Event(), threading.Event()
    counter = pingpage.Counter(outside, len(endpoints), verbose=options.verbose > 0)
    with stopping.interruptible(stop, abort, say=stopping.say_on(descriptor(outside))):
        begun = time.monotonic()
        answers = [guard.value(answer) for answer in ask(endpoints, forks, stop, abort, counter.count)]
        seconds = time.monotonic() - begun
    counter.close()
    if options.format == "json":
        outside.print(json.dumps([pingpage.document(answer) for answer in answers], indent=2))
    else:
        for line in pingpage.page(answers, seconds, full=options.verbose > 0):
            outside.print(line)
    if stop.is_set():
        return 130
    return 4 if any(answer.bad for answer in answers) else 0


def _prepare(options: argparse.Namespace, outside: Outside) -> tuple[list[Endpoint], Redactor, int]:
    """Where to go, checked before any host is contacted; what must not be shown; how many at once."""
    from remediate.change import running
    from remediate.commands import roads
    from remediate.engine import learning
    from remediate.project import extravars
    from remediate.project.project import Project
    from remediate.reports.redact import Redactor

    project = Project.around(outside.folder, outside.files)
    folder = project.content.playbook(PLAYBOOK).parent
    found = project.inventory(options.inventory, start_lab=True, say=outside.complain).with_playbook_vars(folder)
    inventory = running.with_login(found, running.login(common.login(options), outside))
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
