"""Faults: what is written is what comes out, and a slip is named with the nearest right word."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.lab import faults
from remediate.lab.faults import ClockFault, Faults, InstallerExit, Moment, ServiceLate

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "faults.yml").read_text())
WORDS = st.text(min_size=1, max_size=12)
EVERY = st.builds(
    Faults,
    installer_exit=st.none()
    | st.builds(
        InstallerExit,
        code=st.integers(0, 2**32 - 1),
        extended=st.integers(0, 65535),
        keeps=st.sampled_from(["none", "some", "all"]),
    ),
    installer_leaves=st.lists(WORDS, max_size=3).map(tuple),
    installer_hangs=st.booleans(),
    installer_killed=st.booleans(),
    installer_silent=st.booleans(),
    installer_never_starts=st.booleans(),
    service_fails=WORDS,
    service_late=st.none() | st.builds(ServiceLate, name=WORDS, seconds=st.floats(0.1, 1e6)),
    service_disabled=WORDS,
    store_dismounted=WORDS,
    cdoexm=st.sampled_from(["works", "absent"]),
    drop=st.lists(st.sampled_from(Moment), unique=True).map(tuple),
    away=st.floats(0, 1e6),
    wmi=st.sampled_from(["works", "broken", "query_fails"]),
    taskkill=st.sampled_from(["works", "fails"]),
    sftp=st.sampled_from(["works", "absent"]),
    disk_full=st.booleans(),
    clock=st.none()
    | st.builds(
        ClockFault,
        skew_seconds=st.floats(-1e6, 1e6),
        bias_minutes=st.none() | st.integers(-840, 840),
    ),
)


@given(EVERY)
def test_saved_faults_come_back(found: Faults) -> None:
    assert faults.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_nothing_written_is_good_health() -> None:
    assert faults.parse({}) == faults.parse(None) == Faults()
    assert Faults().to_json() == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["faults"]))
def test_slips_are_named(case: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=re.escape(case["error"])) as caught:
        faults.parse(case["faults"], "host ex1: faults")
    assert "host ex1" in caught.value.message
    assert case.get("hint", "") in caught.value.hint
