"""Every test of the ledger runs on a SQLite file and on a real PostgreSQL server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from remediate.ledger.store import Ledger
from tests.ledger import postgres
from tests.ledger.world import opened


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """One server for all tests of a worker. No server is a failure where REMEDIATE_TEST_NEEDS asks for one."""
    missing = postgres.missing()
    if missing and "postgres" in os.environ.get("REMEDIATE_TEST_NEEDS", "").split(","):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
    made = postgres.Server.create()
    made.start()
    yield made
    made.stop("immediate")
    made.remove()


@pytest.fixture
def database(server: postgres.Server) -> Iterator[str]:
    """The name of an empty database."""
    name = f"t{uuid.uuid4().hex}"
    server.sql(f"CREATE DATABASE {name}")
    yield name
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place without a ledger yet."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.sqlite3")
    server: postgres.Server = request.getfixturevalue("server")
    return server.url(request.getfixturevalue("database"))


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with opened(url) as made:
        yield made
