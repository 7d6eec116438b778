"""A change that is asked for, checked: what is to be done, on which hosts, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remediate.change.recall import Past
from remediate.engine.run import chosen, read

if TYPE_CHECKING:
    from datetime import datetime

    from remediate.engine.control import Control
    from remediate.engine.run import RunRequest
    from remediate.model import Json
    from remediate.planfile.model import PlannedHost


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is to be done, checked; everything from here on happens under the gates."""

    kind: str
    """run, apply or resume."""
    request: RunRequest
    hosts: tuple[str, ...]
    """Those that may be worked on, in order."""
    kept: Mapping[str, Json]
    """What `resume` needs to do the same again."""
    plan_hash: str = ""
    planned: tuple[PlannedHost, ...] = ()
    """What is foreseen for the hosts, for the arithmetic of windows."""
    watch: tuple[Control, ...] = ()
    """What holds the hosts to a saved plan."""
    still: Callable[[], None] = lambda: None
    """Raises ``GateClosed`` when what was checked holds no more. Asked whenever time has gone by: after a wait for a
    window or for locks, and before each further round."""
    until: datetime | None = None
    """Until when a plan and its approvals hold; None: it is no plan."""
    begun: set[str] = field(default_factory=set)
    """Hosts on which something was changed already; grows."""
    resumes: str = ""
    past: Mapping[str, Past] = field(default_factory=dict)
    only_finish: Control | None = None
    """Keeps a run from beginning anything new, where a gate lets only what was begun be finished."""
    papers: tuple[bytes, ...] = ()
    """What else is kept for it: the file of its plan."""


def hosts_of(request: RunRequest) -> tuple[str, ...]:
    """Every host the request is for, in order."""
    return tuple(dict.fromkeys(host.name for play in read(request).plays for host in chosen(request, play)))
