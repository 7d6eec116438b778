"""The role of the article: whatever its tasks ask for has a default an operator can read about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment, meta

from tests.kb.servers import ROLE

TASKS = sorted((ROLE / "tasks").glob("*.yml"))
OWN = {"kb870585_advisory", "step", "server", "staged", "chosen", "proof", "inventory_hostname"}
"""The article itself, and what the tasks hand on to each other."""


def used(path: Path) -> set[str]:
    """Variables in templates and conditions of a file of tasks."""
    text = path.read_text(encoding="utf-8")
    conditions = re.findall(r"^\s*when: (.+)$", text, re.MULTILINE)
    templates = [*re.findall(r"\{\{.*?\}\}", text), *(f"{{{{ {condition} }}}}" for condition in conditions)]
    return {name for one in templates for name in meta.find_undeclared_variables(Environment().parse(one))}


@pytest.fixture(scope="module")
def defaults() -> str:
    return (ROLE / "defaults/main.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.name)
def test_every_variable_of_a_task_has_a_default(path: Path, defaults: str) -> None:
    assert used(path) - OWN - set(yaml.safe_load(defaults)) == set()


def test_every_default_is_used_and_explained(defaults: str) -> None:
    everything = set().union(*(used(path) for path in TASKS))
    lines = defaults.splitlines()
    for name in yaml.safe_load(defaults):
        assert name in everything, f"{name} is used nowhere"
        at = next(n for n, line in enumerate(lines) if line.startswith(f"{name}:"))
        block = next(n for n in range(at, -1, -1) if not lines[n])
        assert any(line.startswith("# ") for line in lines[block:at]), f"{name} is not explained"
