"""Marks all tests here ``wine``; without the Debian packages they are skipped (make test-wine refuses before).

The playbook, which takes longest, begins first: the other files run beside it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wine import tools


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    absent = tools.missing()
    items.sort(key=lambda item: item.path != here / "test_playbook.py")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.wine)
            item.add_marker(pytest.mark.timeout(3600))  # a busy machine starts hundreds of programs of Windows
            if absent:
                item.add_marker(pytest.mark.skip(reason=f"Debian packages are missing: {' '.join(absent)}"))
