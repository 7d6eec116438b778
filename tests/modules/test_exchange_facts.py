"""The facts of every kind of server the lab has, over real SSH, in one round trip; sources that are broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from remediate.model import Status
from tests.kb.servers import role_data
from tests.modules.conftest import Make

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases/exchange_facts/servers.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_server(case: dict[str, Any], make: Make) -> None:
    host = make(case["image"], **case.get("declared", {}))
    fingerprint = host.machine.fingerprint()
    result = host.do("exchange_facts", advisory=role_data())
    assert result.status is Status.OK, result.message
    assert host.served.executions == 1
    assert host.machine.fingerprint() == fingerprint
    assert host.machine.refusals == []
    for path, wanted in case["facts"].items():
        assert at(result.before, path) == wanted, path
    assert {**result.columns} | case.get("columns", {}) == {**result.columns}
    for words in case.get("notes", []):
        assert any(words in note for note in result.notes), result.notes


def at(value: Any, path: str) -> Any:
    """``files/store.exe/version``; ``services/*/name`` lists."""
    for part in path.split("/"):
        if part == "*":
            return [at(one, path.partition("*/")[2]) for one in value]
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value
