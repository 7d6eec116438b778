"""Plays over a small world: order, outcomes and orders carried out, case by case."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.model import Mode
from tests.engine.world import World, play

FILES = [Path(__file__).parent / "cases" / name for name in ("core.yml", "ends.yml")]
CASES = [case for file in FILES for case in yaml.safe_load(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    world = World(case["hosts"])
    options = {k: frozenset(v) if isinstance(v, list) else v for k, v in case.get("options", {}).items()}
    mode = Mode(case.get("mode", "apply"))
    summary = play(tmp_path, case["playbook"], world, mode=mode, files=case.get("files"), options=options)
    happened = [f"{r.host} {r.task} {r.status}" for r in world.results]
    outcomes = {h.host: str(h.outcome) for h in summary.hosts}
    if "happened" in case:
        assert_happened(happened, case["happened"])
    if "by_task" in case:
        assert [h.split()[1] for h in happened] == case["by_task"]
    if "outcomes" in case:
        assert outcomes == case["outcomes"]
    if "orders" in case:
        assert [o for o in world.log if ": set " in o] == case["orders"]
    if "reason" in case:
        assert any(re.search(case["reason"], h.reason) for h in summary.hosts), [h.reason for h in summary.hosts]
    if "exit_code" in case:
        assert summary.exit_code == case["exit_code"]
    if "hidden" in case:
        assert case["hidden"] not in repr(world.events)
    for host, counts in case.get("counts", {}).items():
        seen = next(h.counts for h in summary.hosts if h.host == host)
        assert {k: seen[k] for k in counts} == counts
    if case.get("mode") == "check":
        assert world.log == []


def assert_happened(seen: list[str], wanted: list[str]) -> None:
    """Same per host in order, and the same tasks one after the other; hosts of one task may finish in any order."""
    assert sorted(seen) == sorted(wanted), seen
    for host in {s.split()[0] for s in wanted}:
        assert [s for s in seen if s.split()[0] == host] == [s for s in wanted if s.split()[0] == host]
