"""Turns what a plan or an earlier run was asked for into a request again, with the secrets given anew."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from remediate.change import newplan, walking
from remediate.errors import GateClosed, UserError
from remediate.model import Mode
from remediate.planfile import inputs
from remediate.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remediate.change.asked import Asked
    from remediate.engine.run import RunRequest
    from remediate.planfile.model import Command, InputFile
    from remediate.project.outside import Outside

MOST = 5


def again(command: Command, asked: Asked, outside: Outside) -> Asked:
    """What was asked for then, with what is asked now about connecting, gates and printing."""
    folder = Project.around(outside.folder, outside.files).settings.folder
    return dataclasses.replace(
        asked,
        playbook=str(folder / command.playbook),
        inventory=tuple(str(folder / name) if "," not in name else name for name in command.inventory),
        limit=command.limit,
        tags=frozenset(command.tags),
        skip_tags=frozenset(command.skip_tags),
        start_at_task=command.start_at_task,
        variables=_with_secrets(command, asked.variables),
        retry=False,
    )


def _with_secrets(asked: Command, given: Mapping[str, object]) -> Mapping[str, Any]:
    missing = [name for name in asked.secrets if name not in given]
    if missing:
        raise UserError(
            f"the value of {', '.join(missing)} is a secret and was not kept",
            hint=f"give it again: -e {missing[0]}=...",
        )
    others = [
        name for name, value in given.items() if name not in asked.secrets and asked.extra_vars.get(name) != value
    ]
    if others:
        raise UserError(
            f"-e {others[0]} is not what was asked for then",
            hint="variables are part of it: only secrets are given again",
        )
    return {**asked.extra_vars, **{name: given[name] for name in asked.secrets}}


def request_of(command: Command, asked: Asked, outside: Outside) -> tuple[RunRequest, Asked]:
    """The request, ready to be carried out, and the whole of what it came from."""
    whole = again(command, asked, outside)
    return walking.prepare(whole, outside, mode=Mode.APPLY), whole


def refuse_changed_inputs(
    planned: Sequence[InputFile],
    request: RunRequest,
    outside: Outside,
    *,
    what: str,
    but: Callable[[InputFile], bool] = inputs.never,
) -> None:
    """``GateClosed`` when a file is not what it was, ``but`` for some; ``what`` says of what."""
    project = Project.around(outside.folder, outside.files)
    files = request.search.files
    now = [file for file in newplan.rests_on(request, project, ()) if not but(file)]
    planned = [file for file in planned if not but(file)]
    changed = inputs.changed(planned, now, project.settings.folder, files)
    if changed:
        shown = "; ".join(changed[:MOST]) + (f" and {len(changed) - MOST} more" if len(changed) > MOST else "")
        raise GateClosed(f"{what}: {shown}", hint="look at the change; then make a new plan and have it approved")


def refuse_altered(
    planned: Sequence[InputFile],
    asked: Asked,
    outside: Outside,
    *,
    what: str,
    but: Callable[[InputFile], bool] = inputs.never,
) -> None:
    """The same when time has gone by since they were read: the files are looked at as if nobody had read them."""
    mute = dataclasses.replace(asked, login=dataclasses.replace(asked.login, ask_password=False))
    fresh = dataclasses.replace(outside, files=outside.files.anew())
    try:
        request = walking.prepare(mute, fresh, mode=Mode.APPLY, start_lab=False)
    except UserError as error:
        raise GateClosed(
            f"{what}: {error}", hint="look at the change; what is carried out is what was checked"
        ) from None
    refuse_changed_inputs(planned, request, fresh, what=what, but=but)


def as_json(value: Any) -> Any:
    """A frozen value as plain JSON."""
    return json.loads(json.dumps(dataclasses.asdict(value)))
