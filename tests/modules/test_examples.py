"""The examples in the manual pages are tasks that these modules take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.engine.params import bind
from remediate.engine.registry import Registry

MODULES = Path(__file__).parents[2] / "modules"
NAMES = sorted(path.stem for path in MODULES.glob("win_*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_examples(name: str) -> None:
    module = Registry([MODULES]).load(name)
    blocks = re.findall(r"```yaml\n(.*?)```", module.doc, re.DOTALL)
    tasks = [task for block in blocks for task in yaml.safe_load(block)]
    mine: list[Any] = [task[name] for task in tasks if name in task]
    assert mine
    for args in mine:
        bind(name, module.params_type, {"_raw": args} if isinstance(args, str) else args, lambda _: None)


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_explained(name: str) -> None:
    params = Registry([MODULES]).load(name).params_type
    for field in params.__dataclass_fields__.values():  # type: ignore[attr-defined]
        assert str(field.metadata["help"]).endswith("."), field.name
