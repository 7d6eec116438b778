"""States of a plan: kept once, put together again, compared in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remediate.planfile.model import PlannedStep
from remediate.planfile.states import differences, packed, unpacked

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "differences.yml").read_text(encoding="utf-8"))
VALUES = st.recursive(st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["x", "y"]),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
                      max_leaves=5)  # fmt: skip
STATES = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), VALUES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_differences_in_words(case: dict[str, Any]) -> None:
    assert differences(case["planned"], case["now"], case.get("volatile", ())) == case["says"]


@given(states=st.lists(STATES, max_size=6))
def test_every_state_comes_back(states: list[dict[str, Any]]) -> None:
    earlier: dict[str, Any] = {}
    steps = []
    for number, state in enumerate(states):
        new, unchanged = packed(state, earlier)
        earlier.update(new)
        steps.append(
            PlannedStep(address=str(number), task="t", module="m", status="ok", state=new, unchanged=unchanged)
        )
    assert list(unpacked(steps).values()) == states


@given(state=STATES, other=STATES)
def test_no_difference_is_overlooked(state: dict[str, Any], other: dict[str, Any]) -> None:
    assert not differences(state, state)
    if state != other:
        said = differences(state, other)
        plain = {k: v for k, v in state.items() if v is not None} != {k: v for k, v in other.items() if v is not None}
        assert said or not plain
