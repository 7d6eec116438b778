"""``remediate resume``: go on where a run stopped; nothing that was done is done again."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from remediate.commands import calendars
from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.reports.text import one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from remediate.commands.change import Work
    from remediate.commands.outside import Outside
    from remediate.engine.run import RunRequest
    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger
    from remediate.planfile.model import InputFile, Plan


def parser() -> Parser:
    page = Parser(
        "resume",
        "Go on with a run that was interrupted, deferred or failed. Every host is looked at anew; what was done is\n"
        "not done again, and what it had registered and notified is there. An installer that is still running on a\n"
        "host is found and waited for. `last` is the newest unfinished run of this account and project.",
        examples=[
            "remediate resume last",
            "remediate resume 20261128-2205-7f3a --wait       in the next change window",
        ],
    )
    page.add_argument("run", metavar="RUN", help="its id, the beginning of it, or last; see `remediate runs list`")
    page.add_argument(
        "--repeat-unfinished",
        action="store_true",
        help="perform commands again that were begun and whose end nobody knows",
    )
    common.variables(page)
    common.retry(page)
    calendars.options(page)
    common.connection(page)
    common.output(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.commands.change import carry_out
    from remediate.commands.ledgers import open_for
    from remediate.ledger.rows import FINISHED

    calendars.wanted(options)
    with open_for(outside) as ledger:
        row = _chosen(options.run, ledger, outside)
        if row is None:
            outside.print("nothing to resume: every run of this ledger came to its end")
            return 0
        if row.status == FINISHED and row.exit_code == 0:
            outside.print(f"nothing to resume: run {row.id} came to its end, and every host with it")
            return 0
        work, words = _work(row, ledger, options, outside)
        return carry_out(work, ledger, words, outside)


def _chosen(word: str, ledger: Ledger, outside: Outside) -> RunRow | None:
    """The run of this id; for ``last`` the newest unfinished one of this account and project, which is then named."""
    from remediate.commands import unfinished

    if word != "last":
        return ledger.run(word)
    row = unfinished.newest(ledger, outside)
    if row is not None:
        begun = f"{row.started:%Y-%m-%d %H:%M} UTC"
        outside.complain(f"going on with run {row.id}: {row.kind} {one_line(row.playbook)}, begun {begun}")
    return row


def _work(
    row: RunRow, ledger: Ledger, options: argparse.Namespace, outside: Outside
) -> tuple[Work, argparse.Namespace]:
    import dataclasses

    from remediate.commands import apply, otherversion
    from remediate.commands.pasts import past_of, refuse_broken

    refuse_running(row, ledger)
    refuse_broken(ledger)
    if row.plan_hash:
        _refuse_more_than_planned(row, options)
        plan, digest = _plan(row, ledger, options, outside)
        work, words = apply.work_of(plan, digest, ledger, options, outside, at=_first(row, ledger).started,
                                    but=_others(row, outside), kept=_approvals(row, ledger))  # fmt: skip
        plan = dataclasses.replace(plan, valid_until=work.until or plan.valid_until)
    else:
        plan, (work, words) = None, _from_run(row, ledger, options, outside)
    past = past_of(row, ledger)
    work.begun.update(host for host, before in past.items() if before.begun)
    work = dataclasses.replace(work, kind="resume", resumes=row.id, past=past)
    work = _while_valid(work, plan, outside) if plan else work
    version = otherversion.of(row)
    return (otherversion.finishing(work, version, outside) if version else work), words


def _others(row: RunRow, outside: Outside) -> Callable[[InputFile], bool]:
    """Which inputs may be others than they were: modules of the program, where it is another version."""
    from remediate.commands import otherversion
    from remediate.planfile.inputs import never

    folder = _folder(outside)
    return (lambda file: otherversion.comes_with_it(file, folder)) if otherversion.of(row) else never


def _hold(files: Sequence[InputFile], row: RunRow, ledger: Ledger, outside: Outside) -> None:
    """Have what is gone answered from the ledger; after an upgrade also the playbooks and roles it brought."""
    from remediate.commands import otherversion, sealed
    from remediate.planfile.inputs import never

    folder, others = _folder(outside), _others(row, outside)
    stays = (lambda file: otherversion.stays(file, folder)) if otherversion.of(row) else never
    sealed.hold([file for file in files if not others(file)], outside.files, ledger, folder, stays)


def _folder(outside: Outside) -> Path:
    from remediate.commands.project import Project

    return Project.around(outside.folder, outside.files).settings.folder


def _approvals(row: RunRow, ledger: Ledger) -> dict[str, bytes]:
    """The approvals the run was begun with, as they were kept; their signatures are checked once more."""
    named = row.request.get("approvals")
    found = {name: ledger.file(str(digest)) for name, digest in (named.items() if isinstance(named, dict) else ())}
    return {name: data for name, data in found.items() if data is not None}


def _first(row: RunRow, ledger: Ledger) -> RunRow:
    """The run that this one goes on with, and that one, to the beginning: what was begun then was approved then."""
    while row.resumes:
        row = ledger.run(row.resumes)
    return row


def _refuse_more_than_planned(row: RunRow, options: argparse.Namespace) -> None:
    """What was planned, and perhaps approved, was one try."""
    from remediate.errors import UserError

    if options.retry:
        raise UserError(f"run {row.id} applied a plan, and --retry is no part of it",
                        hint="make a new plan: remediate plan PLAYBOOK --retry -o FILE")  # fmt: skip


def _while_valid(work: Work, plan: Plan, outside: Outside) -> Work:
    """After its time a plan is finished where it was begun, and begun nowhere."""
    import dataclasses

    from remediate.commands import apply

    if outside.now() <= plan.valid_until:
        return work
    begun = tuple(name for name in work.hosts if name in work.begun)
    if not begun:
        apply.refuse_stale(plan, outside)
    left = [name for name in work.hosts if name not in work.begun]
    if left:
        outside.complain(f"the plan has expired; left alone, for nothing was begun there: {', '.join(left)}")
    planned = tuple(host for host in work.planned if host.host in begun)
    return dataclasses.replace(work, hosts=begun, planned=planned)


def refuse_running(row: RunRow, ledger: Ledger) -> None:
    """``UserError`` for a run that is still going on, or that left nothing to do."""
    from remediate.commands.unfinished import lives
    from remediate.errors import UserError
    from remediate.ledger.rows import RUNNING

    if row.status == RUNNING and lives(row):
        raise UserError(f"run {row.id} is going on: {row.who} on {row.controller}, process {row.pid}",
                        hint="let it end, or stop it with Ctrl-C there")  # fmt: skip
    later = ledger.resumed_by(row.id)
    if later:
        raise UserError(f"run {row.id} was resumed by {later[-1]}", hint=f"remediate resume {later[-1]}")


def _plan(row: RunRow, ledger: Ledger, options: argparse.Namespace, outside: Outside) -> tuple[Plan, str]:
    """The plan has to be the one that was applied."""
    from remediate.errors import UserError
    from remediate.model import Source

    name = str(row.request.get("plan", ""))
    plan, digest = _read(outside.folder / name, str(row.request.get("plan_file", "")), ledger)
    if digest != row.plan_hash:
        raise UserError(f"not the plan that run {row.id} applied: that was {row.plan_hash[:16]}",
                        source=Source(name), hint="put that file back, or apply the new plan")  # fmt: skip
    options.plan = name
    _hold(plan.inputs, row, ledger, outside)
    return plan, digest


def _read(path: Path, digest: str, ledger: Ledger) -> tuple[Plan, str]:
    """The plan's file; where it is gone or another one now, the one that was kept."""
    from remediate.model import Source
    from remediate.planfile import codec

    same = path.is_file() and sha256(path.read_bytes()).hexdigest() == digest
    kept = None if same else ledger.file(digest)
    return codec.load(path) if kept is None else codec.read(kept, Source(str(path)))


def _from_run(
    row: RunRow, ledger: Ledger, options: argparse.Namespace, outside: Outside
) -> tuple[Work, argparse.Namespace]:
    import dataclasses

    from pydantic import TypeAdapter, ValidationError

    from remediate.commands import asking, sealed
    from remediate.commands.change import Work
    from remediate.commands.run import CHANGED
    from remediate.errors import UserError
    from remediate.planfile.model import Asked, InputFile

    kept: dict[str, Any] = dict(row.request)
    try:
        asked = TypeAdapter(Asked).validate_python(kept.get("asked"))
        files = TypeAdapter(tuple[InputFile, ...]).validate_python(kept.get("inputs"))
    except ValidationError:
        raise UserError(f"run {row.id} cannot be resumed: the ledger does not say how it was asked for",
                        hint="run the playbook anew: what is done is found done") from None  # fmt: skip
    files = (*files, *sealed.read_later(row.id, ledger))
    _hold(files, row, ledger, outside)
    kept["inputs"] = [asking.as_json(file) for file in files]
    if options.retry:
        asked = dataclasses.replace(asked, extra_vars={**asked.extra_vars, "retry": True})
        kept["asked"] = asking.as_json(asked)
    request, words = asking.request_of(asked, options, outside)
    asking.refuse_changed_inputs(files, request, outside, but=_others(row, outside),
                                 what=f"not what run {row.id} was working from any more")  # fmt: skip
    planned = calendars.foreseen(request, outside)
    still = partial(asking.refuse_altered, files, words, outside, but=_others(row, outside), what=CHANGED)
    return Work(kind="run", request=request, hosts=hosts_of(request), kept=kept, planned=planned, still=still), words


def hosts_of(request: RunRequest) -> tuple[str, ...]:
    """Every host the request is for, in order."""
    from remediate.engine.run import chosen, read

    return tuple(dict.fromkeys(host.name for play in read(request).plays for host in chosen(request, play)))
