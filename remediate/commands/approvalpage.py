"""Approvals of a plan as ``show`` prints them: given, not counted, missing, and who may still give them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remediate.approvals.model import Signature, Verdict
from remediate.planfile import codec
from remediate.reports.text import counted, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from remediate.planfile.model import Plan
    from remediate.project.outside import Outside

MARGIN = " " * 13


@dataclass(frozen=True, slots=True)
class Approvals:
    """What this machine can say of a plan's approvals; ``unknown`` says why it can not say anything."""

    verdict: Verdict | None = None
    people: tuple[str, ...] = ()
    """Who may approve here."""
    unknown: str = ""


def look(plan: Plan, file: Path, outside: Outside) -> Approvals:
    """The approvals beside ``file``, judged by the policy of this machine."""
    from remediate.change import approving
    from remediate.errors import RemediateError

    try:
        return Approvals(approving.verdict(plan, file, outside), approving.people(outside))
    except RemediateError as error:
        return Approvals(unknown=f"cannot be checked on this machine: {error.message}")


def lines(found: Approvals) -> Iterator[str]:
    """Nothing where none is needed and none is there."""
    verdict = found.verdict
    if verdict is None:
        yield f"  approvals  {one_line(found.unknown)}"
        return
    if verdict.needed or verdict.given or verdict.refused:
        yield f"  approvals  {len(verdict.given)} of {verdict.needed} are there"
    for one in verdict.given:
        yield f"{MARGIN}given: {one_line(_given(one))}"
    for refused in verdict.refused:
        yield f"{MARGIN}not counted: {one_line(refused.signature.file)}: {one_line(refused.why)}"
    if verdict.missing:
        others = [name for name in found.people if name not in {one.person for one in verdict.given}]
        who = f" of {', '.join(others)}" if others else "; nobody of this machine may approve"
        yield f"{MARGIN}missing: {one_line(counted(verdict.missing, 'more person', 'more people') + who)}"


def document(found: Approvals) -> dict[str, Any]:
    """The same for programs."""
    verdict = found.verdict
    if verdict is None:
        return {"unknown": found.unknown}
    return {
        "needed": verdict.needed,
        "missing": verdict.missing,
        "given": [_plain(one) for one in verdict.given],
        "refused": [{**_plain(one.signature), "why": one.why} for one in verdict.refused],
        "people": list(found.people),
    }


def _given(one: Signature) -> str:
    said = one.statement
    if said is None:
        return one.person
    where = f"account {said.account}, number {said.uid}, on {said.host}"
    return f"{one.person}: {said.reason} ({said.at:%Y-%m-%d %H:%M} UTC, {where}; key {one.key})"


def _plain(one: Signature) -> dict[str, Any]:
    said = codec.plain(one.statement) if one.statement else None
    return {**{f.name: getattr(one, f.name) for f in dataclasses.fields(one)}, "statement": said}
