"""Hosts of the lab for the tests of modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.modules.labhost import LabHost

Make = Callable[..., LabHost]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """``make(image, override=..., faults=...)``: a host that is served until the test is over."""
    made: list[LabHost] = []

    def new(image: str, **declared: Any) -> LabHost:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(LabHost(folder, image, **declared))
        return made[-1]

    yield new
    for host in made:
        host.close()
