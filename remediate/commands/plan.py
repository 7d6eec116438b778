"""``remediate plan``: a dry run against the real hosts, printed and, if wanted, saved for ``apply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remediate.commands.parser import Parser
from remediate.commands.run import playbook_options
from remediate.errors import UserError
from remediate.model import Mode, Source
from remediate.secrets import files

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from remediate.engine.control import Control
    from remediate.engine.perform import SessionStore
    from remediate.engine.run import RunRequest
    from remediate.events import Sink
    from remediate.model import RunSummary
    from remediate.planfile.build import Gatherer
    from remediate.planfile.model import Plan
    from remediate.project.outside import Outside


def parser() -> Parser:
    page = Parser(
        "plan",
        "Show what `remediate run` would change on each host, why, and what that does to the host. Changes nothing.\n"
        "What rests on an earlier step is marked: known after apply. With -o it is saved: `remediate apply` does\n"
        "exactly that and nothing else, and refuses hosts that are not as they were.",
        examples=[
            "remediate plan playbooks/kb870585.yml",
            "remediate plan playbooks/kb870585.yml --diff -l berlin",
            "remediate plan playbooks/kb870585.yml -o saturday.json --valid-for 5d --require-approval 1",
            "remediate plan playbooks/kb870585.yml --record seen/      keep what was seen on the hosts",
            "remediate plan playbooks/kb870585.yml --replay seen/      plan from that, no host contacted",
        ],
    )
    playbook_options(page)
    group = page.add_argument_group("saved plans")
    group.add_argument("-o", "--out", default="", metavar="FILE", help="save the plan; see `remediate show FILE`")
    group.add_argument(
        "--valid-for", default="7d", metavar="TIME", help="how long it may be applied, as in 5d, 12h (default 7d)"
    )
    group.add_argument(
        "--require-approval", type=int, default=0, metavar="N", help="N people have to approve it before it is applied"
    )
    group = page.add_argument_group("without hosts")
    group.add_argument("--record", default="", metavar="DIR", help="keep every state seen in this folder")
    group.add_argument("--replay", default="", metavar="DIR", help="take the states from there, contact no host")
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.change import bindings, walking
    from remediate.commands import options as common

    options.verbose = max(1, options.verbose)
    if not options.out and (options.require_approval or options.valid_for != "7d"):
        raise UserError("--require-approval and --valid-for are for saved plans", hint="add -o FILE")
    if options.require_approval < 0:
        raise UserError("--require-approval must be a whole number from 0 on")
    valid_for = common.period(options.valid_for, "--valid-for")
    out = outside.folder / options.out
    if options.out and not files.can_be_written(out):
        hint = "name a file in a folder that is there and that you may write to"
        raise UserError("-o: no file can be written there", source=Source(str(out)), hint=hint)
    asked = common.asked(options, outside)
    request = walking.prepare(asked, outside, mode=Mode.CHECK, start_lab=not options.replay)
    bound = bindings.refuse_unknown(request, asked, outside)
    from remediate.reports import choose

    known = walking.redactor(request)
    sinks = choose.sinks(asked.wishes, outside.stdout, outside.stderr, known)
    gatherer, summary = _look(request, sinks, options, outside)
    for line in bindings.never(gatherer.hosts(), bound, outside.now()):
        gatherer.warnings.append(line)
        outside.complain(f"warning: {line}")
    if options.out and summary.interrupted:
        outside.complain(f"not saved: {options.out}: the plan was interrupted")
    elif options.out:
        from remediate.change import newplan
        from remediate.planfile import codec

        plan = newplan.plan_of(
            request, gatherer, asked, outside, valid_for=valid_for, approvals=options.require_approval
        )
        for sentence in newplan.unsealed(gatherer):
            outside.complain(sentence)
        kept = not files.is_stream(out)
        digest = codec.save(plan, out)
        said = f"{options.out}, hash {digest[:16]}, valid until {plan.valid_until:%Y-%m-%d %H:%M} UTC"
        outside.complain(f"saved: {said}" if kept else f"written to {said}; whoever reads there has to keep it")
        if kept:
            _say_who_has_to_approve(plan, options.out, outside)
    return summary.exit_code


def _say_who_has_to_approve(plan: Plan, name: str, outside: Outside) -> None:
    """As this machine sees it; what hinders it to see anything is said when the plan is applied."""
    from remediate.approvals import judge
    from remediate.change import approving
    from remediate.errors import RemediateError
    from remediate.reports.text import counted

    try:
        needed = judge.needed(plan, approving.policy_of(outside))
    except RemediateError as error:
        outside.complain(f"how many people have to approve it cannot be seen here: {error.message}")
        return
    if needed and plan.pending:
        people = counted(needed, "person has", "people have")
        outside.complain(f"{people} to approve it: remediate approve {name} --reason TEXT")


def _look(
    request: RunRequest, sinks: Sequence[Sink], options: argparse.Namespace, outside: Outside
) -> tuple[Gatherer, RunSummary]:
    """The check run: on the hosts, or on a record of them."""
    from remediate.change import newplan, walking
    from remediate.planfile.observations import Offline, Recorder, Replay

    control: Control | None = None
    sessions: SessionStore | None = None
    recorder: Recorder | None = None
    if options.replay:
        control, sessions = Replay(outside.folder / options.replay), Offline()
    elif options.record:
        control = recorder = Recorder(outside.folder / options.record, walking.redactor(request).value)
    found = newplan.gather(request, sinks, outside, control=control, sessions=sessions)
    if recorder is not None:
        recorder.save()
    return found
