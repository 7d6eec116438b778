"""One host for each road, shared by the promises that leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connections.contract.roads import ROADS, Ground, module


@pytest.fixture(scope="module", params=list(ROADS))
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("road")
    module(folder)
    with ROADS[request.param](folder) as made:
        yield made
        assert made.machine.refusals == []


@pytest.fixture
def ground(host: Ground) -> Iterator[Ground]:
    yield host
    host.close()
