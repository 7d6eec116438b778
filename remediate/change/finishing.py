"""What was begun is finished even where nothing new may be begun: services must not stay down for a gate's sake."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from remediate.engine.control import Control, Intent
from remediate.errors import Blocked, GateClosed
from remediate.model import Effect

if TYPE_CHECKING:
    from remediate.change.work import Work
    from remediate.project.outside import Outside

ANEW = "plan again, or run the playbook anew, when what was begun is finished"


def only(work: Work, shut: GateClosed, outside: Outside) -> Work:
    """The same work on the hosts where it was begun; where there is none, the gate stays shut."""
    if not set(work.hosts) & work.begun:
        raise shut
    outside.complain(f"{shut.message}: what was begun is finished, nothing new is begun")
    return dataclasses.replace(where_begun(work, outside), only_finish=Finish(shut.message))


def where_begun(work: Work, outside: Outside, why: str = "") -> Work:
    """The work on those of its hosts where it was begun; the others are named."""
    begun = tuple(name for name in work.hosts if name in work.begun)
    left = [name for name in work.hosts if name not in work.begun]
    if left:
        outside.complain(f"{why}left alone, for nothing was begun there: {', '.join(left)}")
    planned = tuple(host for host in work.planned if host.host in begun)
    return dataclasses.replace(work, hosts=begun, planned=planned)


class Finish(Control):
    """Waiting, putting right and proving pass; what interrupts anybody, and every command, is new work."""

    def __init__(self, why: str) -> None:
        self._why = why

    def permit(self, intent: Intent) -> None:
        if intent.changes and (intent.module.action or any(c.effect is not Effect.NONE for c in intent.changes)):
            raise Blocked(f"{self._why}: {intent.changes[0].target} would be new work", ANEW)
