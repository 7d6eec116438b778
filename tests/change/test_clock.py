"""The clock of gates: whatever is done to the wall clock, it never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from remediate.change.clock import SteadyClock

START = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)


@given(jumps=st.lists(st.tuples(st.integers(-100_000, 100_000), st.floats(0, 10_000)), max_size=20))
def test_it_never_goes_back_and_keeps_up(jumps: list[tuple[int, float]]) -> None:
    wall, passed = START, 0.0
    clock = SteadyClock(lambda: wall, lambda: passed)
    last = clock()
    for jump, seconds in jumps:
        wall += timedelta(seconds=jump + seconds)
        passed += seconds
        now = clock()
        assert now >= last + timedelta(seconds=seconds) - timedelta(milliseconds=1)
        assert now >= wall
        last = now
