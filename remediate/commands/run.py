"""``remediate run``: carry out a playbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.model import Mode, Outcome

if TYPE_CHECKING:
    import argparse

    from remediate.change.asked import Asked
    from remediate.engine.run import RunRequest
    from remediate.project.outside import Outside

QUESTION = "Apply these changes?"


def parser() -> Parser:
    page = Parser(
        "run",
        "Carry out a playbook: detect, choose, verify prerequisites, apply, survive the restarts, verify again.\n"
        "Running it again changes nothing where nothing is left to do.",
        examples=[
            "remediate run playbooks/kb870585.yml                     on every host of the inventory",
            "remediate run playbooks/kb870585.yml -l 'berlin:!ex3'    on some",
            "remediate run playbooks/kb870585.yml --check --diff      a dry run, every attribute shown",
            "remediate run playbooks/kb870585.yml --confirm           show the plan, ask, apply",
            "remediate run playbooks/kb870585.yml -e route=service_pack",
        ],
    )
    playbook_options(page)
    page.add_argument(
        "--check", action="store_true", help="change nothing: show what would be done (exit code 2 if anything)"
    )
    page.add_argument("--confirm", action="store_true", help="show what would be done, ask, then do it")
    common.gates(page)
    lists = page.add_argument_group("instead of running")
    lists.add_argument("--list-hosts", action="store_true", help="show the hosts the playbook is for")
    lists.add_argument("--list-tasks", action="store_true", help="show its tasks")
    lists.add_argument("--list-tags", action="store_true", help="show its tags")
    lists.add_argument("--syntax-check", action="store_true", help="only read it; `remediate lint` finds more")
    return page


def playbook_options(page: Parser) -> None:
    """What run, plan and verify have in common."""
    page.add_argument("playbook", metavar="PLAYBOOK", help="a file, or the name of a shipped playbook")
    common.hosts(page)
    common.variables(page)
    common.retry(page)
    common.tags(page)
    page.add_argument("--start-at-task", default="", metavar="NAME", help="begin at the task of this name")
    common.connection(page)
    common.output(page)


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.change import approving, walking
    from remediate.change.work import hosts_of

    asked = common.asked(options, outside)
    lists = options.list_hosts or options.list_tasks or options.list_tags or options.syntax_check
    mode = Mode.CHECK if options.check else Mode.APPLY
    request = walking.prepare(asked, outside, mode=mode, start_lab=not lists, look=not lists)
    if lists:
        return _show(request, options, outside)
    if options.check:
        return walking.execute(request, asked.wishes, outside).exit_code
    approving.refuse_without_plan(request, hosts_of(request), outside)
    if options.confirm:
        return _confirm_and_run(request, asked, outside)
    return change_hosts(request, asked, outside)


def _confirm_and_run(request: RunRequest, asked: Asked, outside: Outside) -> int:
    from remediate.change import walking

    plan = walking.execute(walking.again(request, Mode.CHECK), asked.wishes, outside)
    if plan.interrupted or not any(host.outcome is Outcome.PENDING for host in plan.hosts):
        return plan.exit_code
    if not walking.confirmed(outside, QUESTION):
        outside.complain("nothing was changed")
        return plan.exit_code
    return change_hosts(request, asked, outside)


def change_hosts(request: RunRequest, asked: Asked, outside: Outside) -> int:
    """Carry the request out under the gates."""
    from remediate.change import of_playbook
    from remediate.change.carry import carry_out
    from remediate.project.ledgers import open_for

    with open_for(outside) as ledger:
        return carry_out(of_playbook.work_of(request, asked, outside), ledger, asked, outside)


def _show(request: RunRequest, options: argparse.Namespace, outside: Outside) -> int:
    """``--list-hosts``, ``--list-tasks``, ``--list-tags``, ``--syntax-check``."""
    from remediate.change import walking
    from remediate.commands import listing
    from remediate.engine.run import read

    book = read(request)
    outside.print(f"playbook: {walking.relative(request.playbook, outside.folder)}")
    if options.list_hosts or options.list_tasks or options.list_tags:
        lines = listing.lines(request, book, hosts=options.list_hosts, tasks=options.list_tasks, tags=options.list_tags)
        for line in lines:
            outside.print(line)
    return 0
