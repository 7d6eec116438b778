"""Changes, and how a host ended, as plain data and back: what ledger, plan, JSON and register are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from remediate.model import Certainty, Change, Effect, HostSummary, Json


class PlainChange(TypedDict):
    """A Change without what is private to its module."""

    target: str
    before: Json
    after: Json
    effect: Literal["none", "service restart", "reboot"]
    seconds: float
    reversible: bool
    certainty: Literal["known", "known after apply"]
    why: str


class PlainEnd(TypedDict):
    """How a run ended for one host, but for what was seen at the end of it."""

    host: str
    outcome: str
    reason: str
    remedy: str
    columns: dict[str, str]
    counts: dict[str, int]
    notes: tuple[str, ...]


def change(value: Change) -> PlainChange:
    """What a person can judge of it."""
    return {
        "target": value.target,
        "before": value.before,
        "after": value.after,
        "effect": value.effect.value,
        "seconds": value.seconds,
        "reversible": value.reversible,
        "certainty": value.certainty.value,
        "why": value.why,
    }


def restored(kept: Mapping[str, Any]) -> Change:
    """The Change again; ``ValueError``, ``KeyError`` or ``TypeError`` for what ``change`` did not write."""
    return Change(
        target=str(kept["target"]),
        before=kept["before"],
        after=kept["after"],
        effect=Effect(kept["effect"]),
        seconds=float(kept["seconds"]),
        reversible=bool(kept["reversible"]),
        certainty=Certainty(kept["certainty"]),
        why=str(kept["why"]),
    )


def end(host: HostSummary) -> PlainEnd:
    """The outcome, its reasons, cells and counts."""
    return {
        "host": host.host,
        "outcome": host.outcome.value,
        "reason": host.reason,
        "remedy": host.remedy,
        "columns": dict(host.columns),
        "counts": dict(host.counts),
        "notes": host.notes,
    }
