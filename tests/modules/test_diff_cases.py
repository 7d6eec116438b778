"""Pure differences of modules, as data: ``cases/<module>/*.yml`` hold params + state -> changes, or the error word.

A case has ``name`` and ``params``, and either ``refused`` (text of the argument error) or ``state`` with ``changes``
(each a mapping of fields a Change must have) or with ``blocked`` / ``not_applicable`` (text of the reason).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.engine.params import bind
from remediate.engine.registry import LoadedModule, Registry
from remediate.errors import Blocked, NotApplicable, UserError
from remediate.model import Source

CASES = Path(__file__).parent / "cases"
MODULES = Path(__file__).parents[2] / "modules"
PLACE = Source("play.yml", 3, 5)


def read() -> Iterator[Any]:
    for path in sorted(CASES.glob("win_*/*.yml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(path.parent.name, case, id=f"{path.parent.name}: {case['name']}")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry([MODULES])


def bound(module: LoadedModule, case: dict[str, Any]) -> object:
    return bind(module.name, module.params_type, case["params"], lambda _: PLACE)


@pytest.mark.parametrize(("name", "case"), [*read()])
def test_case(name: str, case: dict[str, Any], registry: Registry) -> None:
    module = registry.load(name)
    if "refused" in case:
        with pytest.raises(UserError) as refused:
            bound(module, case)
        assert case["refused"] in str(refused.value)
        assert refused.value.source == PLACE
        return
    params = bound(module, case)
    for word, error in (("blocked", Blocked), ("not_applicable", NotApplicable)):
        if word in case:
            with pytest.raises(error) as raised:
                module.diff(case["state"], params)
            assert case[word] in str(raised.value)
            assert case.get("remedy", "") in str(raised.value)
            return
    changes = [asdict(change) for change in module.diff(case["state"], params)]
    assert [_picked(change, wanted) for change, wanted in zip(changes, case["changes"], strict=False)] == case[
        "changes"
    ]
    assert len(changes) == len(case["changes"]), changes


def _picked(change: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Those fields of a Change that a case speaks of; a mapping is compared by the keys the case names."""
    found = {key: change[key] for key in wanted}
    if isinstance(wanted.get("details"), dict):
        found["details"] = {key: change["details"].get(key) for key in wanted["details"]}
    return found


def test_every_general_module_has_cases_and_a_manual(registry: Registry) -> None:
    for name in registry.names():
        if name.startswith("win_"):
            assert list((CASES / name).glob("*.yml")), f"{name} has no cases"
            assert "\nExamples:\n" in registry.load(name).doc
