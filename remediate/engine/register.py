"""What a task leaves behind for ``register``: plain, untrusted data, and Unknown where a check run cannot know."""

from __future__ import annotations

from collections.abc import Sequence

from remediate import plain
from remediate.language.template import Unknown
from remediate.model import Change, Result, Status
from remediate.secrets.taint import veiled_whole

Registered = dict[str, object]
OPEN = ("rc", "status", "changed", "failed", "skipped", "unreachable")
"""What of a ``no_log`` result is no secret: how it ended."""


def registered(result: Result, unknown_keys: Sequence[str] = ()) -> object:
    """The value ``register`` binds for one result; an ``Unknown`` when nothing of it can be known yet."""
    if result.status is Status.UNKNOWN:
        return Unknown(result.address)
    value: Registered = {**result.after, **result.extra, **_verdict(result)}
    if result.no_log:
        value = {key: item if key in OPEN else veiled_whole(item) for key, item in value.items()} | {"changes": []}
    if result.status is Status.PENDING:
        value |= {key: Unknown(result.address) for key in unknown_keys}
    return value


def registered_loop(items: Sequence[tuple[object, Result, object]], loop_var: str) -> object:
    """The value of a looping task: ``results`` plus the verdicts over all; ``items`` are (item, result, value)."""
    if items and all(isinstance(value, Unknown) for _, _, value in items):
        return items[0][2]
    results = [{**value, loop_var: item} if isinstance(value, dict) else value for item, _, value in items]
    bad = ["hidden by no_log" if r.no_log else r.message for _, r, _ in items if r.failed]
    return {
        "results": results,
        "changed": any(r.changed for _, r, _ in items),
        "failed": bool(bad),
        "skipped": all(r.status is Status.SKIPPED for _, r, _ in items),
        "msg": "; ".join(bad) if bad else "all items completed",
    }


def _verdict(result: Result) -> Registered:
    return {
        "changed": result.changed,
        "failed": result.failed,
        "skipped": result.status is Status.SKIPPED,
        "unreachable": result.status is Status.UNREACHABLE,
        "status": str(result.status),
        "msg": result.message,
        "changes": [_change(c) for c in result.changes],
    }


def _change(change: Change) -> Registered:
    told = plain.change(change)
    return {"target": told["target"], "before": told["before"], "after": told["after"], "effect": told["effect"]}
