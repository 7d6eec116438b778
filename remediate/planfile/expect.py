"""Holds a run to its plan: a host that is not as planned is refused, a change nobody planned is not made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from remediate.engine.control import Control, Intent, Mark
from remediate.errors import Blocked
from remediate.model import Change, Effect, Step
from remediate.planfile.build import planned
from remediate.planfile.model import PlannedChange, PlannedHost, PlannedStep
from remediate.planfile.states import alike, differences, unpacked

KNOWN = "known"
HIDDEN = "a change of a no_log task"


class Expectations(Control):
    """What the plan says of each host. ``begun``: hosts something was changed on already, kept up to date by others."""

    def __init__(self, hosts: Sequence[PlannedHost], mask: Callable[[Any], Any], begun: Set[str]) -> None:
        self._hosts = {host.host: Expected(host) for host in hosts}
        self._mask = mask
        self._begun = begun
        self._refused: dict[str, Blocked] = {}
        self._failing: set[str] = set()
        """Hosts where what is done now is done because something failed."""

    def enter(self, host: str, window: str) -> None:
        if host not in self._hosts:
            bound = f" (bound to {window})" if window else ""
            raise Blocked(f"the plan says nothing of this host{bound}", "plan again with it among the hosts")

    def permit(self, intent: Intent) -> None:
        host = intent.step.host
        if host in self._refused:
            raise self._refused[host]
        try:
            self._compare(intent)
        except Blocked as refusal:
            if intent.step.on not in self._begun:  # later ones of a host that was begun may bring it back
                self._refused[host] = refusal
            raise

    def mark(self, host: str, what: Mark) -> None:
        if what is Mark.LEFT:
            self._failing.add(host)
        elif what is Mark.RESCUED:
            self._failing.discard(host)

    def _compare(self, intent: Intent) -> None:
        step, changes = intent.step, intent.changes
        expected = self._hosts[step.host]
        found = expected.steps.get(step.address)
        if found is not None and found.hidden:
            if changes and not found.changes and found.status not in ("pending", "unknown"):
                raise _refusal(step, "its task (no_log) would change something the plan did not foresee")
            return
        now = tuple(planned(change) for change in (_hidden(changes) if step.no_log else self._mask(changes)))
        if step.on in self._begun:
            _consequences(intent, found, now, failing=step.host in self._failing)
            return
        if found is None:
            if now:
                raise _refusal(step, f"{_listed(now)} is not in the plan")
            return
        if found.status not in ("unknown", "skipped"):
            changed = differences(
                expected.states[step.address], self._mask(dict(intent.before)), intent.module.volatile
            )
            if changed:
                raise _refusal(step, "; ".join(changed))
        _the_same(step, found, now)


def _hidden(changes: Sequence[Change]) -> list[Change]:
    """What may be said of the changes of a ``no_log`` task: that, and how, they change the host."""
    return [replace(change, target=HIDDEN, before=None, after=None) for change in changes]


class Expected:
    """One host's part of the plan, for looking up."""

    def __init__(self, host: PlannedHost) -> None:
        self.steps = {step.address: step for step in host.steps}
        self.states: Mapping[str, Mapping[str, Any]] = unpacked(host.steps)


def _the_same(step: Step, found: PlannedStep, now: Sequence[PlannedChange]) -> None:
    """Before anything was changed on the host: the changes must be the planned ones, no more and no fewer."""
    if found.status == "unknown" and now:
        raise _refusal(step, f"{_listed(now)} was to be known only after an earlier change, which was not made")
    if more := [change for change in now if not any(_is(planned, change) for planned in found.changes)]:
        raise _refusal(step, f"{_listed(more)} was not planned")
    if fewer := [planned for planned in found.changes if not any(_is(planned, change) for change in now)]:
        raise _refusal(step, f"{_listed(fewer)} was planned and is not to be done any more")


def _consequences(
    intent: Intent, found: PlannedStep | None, now: Sequence[PlannedChange], *, failing: bool = False
) -> None:
    """Once the host was changed: planned changes as planned, those "known after apply" as announced.

    What the plan found in order, and an earlier change undid, may be put right (a service that is down again); so may
    what is left of what this toolkit began, and anything by a step that is there for a failure (``failing``). Nothing
    that interrupts anybody is done unannounced, and no other step.
    """
    step = intent.step
    in_order = found is not None and found.status in ("ok", "pending")
    by_target = {change.target: change for change in (found.changes if found else ())}
    announced = found is not None and found.status == "unknown"
    for change in now:
        plan = by_target.get(change.target)
        if plan is not None and plan.certainty == KNOWN and not _is(plan, change):
            raise _refusal(step, f"{_listed([change])} was planned as {_listed([plan])}")
        if plan is not None and plan.effect != change.effect:
            raise _refusal(step, f"{_listed([change])} was announced as: {plan.effect}")
        quiet = change.effect == Effect.NONE.value and (in_order or failing or intent.module.restores)
        if plan is None and not announced and not quiet:
            effect = "" if change.effect == Effect.NONE.value else f" ({change.effect})"
            raise _refusal(step, f"{_listed([change])}{effect} is not in the plan")


def _is(planned: PlannedChange, change: PlannedChange) -> bool:
    """Whether a change is the planned one; ``1`` and ``true`` are not the same."""
    pairs = (
        (planned.target, change.target),
        (planned.before, change.before),
        (planned.after, change.after),
        (planned.effect, change.effect),
    )
    return all(repr(one) == repr(other) or (isinstance(one, str) and alike(one, other)) for one, other in pairs)


def _listed(changes: Sequence[PlannedChange]) -> str:
    shown = "; ".join(f"{c.target}: {_cell(c.before)} -> {_cell(c.after)}" for c in changes[:4])
    return shown + (f" and {len(changes) - 4} more" if len(changes) > 4 else "")


def _cell(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _refusal(step: Step, what: str) -> Blocked:
    return Blocked(
        f"not as planned: {what}",
        f"see what changed it; plan again for this host: remediate plan PLAYBOOK -l {step.host} -o FILE",
    )
