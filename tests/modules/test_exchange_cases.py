"""Differences of the Exchange modules, as data: a server or a state -> Changes, or the reason why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.engine.params import bind
from remediate.engine.registry import Registry
from remediate.errors import Blocked, NotApplicable, UserError
from tests.kb.servers import facts, role_data

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "modules"
PACKAGES = {"hotfix": "KB870585-2003-SP1", "service_pack": "KB836993-2003-SP2"}
PURE = ("services_restored", "job_finished", "package_staged")
ERRORS = {"blocked": Blocked, "not_applicable": NotApplicable, "refused": UserError}


def read(*names: str) -> Iterator[Any]:
    for name in names:
        for case in yaml.safe_load((HERE / f"cases/{name}/diff.yml").read_text(encoding="utf-8")):
            yield pytest.param(name, case, id=f"{name}: {case['name']}")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry([MODULES])


@pytest.mark.parametrize(("name", "case"), [*read(*PACKAGES)])
def test_installing(name: str, case: dict[str, Any], registry: Registry) -> None:
    given = {"advisory": role_data(), "package": PACKAGES[name], "sha256": "ab" * 32} | case.get("params", {})
    job = given.get("adopts") or f"{given['package']}-abababababab"
    state = facts(case["server"])
    own = next((j for j in state["jobs"] or [] if j["name"] == job), None)
    judge(registry, name, given, {**state, "job": job, "own_job": own}, case)


@pytest.mark.parametrize(("name", "case"), [*read(*PURE)])
def test_other(name: str, case: dict[str, Any], registry: Registry) -> None:
    judge(registry, name, case.get("params", {}), case.get("state", {}), case)


def judge(registry: Registry, name: str, given: dict[str, Any], state: dict[str, Any], case: dict[str, Any]) -> None:
    module = registry.load(name)
    for word, error in ERRORS.items():
        if word in case:
            with pytest.raises(error) as raised:
                module.diff(state, bind(name, module.params_type, given, lambda _: None))
            assert case[word] in str(raised.value)
            assert case.get("remedy", "") in str(raised.value)
            return
    found = [asdict(c) for c in module.diff(state, bind(name, module.params_type, given, lambda _: None))]
    assert [picked(change, wanted) for change, wanted in zip(found, case["changes"], strict=False)] == case["changes"]
    assert len(found) == len(case["changes"]), found


def picked(change: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Those fields of a Change that a case speaks of."""
    found = {key: change[key] for key in wanted}
    if "details" in wanted:
        found["details"] = {key: change["details"].get(key) for key in wanted["details"]}
    return found
