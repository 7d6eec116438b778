"""Values of plans for tests: written by hand in a line, or by hypothesis."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from remediate.engine.registry import LoadedModule
from remediate.model import Certainty, Change, Effect, Mode, Step
from remediate.planfile.model import FORMAT, Command, InputFile, Plan, PlannedChange, PlannedHost, PlannedStep

MADE = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
UNTIL = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)
EFFECTS = [effect.value for effect in Effect]
STATUSES = ["ok", "pending", "skipped", "unknown", "not applicable", "blocked", "failed", "unreachable"]


def change(**given: Any) -> Change:
    """A Change of the plainest kind but for what is given."""
    words = {"effect": Effect(given.pop("effect", "none")), "certainty": Certainty(given.pop("certainty", "known"))}
    return Change(**{"target": "t", "before": None, "after": None, **words, **given})


def planned_change(**given: Any) -> PlannedChange:
    plain: dict[str, Any] = {
        "target": "t",
        "before": None,
        "after": None,
        "effect": "none",
        "seconds": 1.0,
        "reversible": True,
        "certainty": "known",
    }
    return PlannedChange(**{**plain, **given})


def planned_step(address: str = "play/task@ex1", **given: Any) -> PlannedStep:
    changes = tuple(planned_change(**found) for found in given.pop("changes", ()))
    return PlannedStep(**{"address": address, "task": "a task", "module": "thing", "changes": changes, **given})


def step(address: str = "play/task@ex1", host: str = "ex1", **given: Any) -> Step:
    plain: dict[str, Any] = {"task": "a task", "module": "thing", "params": {}, "endpoint": None}
    return Step(address=address, host=host, **{**plain, "mode": Mode.APPLY, **given})


def module(**given: Any) -> LoadedModule:
    """A module that does nothing, for controls that look at its words only."""
    plain: dict[str, Any] = {
        "name": "thing",
        "file": Path("thing.py"),
        "doc": "",
        "params_type": object,
        "needs": {},
        "inspect": lambda session, params: {},
        "diff": lambda state, params: (),
        "apply": None,
        "undo": None,
        "columns": None,
        "notes": None,
        "action": False,
        "unknown": (),
    }
    return LoadedModule(**{**plain, **given})


def plan(**given: Any) -> Plan:
    plain: dict[str, Any] = {
        "format": FORMAT,
        "remediate": "1.0",
        "made": MADE,
        "valid_until": UNTIL,
        "user": "ann",
        "controller": "ctl1",
        "approvals": 0,
        "asked": Command(playbook="site.yml", inventory=("hosts.yml",)),
        "inputs": (),
        "hosts": (),
    }
    return Plan(**{**plain, **given})


# by hypothesis

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
STATES: st.SearchStrategy[Mapping[str, Any]] = st.dictionaries(st.text(max_size=8), JSON, max_size=6)
NAMES = st.text(max_size=12)
PLANNED_CHANGES = st.builds(
    PlannedChange,
    target=NAMES,
    before=JSON,
    after=JSON,
    effect=st.sampled_from(EFFECTS),
    seconds=st.floats(0, 1e6),
    reversible=st.booleans(),
    certainty=st.sampled_from(["known", "known after apply"]),
    why=NAMES,
)
CHANGES = st.builds(
    Change,
    target=NAMES,
    before=JSON,
    after=JSON,
    effect=st.sampled_from(Effect),
    seconds=st.floats(0, 1e6),
    reversible=st.booleans(),
    certainty=st.sampled_from(Certainty),
    why=NAMES,
)


def few(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=3).map(tuple)


PLANNED_STEPS = st.builds(
    PlannedStep,
    address=NAMES,
    task=NAMES,
    module=NAMES,
    status=st.sampled_from(STATUSES),
    message=NAMES,
    remedy=NAMES,
    changes=few(PLANNED_CHANGES),
    notes=few(NAMES),
    state=STATES,
    unchanged=few(NAMES),
    hidden=st.booleans(),
)
TABLES = st.dictionaries(NAMES, NAMES, max_size=3)
PLANNED_HOSTS = st.builds(
    PlannedHost,
    host=NAMES,
    outcome=NAMES,
    reason=NAMES,
    remedy=NAMES,
    columns=TABLES,
    counts=st.dictionaries(NAMES, st.integers(0, 999), max_size=3),
    notes=few(NAMES),
    windows=few(NAMES),
    steps=few(PLANNED_STEPS),
)
INPUT_FILES = st.builds(
    InputFile,
    kind=st.sampled_from(["playbook", "role", "module", "inventory", "variables", "lookup", "package"]),
    path=NAMES,
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    size=st.integers(0, 2**40),
)
ASKED = st.builds(
    Command,
    playbook=NAMES,
    inventory=few(NAMES),
    limit=NAMES,
    tags=few(NAMES),
    skip_tags=few(NAMES),
    start_at_task=NAMES,
    extra_vars=st.dictionaries(NAMES, JSON, max_size=3),
    secrets=few(NAMES),
)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
PLANS = st.builds(
    Plan,
    format=st.just(FORMAT),
    remediate=NAMES,
    made=MOMENTS,
    valid_until=MOMENTS,
    user=NAMES,
    controller=NAMES,
    approvals=st.integers(0, 9),
    asked=ASKED,
    inputs=few(INPUT_FILES),
    hosts=few(PLANNED_HOSTS),
    warnings=few(NAMES),
)
