"""Tag selection as Ansible documents it."""

from __future__ import annotations

import pytest

from remediate.engine.tags import selected


@pytest.mark.parametrize(
    ("tags", "only", "skip", "runs"),
    [
        ("", "", "", True),
        ("x", "", "", True),
        ("never", "", "", False),
        ("x never", "", "", False),
        ("x never", "x", "", True),
        ("x never", "never", "", True),
        ("x", "y", "", False),
        ("always", "y", "", True),
        ("always x", "", "always", False),
        ("always x", "", "x", False),
        ("x", "all", "", True),
        ("never", "all", "", False),
        ("x", "tagged", "", True),
        ("", "tagged", "", False),
        ("", "untagged", "", True),
        ("x", "untagged", "", False),
        ("x y", "x", "y", False),
        ("x", "", "tagged", False),
    ],
)
def test_selection(tags: str, only: str, skip: str, *, runs: bool) -> None:
    assert selected(set(tags.split()), set(only.split()), set(skip.split())) is runs
