"""Host patterns: which hosts each means, and agreement with a model for random ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediate.errors import UserError
from remediate.language.patterns import Names, select
from tests.language.files import cases

GROUPS = {
    "exchange": ("ex1", "ex2", "ex3"),
    "db": ("db-a", "db-b"),
    "site1": ("ex1", "db-a"),
    "empty": (),
}
NAMES = Names(("lone", "ex1", "ex2", "ex3", "db-a", "db-b"), GROUPS)


@cases("patterns")
def test_cases(case: dict[str, Any]) -> None:
    if "error" not in case:
        assert list(select(case["pattern"], NAMES)) == case["hosts"]
        return
    with pytest.raises(UserError) as caught:
        select(case["pattern"], NAMES)
    assert str(caught.value) == case["error"]


def test_a_host_whose_name_holds_a_colon_is_one_host() -> None:
    names = Names(("fe80::1", "ex1"), {})
    assert select("fe80::1", names) == ("fe80::1",)
    assert select("ex1,fe80::1", names) == ("fe80::1", "ex1")
    assert select("all,!fe80::1", names) == ("ex1",)


TERMS = st.tuples(st.sampled_from(["", "&", "!"]), st.sampled_from(["all", *GROUPS, *NAMES.hosts]))


@settings(max_examples=400)
@given(terms=st.lists(TERMS, min_size=1, max_size=6), separator=st.sampled_from([":", ",", " , "]))
def test_agrees_with_a_model(terms: list[tuple[str, str]], separator: str) -> None:
    def meaning(name: str) -> set[str]:
        return set(NAMES.hosts) if name == "all" else set(GROUPS.get(name, (name,)))

    unions = [meaning(name) for sign, name in terms if not sign]
    expected = set().union(*unions) if unions else set(NAMES.hosts)
    for sign, name in terms:
        expected = expected & meaning(name) if sign == "&" else expected
    for sign, name in terms:
        expected = expected - meaning(name) if sign == "!" else expected
    found = select(separator.join(sign + name for sign, name in terms), NAMES)
    assert list(found) == [host for host in NAMES.hosts if host in expected]


@settings(max_examples=400)
@given(pattern=st.text(st.sampled_from("ex1db-a*?[]:,!&~()0:-{}\\^ "), max_size=12))
def test_any_pattern_selects_hosts_or_is_refused(pattern: str) -> None:
    try:
        found = select(pattern, NAMES)
    except UserError:
        return
    assert set(found) <= set(NAMES.hosts)
