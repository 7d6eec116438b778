"""Stores that were mounted before an installer, held against what a host tells of them afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.kb import restoring, stores

STORE = r"First Storage Group\Public Folder Store (EX1)"
GROUP = "First Storage Group"


def told(source: str | None, rows: list[tuple[str, str]] | None) -> dict[str, Any]:
    listed = None if rows is None else [{"name": name, "state": state} for name, state in rows]
    return {"stores": listed, "sources": {"stores": source}}


@pytest.mark.parametrize(
    ("source", "rows", "found"),
    [
        ("events", [], stores.SILENT),
        ("events", [(STORE, "mounted")], None),
        ("events", [(GROUP, "dismounted")], "dismounted"),
        ("cdoexm", [], stores.UNKNOWN),
        ("cdoexm", [(STORE, "mounting")], "mounting"),
        (None, None, stores.UNKNOWN),
    ],
)
def test_what_a_store_is_that_was_mounted_before(
    source: str | None, rows: list[tuple[str, str]] | None, found: str | None
) -> None:
    assert stores.missing([STORE], told(source, rows)).get(STORE) == found


def test_the_short_answer_names_its_source_itself() -> None:
    assert stores.missing([STORE], {"stores": [], "source": "events"}) == {STORE: stores.SILENT}


@pytest.mark.parametrize(("source", "waited"), [("events", True), ("cdoexm", False)])
def test_a_silent_store_is_waited_for_although_every_service_runs(source: str, *, waited: bool) -> None:
    record = {"package": "P", "files": [], "stores": [STORE]}
    job = {"name": "J", "phase": "finished", "exit_code": 0, "settled": False, "started": "2026-11-28T22:00:00Z",
           "record": record}  # fmt: skip
    state = {"jobs": [job], "services": [], **told(source, [])}
    targets = [change.target for change in restoring.changes(state)]
    assert (f"store {STORE}" in targets) == waited
