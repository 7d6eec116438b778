"""A saved plan as work: held to its time, its files, its approvals and the States it was made from."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate import __version__
from remediate.approvals import beside
from remediate.change import again, approving, walking
from remediate.change.clock import SteadyClock
from remediate.change.validity import Validity
from remediate.change.work import Work
from remediate.errors import GateClosed, UserError
from remediate.planfile import codec
from remediate.planfile.expect import Expectations
from remediate.planfile.inputs import never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from remediate.change.asked import Asked
    from remediate.ledger.store import Ledger
    from remediate.planfile.model import InputFile, Plan
    from remediate.project.outside import Outside


@dataclass(frozen=True, slots=True)
class Saved:
    """A plan, its hash, and the file it lies in, beside its approvals."""

    plan: Plan
    digest: str
    file: Path


def refuse_stale(plan: Plan, outside: Outside) -> None:
    """``GateClosed`` for a plan that is expired or of another version of this program."""
    if outside.now() > plan.valid_until:
        raise GateClosed(f"the plan was valid until {plan.valid_until:%Y-%m-%d %H:%M} UTC", hint="plan again")
    refuse_foreign(plan)


def refuse_foreign(plan: Plan) -> None:
    """``GateClosed`` for a plan of another version of this program."""
    if plan.remediate != __version__:
        raise GateClosed(f"the plan was made by version {plan.remediate}, this is {__version__}", hint="plan again")


def work_of(
    saved: Saved,
    ledger: Ledger,
    asked: Asked,
    outside: Outside,
    *,
    at: datetime | None = None,
    but: Callable[[InputFile], bool] = never,
    kept: Mapping[str, bytes] = MappingProxyType({}),
) -> tuple[Work, Asked]:
    """The plan as work. Its inputs, ``but`` for some, and its approvals are looked at once more; from then on it is
    carried out from what was read. ``at``: when it was begun, by an earlier run; ``kept``: its approvals of then."""
    plan, digest, file = saved.plan, saved.digest, saved.file
    request, whole = again.request_of(plan.asked, asked, outside)
    again.refuse_changed_inputs(plan.inputs, request, outside, but=but, what="not what was planned any more")
    request.search.files.close(_no_part)
    paper, _ = codec.encode(plan)
    hosts = tuple(host for host in plan.hosts if host.outcome == "pending")
    begun: set[str] = set()
    first = at or outside.now()

    def approved(moment: datetime) -> datetime:
        return approving.require(plan, digest, file, request.inventory, ledger, outside, at=moment, kept=kept)

    until = approved(first)
    approvals = {one.name: one.data for one in beside.found(file, kept) if one.data}
    ends = replace(plan, valid_until=until)

    def still() -> None:
        if not begun:  # what was begun is finished, host by host
            refuse_stale(ends, outside)
        approved(first if begun else outside.now())
        again.refuse_altered(plan.inputs, whole, outside, but=but, what="not what was planned any more")

    work = Work(
        kind="apply",
        request=request,
        hosts=plan.pending,
        kept={
            "playbook": plan.asked.playbook,
            "plan": str(file),
            "plan_file": sha256(paper).hexdigest(),
            "approvals": {name: sha256(data).hexdigest() for name, data in approvals.items()},
            "asked": again.as_json(plan.asked),
            "remediate": plan.remediate,
        },
        papers=(paper, *approvals.values()),
        plan_hash=digest,
        planned=hosts,
        watch=(
            Validity(until, SteadyClock(outside.now, time.monotonic), begun),
            Expectations(hosts, walking.redactor(request).value, begun),
        ),
        still=still,
        until=until,
        begun=begun,
    )
    return work, whole


def _no_part(path: Path) -> UserError:
    return UserError(f"{path} was not read when the plan was made: it is no part of it", hint="plan again")
