"""States in a plan: kept once per host, put together again, and compared in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from remediate.model import MASK
from remediate.planfile.model import PlannedStep

ALWAYS = ("_notes",)
"""What payloads say about how they looked; never part of what a host is like."""
NAMES = ("name", "path", "job", "id")
"""Entries of lists are told apart by one of these."""
MOST = 6
_MISSING = object()


def alike(planned: Any, now: Any) -> bool:
    """Whether a value is the planned one, as far as that was kept: stars stand for a secret, whatever it is."""
    if planned == now:
        return True
    if not isinstance(planned, str) or MASK not in planned or not isinstance(now, str | int | float):
        return False
    form = ".*".join(map(re.escape, planned.split(MASK)))
    return re.fullmatch(form, str(now), re.DOTALL) is not None


def packed(state: Mapping[str, Any], earlier: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """``state`` as a PlannedStep keeps it: what differs from ``earlier`` (the last State with each entry), the rest."""
    new = {key: value for key, value in state.items() if key not in earlier or earlier[key] != value}
    return new, tuple(sorted(state.keys() - new.keys()))


def lasting(state: Mapping[str, Any], volatile: Sequence[str] = ()) -> dict[str, Any]:
    """``state`` without what changes by itself, as ``differences`` has it: no host is held to it, no plan keeps it."""
    loose = [tuple(path.split(".")) for path in (*ALWAYS, *volatile)]
    kept: dict[str, Any] = _lasting(state, (), loose)
    return kept


def _lasting(value: Any, path: tuple[str, ...], loose: Sequence[tuple[str, ...]]) -> Any:
    entries = _entries(value)
    if entries is None or not any(len(pattern) > len(path) for pattern in loose):
        return value
    kept = {
        key: _lasting(item, (*path, key), loose)
        for key, item in entries.items()
        if not any(_fits((*path, key), pattern) for pattern in loose)
    }
    return kept if isinstance(value, Mapping) else list(kept.values())


def unpacked(steps: Sequence[PlannedStep]) -> dict[str, Mapping[str, Any]]:
    """The whole State of each step of one host, by address."""
    earlier: dict[str, Any] = {}
    found: dict[str, Mapping[str, Any]] = {}
    for step in steps:
        found[step.address] = {**dict(zip(step.unchanged, map(earlier.get, step.unchanged), strict=True)), **step.state}
        earlier.update(step.state)
    return found


def differences(planned: Mapping[str, Any], now: Mapping[str, Any], volatile: Sequence[str] = ()) -> list[str]:
    """What changed, one sentence each: ``store.exe version was 6.5.7226.0 when planned, is 6.5.7233.69``.

    ``volatile``: dotted paths of entries that change by themselves; ``*`` stands for any one entry.
    """
    loose = [tuple(path.split(".")) for path in (*ALWAYS, *volatile)]
    found = list(_walk(planned, now, (), loose))
    more = [f"and {len(found) - MOST} more differences"] if len(found) > MOST else []
    return found[:MOST] + more


def _walk(planned: Any, now: Any, path: tuple[str, ...], loose: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if alike(planned, now) or any(_fits(path, pattern) for pattern in loose):
        return
    if isinstance(planned, Mapping) and now is _MISSING:
        yield f"{_place(path)} was there when planned, is gone"
        return
    if planned is _MISSING and isinstance(now, Mapping):
        yield f"{_place(path)} is new since the plan"
        return
    before, after = _entries(planned), _entries(now)
    if before is None or after is None or isinstance(planned, Mapping) != isinstance(now, Mapping):
        yield f"{_place(path)} was {_shown(planned)} when planned, is {_shown(now)}"
        return
    for key in sorted({*before, *after}):
        yield from _walk(before.get(key, _MISSING), after.get(key, _MISSING), (*path, key), loose)


def _entries(value: Any) -> dict[str, Any] | None:
    """A mapping, or a list as one: by the name its entries have, else by number; None for a plain value."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, list | tuple):
        named = {_name(item, str(number)): item for number, item in enumerate(value)}
        return named if len(named) == len(value) else {str(number): item for number, item in enumerate(value)}
    return None


def _name(item: Any, number: str) -> str:
    if isinstance(item, Mapping):
        return next((str(item[key]) for key in NAMES if isinstance(item.get(key), str)), number)
    return number


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(p in ("*", part) for part, p in zip(path, pattern, strict=True))


def _place(path: tuple[str, ...]) -> str:
    return " ".join(path[1:] if len(path) > 2 else path) or "the state"


def _shown(value: Any) -> str:
    if value is _MISSING or value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
