"""remediate.toml and -e: every mistake is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.errors import UserError
from remediate.project import extravars, settings

CASES = Path(__file__).parent / "cases"


def cases(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((CASES / name).read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("case", cases("settings.yml"), ids=lambda case: case["text"].split("\n")[0])
def test_mistakes_in_settings(case: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "remediate.toml"
    file.write_text(case["text"], encoding="utf-8")
    with pytest.raises(UserError) as caught:
        settings.read(file)
    assert str(caught.value) == case["error"].replace("{file}", str(file))


def test_settings_are_found_upwards(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "remediate.toml").write_text(
        "inventory = ['one.yml', 'two']\nforks = 7\nroles = 'r'\n", encoding="utf-8"
    )
    found = settings.find(deep)
    assert found.folder == tmp_path
    assert found.inventory == (tmp_path / "one.yml", tmp_path / "two")
    assert (found.forks, found.roles, found.modules) == (7, (tmp_path / "r",), ())


def test_settings_that_are_not_text(tmp_path: Path) -> None:
    (tmp_path / "remediate.toml").write_bytes(b"forks = 1 # \xff\n")
    with pytest.raises(UserError, match="not UTF-8"):
        settings.find(tmp_path)


def test_no_settings(tmp_path: Path) -> None:
    assert settings.find(tmp_path) == settings.Settings(folder=tmp_path)


@pytest.mark.parametrize("case", cases("extra_vars.yml"), ids=lambda case: " ".join(case["words"]))
def test_extra_variables(case: dict[str, Any], tmp_path: Path) -> None:
    if "file" in case:
        (tmp_path / case["words"][0].lstrip("@")).write_text(case["file"], encoding="utf-8")
    if "error" in case:
        with pytest.raises(UserError) as caught:
            extravars.read(case["words"], tmp_path)
        assert case["error"] in str(caught.value)
    else:
        assert extravars.read(case["words"], tmp_path) == case["variables"]
