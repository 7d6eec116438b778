"""Turns what a plan or an earlier run was asked for into a request again, with the secrets given anew."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from remediate.commands import extravars, planning, running
from remediate.commands.project import Project
from remediate.errors import GateClosed, UserError
from remediate.model import Mode
from remediate.planfile import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remediate.commands.outside import Outside
    from remediate.engine.run import RunRequest
    from remediate.planfile.model import Asked, InputFile

MOST = 5


def options_of(asked: Asked, options: argparse.Namespace, outside: Outside) -> argparse.Namespace:
    """The options of the command that was given then, with those of now for connecting and printing."""
    given = extravars.read(options.extra_vars, outside.folder)
    variables = _with_secrets(asked, given)
    folder = Project.around(outside.folder, outside.files).settings.folder
    words = {
        "playbook": str(folder / asked.playbook),
        "inventory": [str(folder / name) if "," not in name else name for name in asked.inventory],
        "limit": asked.limit,
        "tags": list(asked.tags),
        "skip_tags": list(asked.skip_tags),
        "start_at_task": asked.start_at_task,
        "extra_vars": [json.dumps(variables)] if variables else [],
    }
    return argparse.Namespace(**{**vars(options), **words})


def _with_secrets(asked: Asked, given: Mapping[str, object]) -> Mapping[str, Any]:
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


def request_of(asked: Asked, options: argparse.Namespace, outside: Outside) -> tuple[RunRequest, argparse.Namespace]:
    """The request, ready to be carried out, and the options it came from."""
    words = options_of(asked, options, outside)
    return running.prepare(words, outside, mode=Mode.APPLY), words


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
    now = [file for file in planning.rests_on(request, project, ()) if not but(file)]
    planned = [file for file in planned if not but(file)]
    changed = inputs.changed(planned, now, project.settings.folder, files)
    if changed:
        shown = "; ".join(changed[:MOST]) + (f" and {len(changed) - MOST} more" if len(changed) > MOST else "")
        raise GateClosed(f"{what}: {shown}", hint="look at the change; then make a new plan and have it approved")


def refuse_altered(
    planned: Sequence[InputFile],
    options: argparse.Namespace,
    outside: Outside,
    *,
    what: str,
    but: Callable[[InputFile], bool] = inputs.never,
) -> None:
    """The same when time has gone by since they were read: the files are looked at as if nobody had read them."""
    words = argparse.Namespace(**{**vars(options), "ask_pass": False})
    fresh = dataclasses.replace(outside, files=outside.files.anew())
    try:
        request = running.prepare(words, fresh, mode=Mode.APPLY, start_lab=False)
    except UserError as error:
        raise GateClosed(
            f"{what}: {error}", hint="look at the change; what is carried out is what was checked"
        ) from None
    refuse_changed_inputs(planned, request, fresh, what=what, but=but)


def as_json(value: Any) -> Any:
    """A frozen value as plain JSON."""
    return json.loads(json.dumps(dataclasses.asdict(value)))
