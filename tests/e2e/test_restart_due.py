"""A server that is as the article wants it, and has a restart before it all the same: that is said, in every mode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.project import Project
from tests.e2e.test_main_route import PLAYBOOK

INVENTORY = "inventory/due.yml"
LAB = """
plugin: lab
hosts:
  due: {image: exchange2003-sp2, override: {pending_reboot: true}}
  none: {image: exchange2003-sp2}
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    (made.folder / INVENTORY).write_text(LAB)
    made.lab("up", "-i", INVENTORY)
    yield made
    made.close(INVENTORY)


@pytest.mark.parametrize("command", ["run", "plan", "verify"])
def test_it_is_told(project: Project, command: str) -> None:
    done = project.run(command, PLAYBOOK, "-i", INVENTORY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "due: compliant: restart due (PendingFileRenameOperations)\n" in done.stdout
    assert "none: compliant" not in done.stdout
