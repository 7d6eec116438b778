"""Every way not to reach a host is told apart, with the next thing to try."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paramiko
import pytest
import yaml

from remediate.errors import Unreachable
from tests.connections.conftest import Bench
from tests.connections.server import Rules, Server

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "cases" / "unreachable.yml").read_text())


def rules(data: dict[str, Any]) -> Rules:
    data = dict(data)
    if "banner" in data:
        data["banner"] = data["banner"].encode()
    return Rules(**data)


def key_file(bench: Bench) -> str:
    path = bench.folder / "id_ecdsa"
    paramiko.ECDSAKey.generate().write_private_key_file(str(path))
    return str(path)


def known_hosts(bench: Bench, case: dict[str, Any], server: Server, jump: Server | None) -> None:
    known = case.get("known", True)
    if known == "other":
        other = "AAAAC3NzaC1lZDI1NTE5AAAAIIZk0zB1pUsOYQwYCHUh4cWSjs4dWtDIWzNEyVzDKPbc"
        (bench.folder / "known_hosts").write_text(f"[127.0.0.1]:{server.port} ssh-ed25519 {other}\n")
    elif known == "target only" or jump is None:
        bench.known(*([server] if known else []))
    else:
        bench.known(server, jump)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_unreachable(bench: Bench, case: dict[str, Any]) -> None:
    server = bench.serve(rules(case.get("server", {})))
    jump = bench.serve(rules(case["jump"])) if "jump" in case else None
    known_hosts(bench, case, server, jump)
    variables = {
        name: key_file(bench) if value == "KEY" else value for name, value in case.get("variables", {}).items()
    }
    if jump is not None:
        variables["ssh_jump"] = f"127.0.0.1:{jump.port}"
    if case.get("closed"):
        server.close()
    session = bench.session(server, known=False, **variables)
    with pytest.raises(Unreachable) as caught:
        session.run("ver")
    assert caught.value.kind == case["kind"], str(caught.value)
    for text in case["says"]:
        assert text in caught.value.message
    assert case["hint"] in caught.value.hint
    assert "secret" not in str(caught.value)
    assert session.executions == 0
