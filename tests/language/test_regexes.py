"""Regular expressions end in time, wherever somebody may write one, and say what they could not."""

from __future__ import annotations

from pathlib import Path

import pytest

from remediate.errors import UserError
from remediate.language import patterns, regexes
from remediate.language.template import Templar
from remediate.language.variables import Layer, Variables

SLOW = "(a|aa)+$"
TEXT = "a" * 60 + "!"


@pytest.mark.parametrize(
    "expression",
    [
        "text | regex_search(slow)",
        "text | regex_findall(slow)",
        "text | regex_replace(slow, 'b')",
        "text is search(slow)",
        "text is match(slow)",
        "text is regex(slow)",
        "[text] | select('search', slow) | list",
    ],
)
def test_a_template_is_not_kept_by_one(expression: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(regexes, "SECONDS", 0.05)
    variables = Variables().with_layer(Layer.PLAY, {"text": TEXT, "slow": SLOW})
    with pytest.raises(UserError, match=r"takes more than .* s on this text"):
        Templar(variables, folder=tmp_path).render("{{ " + expression + " }}")


def test_a_host_pattern_is_not_either() -> None:
    with pytest.raises(UserError, match=r"takes more than .* s on this text"):
        patterns.select(f"~{SLOW}", patterns.Names((TEXT,), {}), None)
