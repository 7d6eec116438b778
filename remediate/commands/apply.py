"""``remediate apply``: carry out a saved plan, exactly."""

from __future__ import annotations

import time
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING

from remediate.commands import calendars
from remediate.commands import options as common
from remediate.commands.parser import Parser
from remediate.planfile.inputs import never
from remediate.reports.text import one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from remediate.commands.change import Work
    from remediate.commands.outside import Outside
    from remediate.errors import UserError
    from remediate.ledger.store import Ledger
    from remediate.planfile.model import InputFile, Plan


def parser() -> Parser:
    page = Parser(
        "apply",
        "Carry out a saved plan, and nothing but the plan. A host that is not as it was when planned is refused with\n"
        "the difference in words, the others go on. A plan that is expired, not approved, or rests on files that have\n"
        "changed since is refused whole.",
        examples=[
            "remediate apply saturday.json",
            "remediate apply saturday.json --wait              begin when its change windows open",
            "remediate apply saturday.json --wait --max-wait 12h",
            "remediate apply saturday.json --override-window 'outage, approved by phone: CHG-17'",
        ],
    )
    page.add_argument("plan", metavar="PLAN", help="a file of `remediate plan -o`; see `remediate show`")
    common.variables(page)
    calendars.options(page)
    common.connection(page)
    common.output(page)
    return page


def main(options: argparse.Namespace, outside: Outside) -> int:
    from remediate.commands import applied
    from remediate.commands.change import carry_out
    from remediate.commands.ledgers import open_for
    from remediate.planfile import codec

    calendars.wanted(options)
    plan, digest = codec.load(outside.folder / options.plan)
    refuse_stale(plan, outside)
    if not plan.pending:
        outside.print("nothing to do: the plan has no pending changes")
        return 0
    with open_for(outside) as ledger:
        over = applied.before(digest, ledger)
        if over is not None:
            return applied.said(over, outside)
        work, words = work_of(plan, digest, ledger, options, outside)
        say_what_is_left_alone(plan, outside)
        return carry_out(work, ledger, words, outside)


def refuse_stale(plan: Plan, outside: Outside) -> None:
    """``GateClosed`` for a plan that is expired or of another version of this program."""
    from remediate.errors import GateClosed

    if outside.now() > plan.valid_until:
        raise GateClosed(f"the plan was valid until {plan.valid_until:%Y-%m-%d %H:%M} UTC", hint="plan again")
    refuse_foreign(plan)


def refuse_foreign(plan: Plan) -> None:
    """``GateClosed`` for a plan of another version of this program."""
    from remediate import __version__
    from remediate.errors import GateClosed

    if plan.remediate != __version__:
        raise GateClosed(f"the plan was made by version {plan.remediate}, this is {__version__}", hint="plan again")


def work_of(
    plan: Plan,
    digest: str,
    ledger: Ledger,
    options: argparse.Namespace,
    outside: Outside,
    *,
    at: datetime | None = None,
    but: Callable[[InputFile], bool] = never,
    kept: Mapping[str, bytes] = MappingProxyType({}),
) -> tuple[Work, argparse.Namespace]:
    """The plan as work. Its inputs, ``but`` for some, and its approvals are looked at once more; from then on it is
    carried out from what was read. ``at``: when it was begun, by an earlier run; ``kept``: its approvals of then."""
    import dataclasses

    from remediate.approvals import beside
    from remediate.change.clock import SteadyClock
    from remediate.change.validity import Validity
    from remediate.commands import approving, asking, running
    from remediate.commands.change import Work
    from remediate.planfile import codec
    from remediate.planfile.expect import Expectations

    request, words = asking.request_of(plan.asked, options, outside)
    asking.refuse_changed_inputs(plan.inputs, request, outside, but=but, what="not what was planned any more")
    request.search.files.close(_no_part)
    paper, _ = codec.encode(plan)
    hosts = tuple(host for host in plan.hosts if host.outcome == "pending")
    begun: set[str] = set()
    first = at or outside.now()

    file = outside.folder / options.plan

    def approved(moment: datetime) -> datetime:
        return approving.require(plan, digest, file, request.inventory, ledger, outside, at=moment, kept=kept)

    until = approved(first)
    approvals = {one.name: one.data for one in beside.found(file, kept) if one.data}
    ends = dataclasses.replace(plan, valid_until=until)

    def still() -> None:
        if not begun:  # what was begun is finished, host by host
            refuse_stale(ends, outside)
        approved(first if begun else outside.now())
        asking.refuse_altered(plan.inputs, words, outside, but=but, what="not what was planned any more")

    work = Work(
        kind="apply",
        request=request,
        hosts=plan.pending,
        kept={
            "playbook": plan.asked.playbook,
            "plan": options.plan,
            "plan_file": sha256(paper).hexdigest(),
            "approvals": {name: sha256(data).hexdigest() for name, data in approvals.items()},
            "asked": asking.as_json(plan.asked),
            "remediate": plan.remediate,
        },
        papers=(paper, *approvals.values()),
        plan_hash=digest,
        planned=hosts,
        watch=(
            Validity(until, SteadyClock(outside.now, time.monotonic), begun),
            Expectations(hosts, running.redactor(request).value, begun),
        ),
        still=still,
        until=until,
        begun=begun,
    )
    return work, words


def _no_part(path: Path) -> UserError:
    from remediate.errors import UserError

    return UserError(f"{path} was not read when the plan was made: it is no part of it", hint="plan again")


def say_what_is_left_alone(plan: Plan, outside: Outside) -> None:
    """Hosts of the plan that could not be planned: somebody has to know."""
    for host in plan.hosts:
        if host.outcome in ("blocked", "failed", "unreachable"):
            outside.complain(one_line(f"{host.host} is left alone: {host.outcome} when planned: {host.reason}"))
