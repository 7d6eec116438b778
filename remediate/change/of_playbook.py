"""A playbook as work, from what was read of it; where windows are named it is planned first, to know what fits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from remediate.change import again, bindings, newplan
from remediate.change.work import Work, hosts_of
from remediate.project.project import Project

if TYPE_CHECKING:
    from remediate.change.asked import Asked
    from remediate.engine.run import RunRequest
    from remediate.project.outside import Outside

CHANGED = "not what was read when the run was asked for any more"


def work_of(request: RunRequest, asked: Asked, outside: Outside) -> Work:
    """The request as work."""
    project = Project.around(outside.folder, outside.files)
    planned = bindings.foreseen(request, outside)
    command = newplan.command_of(request, asked, project)
    files = newplan.rests_on(request, project, {Path(name) for name in request.files})
    kept = {
        "playbook": command.playbook,
        "asked": again.as_json(command),
        "inputs": [again.as_json(file) for file in files],
    }
    still = partial(again.refuse_altered, files, asked, outside, what=CHANGED)
    return Work(kind="run", request=request, hosts=hosts_of(request), kept=kept, planned=planned, still=still)
