"""The change windows hosts are bound to: which file, which windows, whether each is known and long enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from remediate.change import newplan, walking
from remediate.change.admission import never_fits
from remediate.change.durations import Durations
from remediate.change_windows import Joint, load
from remediate.engine.run import windows
from remediate.errors import Interrupted, UserError
from remediate.model import Mode
from remediate.project.project import Project
from remediate.project.windowfile import find, usual
from remediate.reports.text import one_line

if TYPE_CHECKING:
    from remediate.change.asked import Asked
    from remediate.engine.run import RunRequest
    from remediate.planfile.model import PlannedHost
    from remediate.project.outside import Outside


def foreseen(request: RunRequest, outside: Outside) -> tuple[PlannedHost, ...]:
    """What a run would do, where any of its hosts is bound to a window: only then is it known what fits.

    Raises ``Interrupted`` when Ctrl-C ends the looking.
    """
    if not windows(request):
        return ()
    outside.complain("planning first, to know what fits into the change windows")
    gatherer, seen = newplan.gather(walking.again(request, Mode.CHECK), (), outside)
    if seen.interrupted:
        raise Interrupted("interrupted while planning; nothing was begun")
    return gatherer.hosts()


def bindings_of(names: Iterable[str], asked: Asked, outside: Outside) -> Joint:
    """What hosts are bound to, every name of it known. ``UserError`` for one that is not.

    Another file than the one in use (``--windows``, beside one more inventory) can close a window it knows, and
    open none.
    """
    project = Project.around(outside.folder)
    first = find(asked.gates.windows, asked.inventory, project, outside.folder)
    files = {file.resolve(): file for file in (first, *usual(asked.inventory, project, outside.folder))}
    joint = Joint([load(file) for file in files.values()])
    for name in names:
        joint.refuse_unknown(name)
    return joint


def refuse_unknown(request: RunRequest, asked: Asked, outside: Outside) -> Joint | None:
    """The bindings of a request, where it has any; ``UserError`` for a window that is not there."""
    names = dict.fromkeys(name for found in windows(request).values() for name in found)
    return bindings_of(names, asked, outside) if names else None


def bindings_or_none(names: Iterable[str], asked: Asked, outside: Outside, *, needed: bool) -> Joint | None:
    """See ``bindings_of``; where it is not ``needed``, for what was begun is finished, a mistake in them is told."""
    try:
        return bindings_of(names, asked, outside)
    except UserError as error:
        if needed:
            raise
        outside.complain(f"the windows are not looked at: {error}")
        return None


def never(hosts: Iterable[PlannedHost], bindings: Joint | None, now: datetime) -> Iterator[str]:
    """Sentences about hosts that no opening of their windows is long enough for."""
    durations = Durations()
    for host in hosts:
        seconds = durations.of_host(host)
        for name in host.windows if bindings is not None and host.outcome == "pending" else ():
            if bindings is not None and (why := never_fits(bindings, name, seconds, now)):
                yield one_line(f"{host.host} will never be begun: it takes {seconds / 60:.0f} min, and {why}")
