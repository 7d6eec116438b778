"""No page and no message sends anybody to the package that other people have under the name remediate."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("remediate/**/*.py"))]
STRANGERS = re.compile(r"\bpip3? install\b[^`\n]*?(?<![\w/.-])remediate(?![\w/.-])")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_is_sent_to_the_package_of_other_people(page: Path) -> None:
    assert STRANGERS.findall(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("line", "strangers"),
    [
        ("pip install remediate", True),
        ("pip install -U 'remediate[lab]'", True),
        ("pip install 'remediate-servers[lab]'", False),
        ("pip install dist/remediate_servers-0.1.0-py3-none-any.whl", False),
        ("pip install --editable . # remediate/", False),
    ],
)
def test_what_counts_as_theirs(line: str, strangers: bool) -> None:
    assert bool(STRANGERS.search(line)) is strangers


def test_the_command_and_the_package_keep_their_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] != "remediate"
    assert project["scripts"] == {"remediate": "remediate.__main__:main"}
