"""Modules are found by file name, loaded once and held to the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.engine.registry import Registry
from remediate.errors import UserError
from tests.engine.world import MODULES

GOOD = '''"""A page."""
from dataclasses import dataclass
@dataclass(frozen=True)
class Params:
    x: int = 0
def inspect(session, params): return {}
def diff(state, params): return []
'''


def test_names_and_the_contract_of_a_loaded_module() -> None:
    registry = Registry([MODULES])
    assert registry.names() == ("choose", "deed", "thing")
    thing, choose, deed = (registry.load(n) for n in ("thing", "choose", "deed"))
    assert thing.needs_session
    assert not choose.needs_session
    assert deed.action
    assert deed.unknown == ("stdout",)
    assert not thing.reversible
    assert registry.load("thing") is thing


def test_earlier_folders_win(tmp_path: Path) -> None:
    (tmp_path / "thing.py").write_text(GOOD)
    assert Registry([tmp_path, MODULES]).load("thing").file == tmp_path / "thing.py"


def test_an_unknown_module_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'thing'"):
        Registry([MODULES]).load("thnig")


@pytest.mark.parametrize("name", ["../thing", "a/b", "", "thing.py"])
def test_a_name_is_never_a_path(name: str) -> None:
    assert not Registry([MODULES]).has(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("Params", "Arguments"), "has no Params dataclass"),
        (GOOD.replace("def diff", "def differ"), r"has no function diff\(\)"),
        (GOOD.replace('"""A page."""', ""), "no manual page"),
        (GOOD + "\nthis is not python", "does not load"),
        ("import nosuchthing\n" + GOOD, "does not load"),
    ],
)
def test_a_module_that_breaks_the_contract_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        Registry([tmp_path]).load("mine")
    assert "mine.py" in str(caught.value)
