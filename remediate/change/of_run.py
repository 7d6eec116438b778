"""An earlier run as work: from the files it was working from, held to what it was let do, with what it did."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from remediate.change import again, bindings, finishing, of_plan, otherversion, sealed
from remediate.change.of_plan import Saved
from remediate.change.of_playbook import CHANGED
from remediate.change.pasts import past_of, refuse_broken
from remediate.change.unfinished import lives
from remediate.change.work import Work, hosts_of
from remediate.errors import UserError
from remediate.ledger.rows import RUNNING
from remediate.model import Source
from remediate.planfile import codec
from remediate.planfile.inputs import never
from remediate.planfile.model import Command, InputFile
from remediate.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from remediate.change.asked import Asked
    from remediate.ledger.rows import RunRow
    from remediate.ledger.store import Ledger
    from remediate.planfile.model import Plan
    from remediate.project.outside import Outside


def work_of(row: RunRow, ledger: Ledger, asked: Asked, outside: Outside) -> tuple[Work, Asked]:
    """What is left to do of a run, and the whole of what was asked for."""
    refuse_running(row, ledger)
    refuse_broken(ledger)
    if row.plan_hash:
        _refuse_more_than_planned(row, asked)
        saved = _plan(row, ledger, outside)
        work, whole = of_plan.work_of(saved, ledger, asked, outside, at=_first(row, ledger).started,
                                    but=_others(row, outside), kept=_approvals(row, ledger))  # fmt: skip
        plan = replace(saved.plan, valid_until=work.until or saved.plan.valid_until)
    else:
        plan, (work, whole) = None, _from_run(row, ledger, asked, outside)
    past = past_of(row, ledger)
    work.begun.update(host for host, before in past.items() if before.begun)
    work = replace(work, kind="resume", resumes=row.id, past=past)
    work = while_valid(work, plan, outside) if plan else work
    version = otherversion.of(row)
    return (otherversion.finishing(work, version, outside) if version else work), whole


def _others(row: RunRow, outside: Outside) -> Callable[[InputFile], bool]:
    """Which inputs may be others than they were: modules of the program, where it is another version."""
    folder = _folder(outside)
    return (lambda file: otherversion.comes_with_it(file, folder)) if otherversion.of(row) else never


def _hold(files: Sequence[InputFile], row: RunRow, ledger: Ledger, outside: Outside) -> None:
    """Have what is gone answered from the ledger; after an upgrade also the playbooks and roles it brought."""
    folder, others = _folder(outside), _others(row, outside)
    stays = (lambda file: otherversion.stays(file, folder)) if otherversion.of(row) else never
    sealed.hold([file for file in files if not others(file)], outside.files, ledger, folder, stays)


def _folder(outside: Outside) -> Path:
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


def _refuse_more_than_planned(row: RunRow, asked: Asked) -> None:
    """What was planned, and perhaps approved, was one try."""
    if asked.retry:
        raise UserError(f"run {row.id} applied a plan, and --retry is no part of it",
                        hint="make a new plan: remediate plan PLAYBOOK --retry -o FILE")  # fmt: skip


def while_valid(work: Work, plan: Plan, outside: Outside) -> Work:
    """After its time a plan is finished where it was begun, and begun nowhere."""
    if outside.now() <= plan.valid_until:
        return work
    if not set(work.hosts) & work.begun:
        of_plan.refuse_stale(plan, outside)
    return finishing.where_begun(work, outside, "the plan has expired; ")


def refuse_running(row: RunRow, ledger: Ledger) -> None:
    """``UserError`` for a run that is still going on, or that left nothing to do."""
    if row.status == RUNNING and lives(row):
        raise UserError(f"run {row.id} is going on: {row.who} on {row.controller}, process {row.pid}",
                        hint="let it end, or stop it with Ctrl-C there")  # fmt: skip
    later = ledger.resumed_by(row.id)
    if later:
        raise UserError(f"run {row.id} was resumed by {later[-1]}", hint=f"remediate resume {later[-1]}")


def _plan(row: RunRow, ledger: Ledger, outside: Outside) -> Saved:
    """The plan has to be the one that was applied."""
    name = str(row.request.get("plan", ""))
    plan, digest = _read(outside.folder / name, str(row.request.get("plan_file", "")), ledger)
    if digest != row.plan_hash:
        raise UserError(f"not the plan that run {row.id} applied: that was {row.plan_hash[:16]}",
                        source=Source(name), hint="put that file back, or apply the new plan")  # fmt: skip
    _hold(plan.inputs, row, ledger, outside)
    return Saved(plan, digest, outside.folder / name)


def _read(path: Path, digest: str, ledger: Ledger) -> tuple[Plan, str]:
    """The plan's file; where it is gone or another one now, the one that was kept."""
    same = path.is_file() and sha256(path.read_bytes()).hexdigest() == digest
    kept = None if same else ledger.file(digest)
    return codec.load(path) if kept is None else codec.read(kept, Source(str(path)))


def _from_run(row: RunRow, ledger: Ledger, asked: Asked, outside: Outside) -> tuple[Work, Asked]:
    from pydantic import TypeAdapter, ValidationError

    kept: dict[str, Any] = dict(row.request)
    try:
        command = TypeAdapter(Command).validate_python(kept.get("asked"))
        files = TypeAdapter(tuple[InputFile, ...]).validate_python(kept.get("inputs"))
    except ValidationError:
        raise UserError(f"run {row.id} cannot be resumed: the ledger does not say how it was asked for",
                        hint="run the playbook anew: what is done is found done") from None  # fmt: skip
    files = (*files, *sealed.read_later(row.id, ledger))
    _hold(files, row, ledger, outside)
    kept["inputs"] = [again.as_json(file) for file in files]
    if asked.retry:
        command = replace(command, extra_vars={**command.extra_vars, "retry": True})
        kept["asked"] = again.as_json(command)
    request, whole = again.request_of(command, asked, outside)
    again.refuse_changed_inputs(files, request, outside, but=_others(row, outside),
                                 what=f"not what run {row.id} was working from any more")  # fmt: skip
    planned = bindings.foreseen(request, outside)
    still = partial(again.refuse_altered, files, whole, outside, but=_others(row, outside), what=CHANGED)
    return Work(kind="run", request=request, hosts=hosts_of(request), kept=kept, planned=planned, still=still), whole
