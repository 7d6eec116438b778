"""A small, quick lab for the tests of the commands: one process for all tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.driver import remediate
from tests.lab.inprocess import labs_in_process  # noqa: F401 - a fixture
from tests.ledger.conftest import database, server, url  # noqa: F401 - fixtures

LAB = """\
plugin: lab
speed: 50
hosts:
  old: {image: exchange2003-sp1, password: not-a-word-17, groups: [repair]}
  slow: {image: exchange2003-sp1, password: not-a-word-17, speed: 2}
  fine: {image: exchange2003-sp2, password: not-a-word-17}
  other: {image: exchange2007, password: not-a-word-17}
  alone: {image: exchange2003-rtm, password: not-a-word-17, override: {cluster: true}}
"""


@pytest.fixture(scope="session")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "lab.yml").write_text(LAB, encoding="utf-8")
    (folder / "remediate.toml").write_text("inventory = 'lab.yml'\n", encoding="utf-8")
    yield folder
    remediate("lab", "down", folder=folder)


@pytest.fixture
def lab(shared_lab: Path) -> Path:
    """The project of the lab, every host as its image."""
    assert remediate("lab", "reset", folder=shared_lab).code == 0
    return shared_lab
