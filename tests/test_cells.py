"""What the closing table says of a host, from all that was seen of it."""

from __future__ import annotations

import pytest

from remediate.cells import Cells

OLD, NEW = "6.5.7226.0", "6.5.7232.35"


@pytest.mark.parametrize(
    ("seen", "build", "columns"),
    [
        ([], "", {}),
        ([{"build": OLD}], OLD, {"before": OLD, "after": OLD}),
        ([{"build": OLD}, {"build": NEW}], f"{OLD} -> {NEW}", {"before": OLD, "after": NEW}),
        ([{"before": OLD}, {"before": NEW}, {"after": NEW}], f"{OLD} -> {NEW}", {"before": OLD, "after": NEW}),
        ([{"before": OLD, "planned": NEW}], OLD, {"before": OLD}),
        ([{"product": "a"}, {"product": "b", "route": "r"}], "", {"product": "b", "route": "r"}),
        ([{"mine": "x"}, {"build": OLD}], OLD, {"before": OLD, "after": OLD, "mine": "x"}),
    ],
)
def test_the_first_build_is_what_was_met_and_the_last_one_what_is(
    seen: list[dict[str, object]], build: str, columns: dict[str, str]
) -> None:
    cells = Cells()
    for one in seen:
        cells = cells.told(one)
    assert (cells.build, cells.columns()) == (build, columns)
    assert Cells.of(cells.columns()).build == build


def test_where_changes_are_pending_the_planned_build_is_what_comes_after() -> None:
    cells = Cells.of({"build": OLD, "planned": NEW})
    assert (cells.columns()["after"], cells.columns(pending=True)["after"]) == (OLD, NEW)


def test_what_nobody_could_read_again_is_unknown() -> None:
    assert Cells.of({"build": OLD}).unread().build == f"{OLD} -> unknown"
    assert Cells().unread() == Cells()
