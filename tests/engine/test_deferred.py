"""Steps that a gate keeps from beginning, when it is asked whether they may and when it is asked once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.connections.warrant import Warrant
from remediate.engine.control import Control, Intent
from remediate.errors import Deferred
from tests.engine.test_walk import assert_happened
from tests.engine.world import World, play

CASES = yaml.safe_load((Path(__file__).parent / "cases/deferred.yml").read_text(encoding="utf-8"))


class Gate(Control):
    """Shut for these things of these hosts: at the gate, or only between gate and deed."""

    def __init__(self, shut: dict[str, list[str]], *, late: bool) -> None:
        self._shut = shut
        self._late = late

    def permit(self, intent: Intent) -> None:
        if not self._late:
            self._refuse(intent)

    def prove(self, intent: Intent, *, deed: bool) -> None:
        if deed:
            self._refuse(intent)

    def _refuse(self, intent: Intent) -> None:
        if {change.target for change in intent.changes} & set(self._shut.get(intent.step.host, ())):
            raise Deferred("the window is closed")


class Proving(World):
    """Asks the warrant before each deed, as roads to a host do."""

    def warrant(self, host: str, warrant: Warrant | None) -> None:
        if warrant is not None:
            warrant.leaving()


@pytest.mark.parametrize("late", [False, True], ids=["at the gate", "between gate and deed"])
@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_case(case: dict[str, Any], tmp_path: Path, *, late: bool) -> None:
    world = Proving(case["hosts"])
    summary = play(tmp_path, case["playbook"], world, control=Gate(case["gate"], late=late))
    happened = [f"{r.host} {r.task} {r.status}" for r in world.results]
    assert {h.host: str(h.outcome) for h in summary.hosts} == case["outcomes"]
    if "happened" in case:
        assert_happened(happened, case["happened"])
    if "orders" in case:
        assert sorted(order for order in world.log if ": set " in order) == case["orders"]
    if "rescued" in case:
        assert sum(h.counts["rescued"] for h in summary.hosts) == case["rescued"]
