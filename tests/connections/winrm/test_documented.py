"""Every WinRM variable stands in the manual with its default and Ansible's names."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from remediate.connections.roadoptions import RoadOptions
from remediate.connections.winrmoptions import WinrmOptions, names

PAGE = (Path(__file__).parents[3] / "docs" / "connection-variables.md").read_text(encoding="utf-8")
ROWS = {row[0]: row for row in re.findall(r"^\| `(\w+)` \|(.*?)\|(.*?)\|", PAGE, flags=re.MULTILINE)}
SHARED = {field.name for field in fields(RoadOptions)}


@pytest.mark.parametrize("field", [f for f in fields(WinrmOptions) if f.name not in SHARED], ids=lambda f: str(f.name))
def test_documented(field: object) -> None:
    name, default = field.name, field.default  # type: ignore[attr-defined]
    _, ansible, told = ROWS[name]
    words = {"True": "yes", "False": "no", "": "by the port" if name == "winrm_scheme" else "none"}
    assert told.strip().strip("`") == words.get(str(default), str(default))
    for alias in names(name, "winrm")[1:]:
        assert f"`{alias}`" in ansible
