"""Builds are read strictly and ordered inside a range only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.kb.builds import Build, OtherBranch, Range, parse, readable

PART = st.integers(0, 65535)
BUILDS = st.builds(Build, PART, PART, PART, PART)
SP1 = Range(at_least=parse("6.5.7226.0"), below=parse("6.5.7638.0"))
SP2 = Range(at_least=parse("6.5.7638.0"))


@given(BUILDS)
def test_text_and_back(build: Build) -> None:
    assert parse(str(build)) == build
    assert parse(f"  {build}\n") == build
    assert parse(build) is build


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("6.5.7638", "such as 6.5.7638.0"),
        ("6.5", "has 2 of the four parts"),
        ("6.5.7226.6.1", "has 5 of the four parts"),
        ("6.5.7226.0 (titanium_beta.040101)", "write only the number, 6.5.7226.0"),
        ("6.5.7226.0-beta", "write only the number, 6.5.7226.0"),
        ("Version 6.5 (Build 7226.6: Service Pack 1)", "is not a build"),
        ("6.5.7226.-1", "is not a build"),
        ("6.5.70000.0", "no part of a build is above 65535"),
        ("6.5.7226.٣", "is not a build"),
        ("", "is not a build"),
        (6.5, 'quote it: "6.5.7226.0"'),
        (None, "a build is text"),
    ],
)
def test_anything_else_is_refused_with_a_hint(text: object, says: str) -> None:
    with pytest.raises(UserError) as refused:
        parse(text)
    assert says in str(refused.value)
    assert readable(text) is None


def test_builds_have_no_order_of_their_own() -> None:
    with pytest.raises(TypeError):
        parse("6.5.7226.0") < parse("6.5.7638.1")  # type: ignore[operator]  # noqa: B015


@pytest.mark.parametrize(
    ("build", "wanted", "answer"),
    [
        ("6.5.7232.35", "6.5.7232.35", True),
        ("6.5.7232.34", "6.5.7232.35", False),
        ("6.5.7232.100", "6.5.7232.35", True),
        ("6.5.7233.0", "6.5.7232.35", True),
        ("6.5.7226.0", "6.5.7226.0", True),
    ],
)
def test_order_inside_a_branch(build: str, wanted: str, answer: bool) -> None:
    assert SP1.reaches(parse(build), parse(wanted)) is answer


@pytest.mark.parametrize(
    ("build", "wanted"), [("6.5.6981.0", "6.5.7232.35"), ("6.5.7226.0", "6.5.6981.0"), ("6.5.7638.0", "6.5.7232.35")]
)
def test_across_branches_is_an_error_in_code(build: str, wanted: str) -> None:
    with pytest.raises(OtherBranch):
        SP1.reaches(parse(build), parse(wanted))


def test_a_range_is_half_open_and_stays_in_its_release() -> None:
    assert parse("6.5.7226.0") in SP1
    assert parse("6.5.7637.65535") in SP1
    assert parse("6.5.7225.65535") not in SP1
    assert parse("6.5.7638.0") not in SP1
    assert parse("6.5.65535.65535") in SP2
    assert parse("6.6.0.0") not in SP2
    assert parse("8.0.685.24") not in SP2
    assert None not in SP2


@given(BUILDS, BUILDS, BUILDS)
def test_ranges_that_overlap_share_a_build(low: Build, high: Build, other: Build) -> None:
    try:
        one, two = Range(at_least=low, below=high), Range(at_least=other)
    except ValueError:
        return
    assert one.overlaps(two) is two.overlaps(one)
    assert one.overlaps(two) is (other in one or (low in two and low.release == other.release))
    assert one.within(Range(at_least=low))
    assert one.within(one)


@pytest.mark.parametrize(("low", "high"), [("6.5.2.0", "6.5.1.0"), ("6.5.1.0", "6.5.1.0"), ("6.0.1.0", "6.5.1.0")])
def test_ranges_without_a_build_are_refused(low: str, high: str) -> None:
    with pytest.raises(ValueError, match=r"spans two products|holds no build"):
        Range(at_least=parse(low), below=parse(high))
